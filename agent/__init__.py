"""Measures: probes -> schedule -> spool -> push.

Reading order, which is the way of the data:

    app.py        the command line and the wiring; start here
    config.py     AgentConfig, composed of the settings declared beside their owners
    probes/       one module a kind of probe; PROBES is the table of them; echo.py and resolve.py are what they share
    schedule.py   when each probe runs: even spread, asking again, a crashed probe becomes outcome `error`
    host.py       boot id, boot time, clocks, default gateway, why we last stopped
    spool.py      durable queue of results not yet acknowledged; what is lost is counted
    push.py       spool -> collector; fresh first, backlog paced; acknowledged only after the collector said "stored"
    metrics.py    /metrics, /-/healthy, /-/ready, and what `status` reads
"""
