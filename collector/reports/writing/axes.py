"""Pure: the axis of a chart: from where to where, and which values it names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from collector.reports.document import Chart, Unit

TICKS = 5
"""Named values, about."""
HIGH_SHARE = 0.5
"""Where every value lies above this, nothing is seen on an axis from nothing to all: it begins higher, and says so."""
LEAST_SPAN = 0.01
"""Of an axis of shares: a province that is always up is no dramatic curve."""
COARSE = (1, 2, 5, 10)
FINE = (1, 2, 2.5, 5, 10)
TIME_STEPS_MS = tuple(
    minutes * 60_000 for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200, 14_400, 43_200)
)


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, both among `ticks`."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Where `value` stands: 0 at the lower end, 1 at the upper; what lies beyond is cut."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def axis_of(chart: Chart) -> Axis | None:
    """An axis that holds every value, error bar and target of `chart`; None where no value is known."""
    values = list(_values(chart))
    if not any(value is not None for line in chart.lines for value in line.values):
        return None
    low, high = min(values), max(values)
    if chart.unit is Unit.SHARE and low >= HIGH_SHARE and high <= 1:
        return _from_above(low)
    low, high = min(low, 0.0), max(high, 0.0)
    step = _step((high - low) / (TICKS - 1), chart.unit)
    return _axis(floor(_clean(low / step)), ceil(_clean(high / step)), step, _ceiling(chart.unit, high))


def _values(chart: Chart) -> Iterator[float]:
    for line in chart.lines:
        yield from (one for told in (line.values, line.low, line.high) for one in told if one is not None)
    if chart.target is not None:
        yield chart.target


def _from_above(low: float) -> Axis:
    """Down from 1, counted in steps from there so that 100 % is always named."""
    step = _nice(max(1 - low, LEAST_SPAN) / (TICKS - 1), FINE)
    n = min(ceil(_clean(max(1 - low, LEAST_SPAN) / step)), floor(1 / step))
    ticks = tuple(round(1 - step * i, 9) for i in range(n, -1, -1))
    return Axis(ticks[0], 1.0, ticks)


def _axis(first: int, last: int, step: float, ceiling: float | None) -> Axis:
    last = max(last, first + 1)
    ticks: Sequence[float] = [round(step * i, 9) for i in range(first, last + 1)]
    if ceiling is not None:
        ticks = [tick for tick in ticks if tick <= ceiling]
    return Axis(ticks[0], ticks[-1], tuple(ticks))


def _ceiling(unit: Unit, high: float) -> float | None:
    """No axis of shares goes beyond all."""
    return 1.0 if unit is Unit.SHARE and high <= 1 else None


def _step(least: float, unit: Unit) -> float:
    """The next step at or above `least` that people count in."""
    if unit is Unit.DURATION:
        return next((step for step in TIME_STEPS_MS if step >= least), _nice(least / 86_400_000) * 86_400_000)
    if unit in (Unit.COUNT, Unit.RUPIAH):
        return max(1.0, _nice(least))
    return _nice(least)


def _nice(least: float, steps: Sequence[float] = COARSE) -> float:
    """One of `steps` times a power of ten."""
    if least <= 0:
        return 1.0
    power: float = 10.0 ** floor(log10(least))
    return next(times * power for times in steps if times * power >= least * 0.9999)


def _clean(steps: float) -> float:
    """Without the last digits of binary fractions, which would round up to another step."""
    return round(steps, 6)
