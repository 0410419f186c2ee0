"""What the audit pack's script may compute a value from, made by hand."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from collector.reports.pack.recompute.calendar import Zone
from collector.reports.pack.recompute.connected import Daily, Rule
from collector.reports.pack.recompute.contracts import Contract
from collector.reports.pack.recompute.measures.asked import Asked, Evidence, Told
from collector.reports.pack.recompute.reckoning import Reckoning, Settings
from collector.reports.pack.recompute.subjects import Accounts, Owners, Unknown

DAY = 86_400_000
FIRST = date(2026, 9, 1)
DAYS = [FIRST + timedelta(n) for n in range(31)]
STARTS = [(day.toordinal() - date(1970, 1, 1).toordinal()) * DAY for day in DAYS]
SEPTEMBER = Zone([0], [0], {day.isoformat(): (at, at + DAY) for day, at in zip(DAYS, STARTS, strict=True)})
"""In UTC, with the first of October; that is over."""
RULE = Rule(window_days=3, at_least_ms=3_600_000)


class NoAccounts(Accounts):
    """Nobody asks for one, so that it needs no file."""

    def __init__(self) -> None:
        pass


def nobody_knows(asked: Asked) -> Told:
    """The answer to every other question."""
    raise Unknown(asked.measure)


def evidence_of(
    sites: Sequence[Mapping[str, Any]],
    *,
    of: Callable[[Asked], Told] = nobody_knows,
    daily: Mapping[str, Daily] | None = None,
    pack: Mapping[str, Any] | None = None,
    contracts: Sequence[Contract] = (),
) -> Evidence:
    """Of sites that say what is asked of them, in UTC."""
    owners = Owners([{"timezone": "UTC", **site} for site in sites], {"UTC": SEPTEMBER}, NoAccounts(), STARTS[-1] + DAY)
    return Evidence(
        owners=owners,
        accounts=NoAccounts(),
        reckoning=Reckoning(owners, lambda code: [], contracts, {}, Settings(0.5, 300_000)),
        daily=daily or {},
        rule=RULE,
        floor=0.5,
        charge_after_ms=300_000,
        pack=pack or {},
        acts={},
        of=of,
    )
