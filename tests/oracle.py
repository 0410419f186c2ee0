"""The account of a site, computed anew from docs/accounting.md: in plain Python, without looking at the code.

What is here stands in collector/reports/pack/recompute, because auditors are given it: the script that recomputes an
audit pack is the one that the tests compare the collector with. Nothing in there is shared with the collector: states,
rows and conditions are words, times are milliseconds, and whatever is asked at an instant is looked up for that instant
in the whole history.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from collector.reports.pack.recompute.calendar import in_service
from collector.reports.pack.recompute.judging import Judgement, blind_spans, judge
from collector.reports.pack.recompute.ledger import Cells, Terms, doubts, ledger, others, outages
from collector.reports.pack.recompute.records import FOREVER, Probe, Spell, Stay, Target, Turn, World
from collector.reports.pack.recompute.silence import hollow_at, silence_at
from collector.reports.pack.recompute.spells import spells

__all__ = [
    "FOREVER",
    "Cells",
    "Hours",
    "Judgement",
    "Probe",
    "Spell",
    "Stay",
    "Target",
    "Terms",
    "Turn",
    "World",
    "blind_spans",
    "doubts",
    "hollow_at",
    "judge",
    "ledger",
    "others",
    "outages",
    "silence_at",
    "spells",
]


@dataclass(frozen=True, kw_only=True)
class Hours:
    """A calendar: by weekday, minutes of the day in which service begins and ends; days without service."""

    zone: str
    shifts: dict[int, tuple[tuple[int, int], ...]]
    closed: frozenset[date] = frozenset()

    def at(self, at: int) -> bool:
        """Section 10: what the site's own clock reads."""
        return in_service(datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(self.zone)), self.shifts_of)

    def shifts_of(self, day: date) -> tuple[tuple[int, int], ...]:
        return () if day in self.closed else self.shifts.get(day.weekday(), ())
