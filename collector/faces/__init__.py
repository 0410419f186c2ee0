"""Pages, API and /metrics.

server.py          all of it wired together; start here
guard.py           who may read and write, and how every refusal looks; tokens.py: whose a token is
passwords.py       argon2id, one at a time; attempts.py: pure: who has to wait; oidc.py: signing in by a provider
marked.py          every answer of a simulated store says so
api.py             JSON: sites, flips, outages; answers.py: what is answered
acts_api.py        JSON: what people say, read and written; followups_api.py: what they do, and who takes care of alerts
indicators_api.py  JSON and CSV: ledgers, indicators, revisions; tables.py: as CSV;
                   indicator_answers.py, ledger_answers.py: what is answered
reports_api.py     JSON: what reports there are, and one as a file; report_wanted.py: what is asked of them;
                   report_jobs.py: files being made, one after the other; report_files.py: written and handed out
inquiry.py         what is asked about figures, by API and pages, and who answers it
open_answers.py    what everybody may see, and how it is set
openapi.py         how all of it is described, from operations.py (what there is) and parameters.py (what is asked)
pages/             HTML for people; templates/, static/
scrape.py          health, and /metrics as metrics.py renders it; metrics_text.py: every family and how it is written,
                   metrics_periods.py: figures of periods, metrics_sites.py: one series a site or agent
"""
