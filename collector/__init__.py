"""Understands: ingest -> store -> judge -> live -> page, API, metrics, alerts.

Reading order, which is the way of the data:

    app.py        the command line and the wiring; start here
    config.py     CollectorConfig, composed of the settings declared beside their owners
    ingest.py     POST /api/v1/batches: authenticate, decode, store, acknowledge
                  body.py reads and unpacks, decode.py and unpack.py (pure) make rows of it
    columns.py    results as numpy columns
    store/        the Store protocol and its SQLite implementation: log, chunks, flips, registry
    registry.py   sites and agents, tokens; site_import.py reads sites from CSV
    condition.py  what a site can be in, the flip, the outage
    judge.py      pure: results -> target, group and site states -> flips (by tracks.py, groups.py, quality.py)
    rejudge.py    after each commit: judge again what the new results touch
    ledger.py     pure: flips -> milliseconds in each condition
    live.py       what is so now, from fresh results alone
    alerts/       decide (pure), then deliver by CHANNELS
    upkeep.py     what is done by the clock: alerts, imports, coverage, compaction
    guard.py      who may read, and how every refusal looks
    api.py        JSON, with answers.py (what is answered) and openapi.py (how it is described)
    page.py       HTML, with view.py (pure: what it says) and templates/
    scrape.py     health, and /metrics as metrics.py renders it
    commands/     what the command line does beside `run`, as options.py reads it; sole.py: one collector a store
"""
