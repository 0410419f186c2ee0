"""The audit pack: all reports of a period and scope with their raw data, and a script that recomputes every figure.

audit.py       fill(): what goes in, in which order; start here
chosen.py      of which sites the raw results go in, where all of them would be too many
told.py        reports on the shelf, and a note of what their figures are asked about
raw.py         one site: results, host facts, flips, kept accounts, revisions
around.py      pure: from when to when results must be there, so that the days of the period can be judged anew
register.py    what all sites share: registry, calendars, zones, exclusions, contracts, blind watchers
evidence.py    the chain of links and the log of human acts, as far as who asks may know them
listing.py     a shelf that writes down the digest of every file
papers.py      the sheet to read first, the method, the script
recompute/     the script, which knows nothing of the rest of the program; script.py is its `recompute.py`

    pack.zip
        README.txt or BACA-SAYA.txt, recompute.py, recompute/, MANIFEST.json, method/
        reports/KIND.json .html .xlsx
        data/pack.json, sites.json, calendars.json, exclusions.json, contracts.json, causes.json, followups.json,
             blind.json, audit_log.jsonl, chain.jsonl, words.json
        data/sites/CODE/results/2026-10-05.csv, stays.json, flips.csv     where its raw results are in the pack
                        accounts.jsonl, networks.csv, revisions.jsonl     of every site
"""
