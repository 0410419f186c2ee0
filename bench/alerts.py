"""A month of alerts in a province whose truth is known: what was told, what was not, what should not have been.

`python -m bench.alerts [--sites 60] [--days 30] [--seed 1]`: exit code 1 if an alert was false or a trouble missed.
What these words mean stands in alerts_truth.py; how the month goes in alerts_month.py.
"""

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence
from statistics import median, quantiles

from bench.alerts_month import Life, Month, province, run
from bench.alerts_truth import Verdict, verdict
from collector.alerts.deciding.rules import MASS_OUTAGE
from shared.clock import rfc3339

SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began_s, cpu_s = time.perf_counter(), time.process_time()
    month = run(province(options.sites, options.days, options.seed), lambda text: print(text, file=sys.stderr))
    found = verdict(month)
    print(
        f"{options.sites} sites, {options.days} days, seed {options.seed}: {month.pushes} pushes, {month.ticks} looks "
        f"in {time.perf_counter() - began_s:.0f} s ({time.process_time() - cpu_s:.0f} s CPU)\n"
    )
    _tell_alerts(month.lives)
    _tell_troubles(found)
    _tell_masses(month)
    for life in found.false[:SHOWN]:
        print(f"FALSE  {life.alert.key} told {rfc3339(life.told_ms)} starts {rfc3339(life.alert.starts_at_ms)}")
    for trouble in found.missed[:SHOWN]:
        print(f"MISSED {trouble.site} {trouble.what} {rfc3339(trouble.start_ms)} to {rfc3339(trouble.end_ms)}")
    print(f"\nfalse {len(found.false)}, missed {len(found.missed)}")
    return 1 if found.false or found.missed else 0


def _tell_alerts(lives: Sequence[Life]) -> None:
    print(f"{'alerts told':<28}{'n':>7}{'resolved':>10}{'told late, median s':>21}{'p95 s':>8}")
    for name, n in sorted(Counter(life.alert.labels["alertname"] for life in lives).items()):
        mine = [life for life in lives if life.alert.labels["alertname"] == name]
        late = [
            (life.over_ms - life.alert.ends_at_ms) / 1000 for life in mine if life.over_ms and life.alert.ends_at_ms
        ]
        print(
            f"{name:<28}{n:>7}{sum(life.over_ms is not None for life in mine):>10}{_middle(late):>21}{_high(late):>8}"
        )
    print()


def _tell_troubles(found: Verdict) -> None:
    print(
        f"{'true troubles':<28}{'all':>7}{'to tell':>10}{'own alert':>11}{'folded':>8}{'before':>8}"
        f"{'median s':>10}{'p95 s':>8}"
    )
    for what in sorted({one.what for one in found.troubles}):
        mine = [one for one in found.told if one.trouble.what == what]
        delays = [one.delay_ms / 1000 for one in mine if one.delay_ms is not None]
        own = sum(one.delay_ms is not None and one.by != MASS_OUTAGE for one in mine)
        folded = sum(one.delay_ms is not None and one.by == MASS_OUTAGE for one in mine)
        before = len(mine) - own - folded
        every = [one for one in found.troubles if one.what == what]
        to_tell = sum(one.expected for one in every)
        print(
            f"{what:<28}{len(every):>7}{to_tell:>10}{own:>11}{folded:>8}{before:>8}{_middle(delays):>10}{_high(delays):>8}"
        )
    print()


def _tell_masses(month: Month) -> None:
    for life in month.lives:
        if life.alert.labels["alertname"] == MASS_OUTAGE:
            lasted = f"{(life.over_ms - life.told_ms) / 60_000:.0f} min" if life.over_ms else "goes on"
            print(f"{rfc3339(life.told_ms)} {life.alert.key}: {len(life.members)} sites, {lasted}")


def _middle(values: Sequence[float]) -> str:
    return f"{median(values):.0f}" if values else "-"


def _high(values: Sequence[float]) -> str:
    return f"{quantiles(values, n=20)[-1]:.0f}" if len(values) > 1 else "-"


if __name__ == "__main__":
    sys.exit(main())
