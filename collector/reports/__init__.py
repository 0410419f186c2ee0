"""Figures -> what an evaluator, an auditor and a provider accept.

document.py    pure: a report before it has a format: typed values that say what they measure and of whom
measures.py    pure: what can be measured, by name; settings.py: [reports] and [[targets]]
kinds.py       REPORTS: the table of them all; start here
source.py      what reports are made of, read for one period, scope and moment; heads.py: what stands on every sheet
monthly.py     `bulanan`: province, regencies, OPD, providers, media; trend and targets; worst and best
connected.py   `keterhubungan`: every OPD and village, connected or not, by what, since when
downtime.py    `gangguan`: every outage, its causes, its bars, charged or not and why
contracts.py   `sla`: per contract what was promised, what was kept, and an estimate of the restitution
daily.py       `harian`: each point, one row a day
providers.py   `penyedia`: the league of providers, with confidence
review.py      `tinjauan`: minutes of the periodic review, filled with the period's facts
evidence.py    `bukti`: the evaluation map: which report answers which indicator, and what people must still add
pack/          `audit`: everything with its raw data, and a script that recomputes it
writing/       a Document as HTML, PDF, XLSX, CSV, JSON

A report is a function from a Source to a Document. A new one is a module, a line in REPORTS (kinds.py), its texts, and
a row in the README.
"""
