"""Flips, host facts, calendars and exclusions -> the account of every second. docs/accounting.md prints the method.

silence.py    pure: what hosts say of themselves -> why nothing was measured
uptime.py     pure: readings of a watched device's uptime counter -> when it was without power
spells.py     pure: conditions and causes of silence -> what a site was in, without gaps
calendars.py  pure: when service is due; calendar_files.py reads it from TOML
ledger.py     pure: milliseconds in each row, as a record that adds up
tally.py      pure: spells + calendar + exclusions -> a ledger
latency.py    pure: results of available time -> loss, jitter, percentiles that add up; digits.py: numbers as blobs
evidence.py   what the store knows of a site and a period -> its account
accounts.py   the account of every site and day: made, kept, corrected, revised
agenda.py     which days are to be made, and why; days.py (pure): days of a time zone
hindsight.py  what results tell of a silence before them
changes.py    pure: what a correction changed
proof.py      pure: what is proved of a closed day: the forms of its digests, and the links they are chained in
anchor.py     pure: what of the chain is kept elsewhere, as a line
inspection.py whether the chain adds up, and the store still holds what it proves
rebuild.py    flips and kept days made anew from results alone, and compared
"""
