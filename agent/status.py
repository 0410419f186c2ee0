"""What a running agent says of itself (`/status.json`), and the table that `kentongan-agent status` makes of it."""

from collections.abc import Iterator, Sequence

import msgspec

from agent.doubt import State
from shared.clock import utc
from shared.result import Outcome
from shared.texts import Texts


class TargetNow(msgspec.Struct, frozen=True, kw_only=True):
    """A target. Times are wall milliseconds, None where there is nothing yet; `loss` is a share of recent packets."""

    name: str
    group: str
    site: str
    where: str
    state: State
    since_ms: int | None
    outcome: Outcome | None
    reason: str
    rtt_ms: float | None
    loss: float | None


class SpoolNow(msgspec.Struct, frozen=True, kw_only=True):
    """What waits to be sent, and what was lost."""

    results: int
    bytes: int
    oldest_ms: int | None
    dropped: dict[str, int]
    set_aside: int
    writable: bool


class PushNow(msgspec.Struct, frozen=True, kw_only=True):
    """How sending goes. `offset_ms`: the host's clock minus the collector's; None: not known yet."""

    url: str
    last_success_ms: int | None
    problem: str
    offset_ms: float | None
    attempts: int
    failures: dict[str, int]
    bytes: int
    results: int


class AgentNow(msgspec.Struct, frozen=True, kw_only=True):
    """The agent as a whole."""

    version: str
    name: str
    stream: str
    now_ms: int
    started_ms: int
    boot_at_ms: int
    last_stop: str
    gateway: str | None
    jumps: dict[str, int]
    spool: SpoolNow
    push: PushNow | None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of /status.json."""

    agent: AgentNow
    targets: list[TargetNow]

    @property
    def all_up(self) -> bool:
        """Whether nothing is known to be down."""
        return all(target.state is not State.DOWN for target in self.targets)


def told(status: Status, texts: Texts) -> Iterator[str]:
    """The status in lines for a technician."""
    now_ms = status.agent.now_ms
    shown = [target for target in status.targets if not target.site or target.state is not State.UP]
    yield from _table([_heading(texts), *(_row(target, texts, now_ms) for target in shown)])
    if hidden := len(status.targets) - len(shown):
        yield texts.say("status.watched_up", n=hidden)
    yield ""
    yield from _spool_lines(status.agent.spool, texts, now_ms)
    yield from _push_lines(status.agent.push, texts, now_ms)
    yield texts.say(
        "status.agent",
        version=status.agent.version,
        since=_when(status.agent.started_ms, texts, now_ms),
        stop=texts.say(f"status.stop.{status.agent.last_stop}"),
    )


def _heading(texts: Texts) -> list[str]:
    return [texts.say(f"status.head.{name}") for name in ("target", "group", "state", "rtt", "loss", "since")]


def _row(target: TargetNow, texts: Texts, now_ms: int) -> list[str]:
    state = texts.say(f"page.state.{target.state}")
    if target.outcome not in (None, Outcome.OK):
        state += f" ({texts.say(f'page.outcome.{target.outcome}')})"
    return [
        target.name,
        texts.say(f"page.group.{target.group}"),
        state,
        "-" if target.rtt_ms is None else f"{target.rtt_ms:.1f} ms",
        "-" if target.loss is None else f"{target.loss:.0%}",
        "-" if target.since_ms is None else _when(target.since_ms, texts, now_ms),
    ]


def _spool_lines(spool: SpoolNow, texts: Texts, now_ms: int) -> Iterator[str]:
    if spool.results == 0:
        yield texts.say("status.spool.empty")
    elif spool.oldest_ms is None:
        yield texts.say("status.spool.waiting", n=spool.results)
    else:
        yield texts.say("status.spool.waiting_since", n=spool.results, oldest=_when(spool.oldest_ms, texts, now_ms))
    if not spool.writable:
        yield texts.say("status.spool.unwritable")
    if lost := sum(spool.dropped.values()):
        reasons = ", ".join(f"{reason} {n}" for reason, n in spool.dropped.items() if n)
        yield texts.say("status.spool.dropped", n=lost, reasons=reasons)
    if spool.set_aside:
        yield texts.say("status.spool.set_aside", n=spool.set_aside)


def _push_lines(push: PushNow | None, texts: Texts, now_ms: int) -> Iterator[str]:
    if push is None:
        yield texts.say("status.push.none")
        return
    if push.last_success_ms is None:
        yield texts.say("status.push.never", url=push.url)
    else:
        yield texts.say("status.push.last", url=push.url, when=_when(push.last_success_ms, texts, now_ms))
    if push.problem:
        yield texts.say("status.push.problem", problem=push.problem)
    if push.offset_ms is not None:
        yield texts.say("status.push.offset", seconds=f"{round(push.offset_ms / 1000, 1) + 0.0:+.1f}")


def _when(at_ms: int, texts: Texts, now_ms: int) -> str:
    """An instant in the host's time zone, and how long ago that is."""
    at = utc(at_ms).astimezone()
    clock = f"{at:%H:%M:%S}" if at.date() == utc(now_ms).astimezone().date() else f"{at:%Y-%m-%d %H:%M}"
    return texts.say("status.ago", at=clock, ago=lasting(max(0, now_ms - at_ms), texts))


def lasting(ms: int, texts: Texts) -> str:
    """A duration in its largest unit: 12 seconds, 5 minutes, 3 hours, 2 days."""
    seconds = ms // 1000
    for name, unit_s in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * unit_s:
            return texts.say(f"alert.{name}", n=seconds // unit_s)
    return texts.say("alert.seconds", n=seconds)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
