"""Measures: probes -> schedule -> spool -> push.

Reading order, which is the way of the data:

    app.py        the command line and the wiring; start here
                  options.py is what argparse knows, commands.py does `check`, `probe` and `status`
    config.py     AgentConfig, composed of the settings declared beside their owners
    probes/       one module a kind of probe; PROBES is the table of them; echo.py and resolve.py are what they share
    doubt.py      pure: who is asked when, asking again, up and down
    schedule.py   runs each probe when doubt.py says so; a crashed probe becomes outcome `error`
    host.py       boot id, boot time, clocks, why we last stopped; gateway.py follows the default route
    spool.py      durable queue of results not yet acknowledged; what is lost is counted
                  spool_writer.py, spool_reader.py: its two ends; holdings.py, ranges.py, slices.py: what it holds
                  spool_files.py, spool_state.py, segment.py, durable.py: how that stands on disk
    push.py       spool -> collector; fresh first, backlog paced; acknowledged only after the collector said "stored"
                  delivery.py, pace.py, post.py, verdict.py: in which parts, when, by HTTP, and what the answer means
    metrics.py    what is known of each target now, and /metrics
    status.py     what `status` shows
    web.py        /metrics, /-/healthy, /-/ready, /status.json
"""
