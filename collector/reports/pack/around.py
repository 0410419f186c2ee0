"""Pure: from when to when the results of a site must be there, so that the days of a period can be judged anew.

1. Before: the last time that the line was up, at least SETTLE_MS before the period, and as much before that: there
   whatever is judged from then on comes out as if everything before were known too.
2. Behind: until the line is up again, at least as far as the account of a day looks.
3. At most MOST_MS on either side.
"""

from collections.abc import Iterable

from collector.accounting.evidence import BEHIND_MS
from collector.condition import Condition, Flip

SETTLE_MS = 3 * 3_600_000
"""Ten of the longest usual intervals; and readings of uptime counters lie at most two hours from a silence."""
MOST_MS = 35 * 86_400_000
UP = frozenset({Condition.UP.value, Condition.DEGRADED.value})


def before_ms(flips: Iterable[Flip], from_ms: int) -> int:
    """Rule 1; `flips` of scope `site` from long before the period, by time."""
    settled_ms = from_ms - SETTLE_MS
    known = [flip for flip in flips if flip.at_ms <= settled_ms]
    if known and known[-1].now not in UP:
        settled_ms = max((flip.at_ms for flip in known if flip.now in UP), default=0)
    return max(settled_ms - SETTLE_MS, from_ms - MOST_MS)


def behind_ms(flips: Iterable[Flip], to_ms: int, now_ms: int) -> int:
    """Rule 2; `flips` of scope `site` from the one that stands at `to_ms` on, by time."""
    up_ms = next((max(flip.at_ms, to_ms) for flip in flips if flip.now in UP), now_ms)
    return min(max(up_ms, to_ms + BEHIND_MS) + SETTLE_MS, to_ms + MOST_MS, now_ms)
