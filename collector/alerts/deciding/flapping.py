"""Pure: which sites go down again and again. It damps messages alone: no second of any account is touched.

1. A site falls when it is down, settled, and was up before: another condition is not another fall, and silence is
   neither a fall nor a recovery.
2. It flaps from its `count`th fall within `window_ms` on.
3. It stops once it has been up for `quiet_ms`.
4. While it flaps its SiteDown goes on over the times when it is up, and over changes of condition: one alert that says
   how often, instead of two messages each time.

What is remembered of a site is kept in the store beside what was sent, so that a restart forgets no fall.
"""

from dataclasses import dataclass, replace

from collector.alerts.deciding.rules import FlapRules
from collector.condition import Condition
from collector.live import SiteNow

UP_AGAIN = frozenset({Condition.UP, Condition.DEGRADED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaps:
    """The falls of one site within the window, the newest last; `n` is how many there were since it began to flap."""

    falls: tuple[int, ...] = ()
    is_down: bool = False
    is_flapping: bool = False
    n: int = 0


STEADY = Flaps()


def seen(before: Flaps, site: SiteNow, settled: bool, now_ms: int, rules: FlapRules) -> Flaps:
    """`before` with what `site` is in now; STEADY again when nothing of it matters any more."""
    down = site.condition.is_down and settled
    up = site.condition in UP_AGAIN and not site.silent
    falls = tuple(at_ms for at_ms in before.falls if now_ms - at_ms < rules.window_ms)
    after = replace(before, falls=falls, is_down=(before.is_down or down) and not up)
    if down and not before.is_down:
        falls = (*falls, site.since_ms)
        n = before.n + 1 if before.is_flapping else len(falls)
        return replace(after, falls=falls, n=n, is_flapping=before.is_flapping or len(falls) >= rules.count)
    if before.is_flapping and up and now_ms - site.since_ms >= rules.quiet_ms:
        after = replace(after, is_flapping=False)
    return STEADY if up and not after.falls and not after.is_flapping else after
