"""Agreed by both sides: what agent and collector must understand in the same way.

Reading order: `result.py` (the one record), `wire.py` (how it travels), `clock.py` (the only place that reads
machine time), `settings.py` (how a TOML file becomes checked settings), `texts.py` (one catalogue, two languages).
A module lives here only if both `agent` and `collector` import it; nothing here imports either of them.
"""
