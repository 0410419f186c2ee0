"""How well everybody is connected.

monthly.py     `bulanan`: province, regencies, OPD, providers, media; trend and targets; worst and best
               breakdowns.py: its tables by regency, OPD, provider, medium; by_site.py: of single sites
connected.py   `keterhubungan`: every OPD and village, connected or not, by what, since when
               nodes.py: to what each site is connected
providers.py   `penyedia`: the league of providers, with confidence
targets.py     yearly targets, and what was reached
"""
