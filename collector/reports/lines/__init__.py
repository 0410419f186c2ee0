"""What each line did, and what was promised of it.

downtime.py    `gangguan`: every outage, its causes, its bars; downtime_cases.py: what of each lies in the period, and
               sums; downtime_words.py: why one is charged or not
daily.py       `harian`: each point, one row a day
fulfilment.py  `sla`: what was promised and kept, with an estimate of the restitution; fulfilment_sheet.py: one
               contract's sheet; promises.py: each line by version and month; working.py: the sum in words
stops.py       outages of a site, whole, and its contract terms
"""
