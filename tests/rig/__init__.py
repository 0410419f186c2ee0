"""The rig: real agents and a real collector on emulated lines, with the truth known to the millisecond.

Reading order:

    scenarios.py   what happens to which site and when, as data
    truth.py       pure: what happened against what was measured
    report.py      the table, and which limits were broken
    evidence.py    runs a plan in a world and brings home what was true and what was measured
    world.py       a core and its sites in network namespaces, the processes in them, and what can be done to them
    sites.py       one site: its two namespaces, its agent, and what can happen to it
    peers.py       Prometheus and Alertmanager beside them
    services.py    plays the internet, the intranet, a webhook and a proxy that loses answers, in the core
    lines.py       the namespaces of core and sites with a line to each: addresses, cables, kinds of line
    wan.py         the process that carries every packet between core and sites; link.py: what it does to one packet
    netns.py       namespaces and the processes inside them
    __main__.py    `python -m tests.rig [--scenario NAME ...] [--quick] [--keep]`
    mass.py        `python -m tests.rig.mass`: forty villages fall at once; mass_verdict.py: pure: what is told of it
"""
