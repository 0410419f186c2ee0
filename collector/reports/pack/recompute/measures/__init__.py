"""What measures tell: a module a kind, by the word before the dot. What has none is of figures.py.

asked.py       what is asked, what is told, and Evidence: everything that a value may be computed from
outage.py      `outage.`: one outage; `outages.`: sums of them, by condition and by cause
promised.py    `sla.`: contracts
linked.py      `connected.`: who is connected, how many are
daily.py       `daily.`: what a point was on a day, and days and points counted
league.py      `league.`: ranks of providers and what they rest on
register.py    `register.`: what the register says of a line
sides.py       `now. before. change. distance. part. condition.`: sides of another measure; `target.`: of a target
acts.py        `followup. exclusion.`: what people entered, and when
"""
