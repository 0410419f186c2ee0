"""Recomputes every figure of an audit pack from its raw data, and says which agree. Standard library only.

Read in this order; each module names the sections of the method (accounting.md in the pack) that it follows:

    main.py       what happens, from the first line to the exit code; start here
    reading.py    a pack as ZIP or folder, and its list of files; words.py: what the script says
    proof.py      section 16: the chain of links, the log of human acts
    entered.py    section 14: what people entered, against that log
    sites.py      site by site: results judged anew, each day's account against the kept one
    records.py    what was measured: results, targets, stays; and the words for what comes out
    judging.py    sections 2 to 5: results -> what each target, group and the site was in
    quality.py    section 6: when a line was degraded
    silence.py    section 7: why nothing was measured; counters.py: what a watched device's uptime tells
    spells.py     sections 8 and 9: what a site was in, without gaps, and what is in doubt
    ledger.py     section 10: milliseconds in each cell; calendar.py: service hours and days
    latency.py    section 13: loss, round trips, jitter
    days.py       all of these: the account of one site and day
    figures.py    section 12: accounts -> figures
    outages.py    section 11: outages, whole
    contracts.py  section 15: what a contract promised; reckoning.py: of all contracts in a period
    connected.py  whether a site is connected, and since when
    subjects.py   whose accounts a figure is made of
    expected.py   a measure and a subject -> the value, by the modules of measures/
    checks.py     every figure of every report against that value
    names.py      whether rows are called by whom their figures are of; whole.py: whether none was left out

Nothing in here knows the program that made the pack. The same modules are compared with that program on thousands of
random histories, by its tests.
"""
