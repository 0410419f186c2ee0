"""What one remote-write store is still owed, in rounds.

1. Growth: what every site was in since it was last told, up to the edge: far enough behind now that late results there
   are told to us (`touched`), and never beyond what the site's agents have reported.
2. Resends: whole hours that were told before and are not what they were: backlog of an agent that is back, a clock put
   right. Every sample of a correction is dated as many milliseconds later as it is the hour's n-th: a Prometheus keeps
   the first of two values for one instant, and this way whoever reads gets the newest.

Nothing that is sent is queued: a store that is away is told later what the results say then. Only how far it was told
is kept, on disk.
"""

import asyncio
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.accounting.days import ends_ms
from collector.judging.rejudge import OLD_MS
from collector.live import Live
from collector.remote_write import RemoteWriteSettings, SinkTold
from collector.remote_write.address import Address, Away, Counters
from collector.remote_write.history import Told, corrected, groups_in, history, keys_of
from collector.remote_write.message import Series
from collector.store import Store
from collector.store.outbox import Outbox, Resend
from shared.clock import Clock

log = logging.getLogger(__name__)

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
QUIET_MS = 60_000
"""An hour that backlog keeps touching is sent once the backlog has passed it."""
TOGETHER = 200
"""So many spans are read and sent together."""
FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A span of a site that is to be sent; `round` as in Resend."""

    site: str
    from_ms: int
    to_ms: int
    round: int = 0


class Sink:
    """Keeps one store told. `run` for ever in one task; `touched` from any thread."""

    def __init__(self, settings: RemoteWriteSettings, *, store: Store, live: Live, clock: Clock) -> None:
        self.counters = Counters()
        self._settings, self._store, self._live, self._clock = settings, store, live, clock
        self._outbox: Outbox = store.outbox
        self._address = Address(settings, self.counters)
        self._step_ms = settings.step_s * 1000
        self._until_ms: dict[str, int] | None = None
        self._tried_ms: dict[str, int] = {}
        """Up to where a site may have been told, though the store did not confirm it."""
        self._touched: dict[tuple[str, int], int] = {}
        """(site, hour) -> when it was last touched."""
        self._ahead_ms: dict[str, int] = {}
        """Sites that were told further than now: from which hour on that must be told again."""
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._settings.name

    def touched(self, site: str, from_ms: int, to_ms: int) -> None:
        """Results or flips of `site` in [from_ms, to_ms] are not what they were. Costs only memory."""
        now_ms = self._clock.wall_ms()
        first_ms = max(from_ms, now_ms - self._settings.oldest_days * DAY_MS)
        with self._lock:
            for hour_ms in _hours(first_ms, min(to_ms, now_ms) + 1):
                self._touched[site, hour_ms] = now_ms

    async def run(self) -> None:
        """A round every `every_s`; while the store is away, longer and longer between tries."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                await self.round()
            except Away as away:
                log.warning("remote_write sink=%s result=away why=%r next_try_s=%.0f", self.name, str(away), wait_s)
                await asyncio.sleep(max(wait_s, away.retry_s))
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            except Exception:  # a task's boundary: one round that fails must not end the telling
                log.exception("event=remote_write_failed sink=%s", self.name)
                await asyncio.sleep(LONGEST_WAIT_S)
            else:
                wait_s = FIRST_WAIT_S
                await asyncio.sleep(self._settings.every_s)

    async def round(self) -> None:
        """Everything that is owed now. Away if the store does not take it; what it took is noted."""
        await asyncio.to_thread(self.note)
        growth, known = await asyncio.to_thread(self._growth), self._known()
        for part in _portions(growth, TOGETHER):
            until_ms = {owed.site: owed.to_ms for owed in part}
            self._tried_ms |= until_ms
            await self._send(part)
            await asyncio.to_thread(self._outbox.put_sent_until, self.name, list(until_ms.items()))
            known.update(until_ms)
        while resends := await asyncio.to_thread(self._outbox.due, self.name, TOGETHER):
            await self._send([_whole(one, known.get(one.site, 0)) for one in resends])
            await asyncio.to_thread(self._outbox.sent, self.name, resends)

    async def close(self) -> None:
        """Notes what is owed; sends nothing more."""
        await asyncio.to_thread(self.note, settled=False)
        await self._address.close()

    def told(self, now_ms: int) -> SinkTold:
        """What /metrics says of it (blocks)."""
        known, counted = self._known(), self.counters
        heard = (now.site.code for now in self._live.sites(now_ms) if not now.silent)
        return SinkTold(
            sink=self.name,
            sent=counted.sent,
            refused=counted.refused,
            failed=counted.failed,
            lag_s=max((now_ms - known[code] for code in heard if code in known), default=0) / 1000,
            waiting=self._outbox.count_due(self.name),
        )

    def _known(self) -> dict[str, int]:
        if self._until_ms is None:
            self._until_ms = self._outbox.sent_until(self.name)
        return self._until_ms

    def note(self, *, settled: bool = True) -> None:
        """Hours that were told before and have come to rest, or all of them, are owed from now on, on disk (blocks).

        Without it, what was touched is touched again after a restart as long as it is not compacted.
        """
        now_ms = self._clock.wall_ms()
        with self._lock:
            ready = {one: at_ms for one, at_ms in self._touched.items() if not settled or now_ms - at_ms >= QUIET_MS}
        told = self._known() | self._tried_ms
        owed = [(site, hour_ms) for site, hour_ms in ready if hour_ms < told.get(site, 0)]
        if owed:
            self._outbox.owe(self.name, owed)
        with self._lock:  # only now: a store that cannot write must not make us forget
            for one in [one for one, at_ms in ready.items() if self._touched.get(one) == at_ms]:
                del self._touched[one]
        self._outbox.forget(self.name, now_ms - self._settings.oldest_days * DAY_MS)

    def _growth(self) -> list[Owed]:
        """Of every site that was heard; of one that was closed for years and is open again no more than is taken."""
        now_ms, known = self._clock.wall_ms(), self._known()
        oldest_ms = now_ms - self._settings.oldest_days * DAY_MS
        owed, first, late = list[Owed](), dict[str, int](), list[tuple[str, int]]()
        for now in (*self._live.sites(now_ms), *self._live.closed(now_ms)):
            edge_ms = min(now_ms - OLD_MS, now.heard_at_ms, ends_ms(now.site))
            edge_ms -= edge_ms % self._step_ms
            site = now.site.code
            if site not in known:
                first |= {site: edge_ms} if now.heard_at_ms else {}
                continue
            late += self._told_ahead(site, edge_ms)
            if known[site] < edge_ms:
                owed.append(Owed(site=site, from_ms=max(known[site], oldest_ms), to_ms=edge_ms))
        if late:
            self._outbox.owe(self.name, late)
        if first:
            self._begin(first, oldest_ms)
        return owed

    def _begin(self, edges_ms: Mapping[str, int], oldest_ms: int) -> None:
        """These sites are told for the first time: their past is owed, and from the edge on they grow."""
        past_ms = self._settings.backfill_days * DAY_MS
        begins_ms = {site: max(edge_ms - past_ms, oldest_ms) for site, edge_ms in edges_ms.items()}
        hours = [(site, hour) for site, edge_ms in edges_ms.items() for hour in _hours(begins_ms[site], edge_ms)]
        self._outbox.owe(self.name, hours, round_=0)
        self._outbox.put_sent_until(self.name, list(edges_ms.items()))
        self._known().update(edges_ms)

    def _told_ahead(self, site: str, edge_ms: int) -> list[tuple[str, int]]:
        """Hours to tell again, because our clock was ahead when they were told: each once it has really passed."""
        known_ms = self._known()[site]
        if known_ms > edge_ms:
            since_ms = self._ahead_ms.setdefault(site, edge_ms - edge_ms % HOUR_MS)
            self._ahead_ms[site] = edge_ms - edge_ms % HOUR_MS
            return [(site, hour) for hour in _hours(since_ms, edge_ms - edge_ms % HOUR_MS)]
        if site in self._ahead_ms:
            return [(site, hour) for hour in _hours(self._ahead_ms.pop(site), known_ms)]
        return []

    async def _send(self, owed: Sequence[Owed]) -> None:
        series = await asyncio.to_thread(lambda: [one for each in owed for one in self._series(each)])
        for batch in _batches(series, self._settings.batch):
            await self._address.send(batch)

    def _series(self, owed: Owed) -> list[Series]:
        """What the store is told of a span (blocks)."""
        step_ms, store = self._step_ms, self._store
        if owed.from_ms >= owed.to_ms:
            return []
        opening = store.state_at(owed.site, owed.from_ms - step_ms - 1)
        flips = store.flips(owed.site, owed.from_ms - step_ms, owed.to_ms)
        columns = store.read(owed.site, owed.from_ms - 2 * step_ms, owed.to_ms)
        told = list(history(opening, flips, columns, owed.from_ms, owed.to_ms, step_ms))
        if owed.round:
            told = list(corrected(told, keys_of(groups_in([*opening, *flips]))))
        return series_of(owed.site, told, owed.round, self._settings.labels)


