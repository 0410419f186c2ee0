"""Understands: ingest -> store -> judge -> live -> page, API, metrics, alerts; and judge -> ledger -> indicators.

Reading order, which is the way of the data:

    app.py        the command line and the wiring; start here
    config.py     CollectorConfig, composed of the settings declared beside their owners
    ingest.py     POST /api/v1/batches: authenticate, decode, store, acknowledge
                  body.py reads and unpacks, decode.py and unpack.py (pure) make rows of it
    columns.py    results as numpy columns
    clocks.py     pure: what pushes prove of a host's clock, and what its stamps are worth; chronicle.py: all its boots
    store/        the Store protocol and its SQLite implementation: log, chunks, flips, registry
    registry.py   sites and agents, tokens; site_import.py reads sites from CSV
    condition.py  what a site can be in, the flip, the outage
    judge.py      pure: results -> target, group and site states -> flips (by tracks.py, groups.py, quality.py)
    rejudge.py    after each commit: judge again what the new results touch (examine.py), and tell live (tidings.py)
    steady.py     the fast lane: sites at which nothing changes (still.py: which those are), in arrays.py
    silence.py    pure: what hosts say of themselves -> why nothing was measured
    spells.py     pure: conditions and causes of silence -> what a site was in, without gaps
    calendars.py  pure: when service is due; calendar_files.py reads it from TOML
    acts.py       pure: what people say: exclusions, causes of outages, the audit log
    ledger.py     pure: milliseconds in each row, as a record that adds up; tally.py makes it of spells, calendar and
                  exclusions
    latency.py    pure: results of available time -> loss, jitter, percentiles that add up
                  digits.py (pure): rows of numbers as blobs that add up by the thousand
    uptime.py     pure: readings of a watched device's uptime counter -> when it was without power
    accounts.py   the account of every site and day: made, kept, corrected, revised; agenda.py: which days, and why
                  hindsight.py: what results tell of a silence before them
                  evidence.py: what the store knows -> a ledger; pure: days.py; changes.py: what a correction changed
    rebuild.py    flips and kept days made anew from results alone, and compared
    periods.py    pure: days, weeks, months, quarters, years as people name them, in a site's time zone
    indicators.py pure: accounts -> figures with error bars, by sums.py (what adds up) and shares.py (what is divided)
    totals.py     figures of many sites at once, from kept days where there are; for API, metrics and reports
    board.py      the figures that /metrics tells, added up by the clock
    live.py       what is so now, from fresh results alone
    alerts/       decide (pure), then deliver by CHANNELS
    upkeep.py     what is done by the clock: alerts, imports, coverage, compaction
    guard.py      who may read and write, and how every refusal looks
                  marked.py: every answer of a simulated store says so
    api.py        JSON, with answers.py (what is answered) and openapi.py (how it is described)
    acts_api.py   JSON of what people say, read and written
                  indicators_api.py with indicator_answers.py and, for CSV, tables.py
    page.py       HTML, with view.py (pure: what it says) and templates/
    scrape.py     health, and /metrics as metrics.py renders it
    simulate/     a province whose truth is known, fed to all of this, and compared with what came out
    commands/     what the command line does beside `run`, as options.py reads it; sole.py: one collector a store
"""
