"""Pure: the figures of periods as /metrics tells them: of everything, regencies, providers, media, and of sites."""

from collections.abc import Iterable, Iterator

from collector.faces.metrics_text import family, known, quoted
from collector.figures.board import Board, Told

QUANTILES = ((0.5, "p50_ms"), (0.95, "p95_ms"), (0.99, "p99_ms"))


def of_periods(board: Board) -> Iterator[str]:
    """What is not known has no value."""
    told = [(f"scope={quoted(one.scope)},of={quoted(one.of)}", one) for one in board.told]
    for name, part in (("", "value"), ("_low", "low"), ("_high", "high")):
        ratios = (
            (f'{labels},kind={quoted(kind)},period="{one.period}"', getattr(ratio, part))
            for labels, one in told
            for kind, ratio in one.figures.availability.items()
        )
        yield from family(f"kentongan_availability{name}_ratio", known(ratios))
    of = [(f'{labels},period="{one.period}"', one.figures) for labels, one in told]
    yield from family("kentongan_coverage_ratio", known((labels, one.coverage) for labels, one in of))
    yield from family("kentongan_outages", ((labels, one.outages.n) for labels, one in of))
    yield from family("kentongan_downtime_seconds", ((labels, one.downtime_ms / 1000) for labels, one in of))
    grouped = [(f'{labels},period="{one.period}"', one) for labels, one in told if one.scope != "site"]
    yield from family("kentongan_latency_seconds", known(latencies(grouped)))
    yield from family("kentongan_loss_ratio", known(losses(grouped)))
    at = [("", board.at_ms / 1000)] if board.at_ms else []
    yield from family("kentongan_indicators_timestamp_seconds", at)


def latencies(told: Iterable[tuple[str, Told]], most: float = 1.0) -> Iterator[tuple[str, float | None]]:
    """Round trips by group and quantile, of (labels, figures); no quantile above `most`."""
    for labels, one in told:
        for group, echo in one.figures.latency.items():
            for quantile, name in QUANTILES:
                if quantile <= most:
                    ms: float | None = getattr(echo, name)
                    yield f'{labels},group="{group}",quantile="{quantile}"', None if ms is None else ms / 1000


def losses(told: Iterable[tuple[str, Told]]) -> Iterator[tuple[str, float | None]]:
    """Shares lost by group, of (labels, figures)."""
    return (
        (f'{labels},group="{group}"', echo.loss) for labels, one in told for group, echo in one.figures.latency.items()
    )
