"""What people entered, and when, as data/ has it. That data/ has it as it was entered is compared with the log of human
acts, entry by entry, in entered.py."""

from collections.abc import Callable, Mapping
from typing import Any

from ..subjects import Unknown
from .asked import Asked, Evidence, Told

Act = Mapping[str, Any]


def _number(act: Act) -> int:
    return int(act["id"])


FOLLOWUP: Mapping[str, Callable[[Act], int | None]] = {
    "id": lambda one: int(one["id"]),
    "entered": lambda one: int(one["entered_ms"]),
    "due": lambda one: None if one["due_ms"] is None else int(one["due_ms"]),
    "at": lambda one: int(max(one["steps"], key=_number)["entered_ms"]) if one["steps"] else None,
}
"""`at`: when the last step was entered."""
EXCLUSION: Mapping[str, Callable[[Act], int | None]] = {
    "from": lambda one: int(one["from_ms"]),
    "to": lambda one: int(one["to_ms"]),
    "entered": lambda one: int(one["entered_ms"]),
}


def of_act(known: Evidence, asked: Asked) -> Told:
    scope = asked.subject.scope
    measures, acts = {"followup": (FOLLOWUP, "followups"), "exclusion": (EXCLUSION, "exclusions")}[scope]
    if asked.measure != f"{scope}.{asked.what}" or asked.what not in measures:
        raise Unknown(asked.measure)
    for one in known.acts[acts]:
        if one["id"] == int(asked.subject.of):
            return Told(measures[asked.what](one), raw=True)
    return Told(None, raw=True)
