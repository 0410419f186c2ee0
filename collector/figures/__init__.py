"""Ledgers -> indicators.

periods.py     pure: days, weeks, months, quarters, years as people name them, in a site's time zone
indicators.py  pure: sums -> figures with error bars; every formula
sums.py        pure: what adds up, over sites and days
shares.py      pure: what is divided by what
totals.py      figures of many sites at once, from kept days where there are
trend.py       figures one after another in time, of closed days
mass.py        pure: outages that began together, folded into one; recap.py: what outages cost, and what people said
downs.py       pure: kept days -> outages, whole; status.py: one day of a site in one word
connected.py   pure: who is connected, and since when; the rule
league.py      pure: providers one above the other, as far as they can be told apart
restitution.py pure: promise and performance -> verdict and amount
board.py       the figures that /metrics tells, added up by the clock
"""
