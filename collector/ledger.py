"""Pure: flips of a site -> outages, and milliseconds spent in each condition. Integers throughout; rows sum to the
period exactly."""

from collections.abc import Iterator, Sequence

from collector.condition import Condition, Flip, Outage


def intervals(
    flips: Sequence[Flip], opening: Flip | None, from_ms: int, to_ms: int
) -> Iterator[tuple[Condition, int, int]]:
    """(condition, start, end) without gaps from `from_ms` to `to_ms`.

    `flips` are those of scope `site` inside the period, by time; `opening` is the last one before it, None when
    nothing was known.
    """
    condition = Condition(opening.now) if opening else Condition.UNOBSERVED
    start_ms = from_ms
    for flip in flips:
        if start_ms < flip.at_ms:
            yield condition, start_ms, flip.at_ms
        condition, start_ms = Condition(flip.now), flip.at_ms
    if start_ms < to_ms:
        yield condition, start_ms, to_ms


def account(flips: Sequence[Flip], opening: Flip | None, from_ms: int, to_ms: int) -> dict[Condition, int]:
    """Milliseconds in each condition; every condition has its row, and the rows sum to `to_ms - from_ms`."""
    spent = dict.fromkeys(Condition, 0)
    for condition, start_ms, end_ms in intervals(flips, opening, from_ms, to_ms):
        spent[condition] += end_ms - start_ms
    return spent


def coverage(spent: dict[Condition, int]) -> float | None:
    """Observed / all time of a period, 0 to 1; None for an empty period."""
    total = sum(spent.values())
    return (total - spent[Condition.UNOBSERVED]) / total if total else None


def outages(flips: Sequence[Flip], opening: Flip | None, from_ms: int, to_ms: int) -> list[Outage]:
    """The outages that touch the period, whole as far as the flips tell: one that was open before it starts at
    `opening`.

    `to_ms` cuts nothing: an outage that the flips do not end has `end_ms` None.
    """
    found: list[Outage] = []
    events = ([opening] if opening else []) + [f for f in flips if from_ms <= f.at_ms < to_ms]
    for flip, following in zip(events, [*events[1:], None], strict=False):
        condition = Condition(flip.now)
        if condition.is_down and (following is None or following.at_ms > from_ms):
            found.append(
                Outage(
                    site=flip.site,
                    condition=condition,
                    start_ms=flip.at_ms,
                    start_not_earlier_than_ms=flip.not_earlier_than_ms,
                    end_ms=following.at_ms if following else None,
                    end_not_earlier_than_ms=following.not_earlier_than_ms if following else None,
                    why=flip.why,
                )
            )
    return found
