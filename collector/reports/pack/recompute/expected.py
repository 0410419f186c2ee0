"""What a figure of a report must be: its measure and its subject -> the value, from what the pack has."""

from collections.abc import Callable, Mapping
from typing import Any

from .figures import Figures
from .measures.acts import of_act
from .measures.asked import Asked, Evidence, Told
from .measures.daily import of_day
from .measures.league import of_league
from .measures.linked import of_connection
from .measures.outage import of_outage, of_outages
from .measures.promised import of_contract
from .measures.register import of_register
from .measures.sides import of_side
from .subjects import Unknown

KINDS: Mapping[str, Callable[[Evidence, Asked], Told]] = {
    "outage": of_outage,
    "outages": of_outages,
    "sla": of_contract,
    "connected": of_connection,
    "daily": of_day,
    "league": of_league,
    "register": of_register,
    **dict.fromkeys(("now", "before", "change", "distance", "part", "condition", "target"), of_side),
    **dict.fromkeys(("followup", "exclusion"), of_act),
}
"""By what stands before the dot; all others are of figures.py."""


class Expected:
    """Computes figures one by one; raises Unknown where the pack has nothing to compute one from."""

    def __init__(self, **known: Any) -> None:
        """What Evidence has, without `of`."""
        self.known = Evidence(**known, of=self.of)

    def of(self, asked: Asked) -> Told:
        kind, dot, _ = asked.measure.partition(".")
        if dot:
            if kind not in KINDS:
                raise Unknown(asked.measure)
            return KINDS[kind](self.known, asked)
        known = self.known
        found = known.owners.of(asked.subject)
        figures = Figures(found.sums, asked.choice, known.floor, known.charge_after_ms)
        try:
            return Told(figures.of(asked.measure), found.raw)
        except KeyError:
            raise Unknown(asked.measure) from None
