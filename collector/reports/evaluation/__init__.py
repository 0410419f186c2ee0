"""What an evaluation wants to see, and what people decide about it.

review.py         `tinjauan`: minutes of the periodic review; findings.py: pure: what it finds, by which rules
evidence.py       `bukti`: the reports that answer an evaluation, with a checklist
indicator_map.py  which report answers which indicator, and what people must add: evaluation.toml
"""