def _hours(from_ms: int, to_ms: int) -> range:
    """The beginnings of the hours that touch [from_ms, to_ms)."""
    return range(from_ms - from_ms % HOUR_MS, to_ms, HOUR_MS)


def _whole(resend: Resend, until_ms: int) -> Owed:
    """The hour, as far as it was told."""
    to_ms = min(resend.hour_ms + HOUR_MS, until_ms)
    return Owed(site=resend.site, from_ms=resend.hour_ms, to_ms=to_ms, round=resend.round)


def series_of(site: str, told: Sequence[Told], later_ms: int, labels: Mapping[str, str]) -> list[Series]:
    """`told` by series, each sample dated `later_ms` after its instant."""
    samples: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
    for at_ms, values in told:
        for key, value in values.items():
            samples.setdefault(key, []).append((at_ms + later_ms, value))
    return [
        Series.of({**labels, "__name__": name, "site": site, "group": group, "quantile": quantile}, samples[key])
        for key in sorted(samples)
        for name, group, quantile in [key]
    ]


def _batches(series: Sequence[Series], most: int) -> Iterator[list[Series]]:
    """Requests of about `most` samples."""
    batch: list[Series] = []
    n = 0
    for one in series:
        batch.append(one)
        n += len(one.samples)
        if n >= most:
            yield batch
            batch, n = [], 0
    if batch:
        yield batch


def _portions(owed: Sequence[Owed], n: int) -> Iterator[Sequence[Owed]]:
    return (owed[first : first + n] for first in range(0, len(owed), n))
