"""Understands: ingest -> store -> judge -> ledger -> indicators -> page, API, metrics, reports, alerts.

Reading order, which is the way of the data:

    app.py        the command line, and the collector that runs; start here. parts.py: who is wired to whom
    config.py     CollectorConfig, composed of the settings declared beside their owners
    ingest.py     POST /api/v1/batches: authenticate, decode, store, acknowledge
                  body.py reads and unpacks, decode.py and unpack.py (pure) make rows of it
    columns.py    results as numpy columns
    clocks.py     pure: what pushes prove of a host's clock, and what its stamps are worth; chronicle.py: all its boots
    store/        the Store protocol and its SQLite implementation: log, chunks, flips, books, registry
    registry.py   sites and agents, tokens; contracts.py: what providers promised
    register/     spreadsheets of sites and contracts, read, compared with what is known, and written
    condition.py  what a site can be in, the flip, the outage, the rows of a ledger
    judging/      results -> flips of targets, groups and the site; nothing is judged twice
    accounting/   flips + host facts + calendars + exclusions -> the ledger of every site and day, kept and revised
    figures/      ledgers -> availability, outages, latency with error bars, for any scope and period
    acts.py       pure: what people say: exclusions, causes of outages, the audit log
    people.py     pure: who may see and change what; followups.py: what people do about what was found
    live.py       what is so now, from fresh results alone
    alerts/       decide (pure), then deliver by CHANNELS
    remote_write/ the history of every site for remote-write stores, holes filled when an agent is back;
                  outgoing.py: how we sign in to whom we tell
    reports/      figures, causes and contracts -> reports and packs that can be checked
    upkeep.py     what is done by the clock: alerts, imports, coverage, accounts, compaction
    faces/        page, API and /metrics, and who may ask them
    simulate/     a province whose truth is known, fed to all of this, and compared with what came out
    commands/     what the command line does beside `run`, as options.py and arguments.py read it;
                  sole.py: one collector a store
"""
