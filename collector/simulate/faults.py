"""Pure: faults of lines: single ones, by medium; of the local network; of a provider, at many of its sites at once."""

from collections.abc import Iterator, Sequence
from random import Random

from collector.registry import Medium
from collector.simulate.pieces import Kind, Piece
from collector.simulate.province import Place
from collector.simulate.span import Span, lasting, moments

RATES_PER_DAY = {
    Medium.FIBER: 0.15,
    Medium.COPPER: 0.3,
    Medium.WIRELESS: 0.35,
    Medium.CELLULAR: 0.35,
    Medium.LEO: 0.2,
    Medium.VSAT: 0.4,
    Medium.OTHER: 0.25,
}
OTHER_FAULTS = (
    # kind, a day, median minutes, at most hours
    (Kind.LOCAL_DOWN, 0.04, 90, 10),
    (Kind.INTERNET_DOWN, 0.05, 30, 8),
    (Kind.INTRANET_DOWN, 0.08, 45, 12),
    (Kind.INTERCEPTED, 0.03, 240, 30),
)


def mass_outages(places: Sequence[Place], span: Span, rng: Random) -> dict[str, list[Piece]]:
    """Faults of whole providers, by site: one in eight days each, over three fifths of its sites."""
    by_provider: dict[str, list[str]] = {}
    for place in places:
        by_provider.setdefault(place.site.provider, []).append(place.site.code)
    found: dict[str, list[Piece]] = {}
    for _, codes in sorted(by_provider.items()):
        for start_ms in moments(span, 1 / 8, rng):
            kind = rng.choice((Kind.LINE_DOWN, Kind.LINE_DOWN, Kind.INTERNET_DOWN))
            end_ms = start_ms + lasting(30, 4, rng)
            for code in codes:
                if rng.random() < 0.6:
                    found.setdefault(code, []).append((start_ms, end_ms, kind))
    return found


def faults_of(place: Place, span: Span, rng: Random) -> Iterator[Piece]:
    """Those of one place alone. They may overlap."""
    for start_ms in moments(span, RATES_PER_DAY[place.site.medium], rng):
        yield start_ms, start_ms + lasting(20, 18, rng), Kind.LINE_DOWN
    for kind, per_day, median_min, most_h in OTHER_FAULTS:
        if kind is Kind.INTERCEPTED and not span.web:
            continue
        for start_ms in moments(span, per_day, rng):
            yield start_ms, start_ms + lasting(median_min, most_h, rng), kind
