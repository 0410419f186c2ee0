"""Page, API and /metrics.

guard.py           who may read and write, and how every refusal looks
marked.py          every answer of a simulated store says so
api.py             JSON: sites, flips, outages; answers.py: what is answered
acts_api.py        JSON: what people say, read and written
indicators_api.py  JSON and CSV: ledgers, indicators, revisions; indicator_answers.py, tables.py: what is answered
openapi.py         how all of it is described
page.py            HTML; view.py (pure): what it says; templates/
scrape.py          health, and /metrics as metrics.py renders it
"""
