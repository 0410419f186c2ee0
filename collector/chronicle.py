"""Pure: the boots of an agent together. A boot that had an exchange is worth what clocks.py says of it alone.

One without any: its raw stamps stand if they lie between the true end of the last boot before it in the same stream
whose times are known, and the true start of the next boot that has an exchange, and that boot's first base was right:
then the host keeps its clock through a power-off. Otherwise nobody knows when its results were.

Two boots of one agent that pushed side by side are two hosts: clones.
"""

from bisect import bisect_left
from collections.abc import Iterator

from collector.clocks import EARLIEST_MS, NO_LOW, UNCHANGED, UNTRUSTED, Boot, Correction, bucket_of

OVERLAP_MS = 10_000
"""Boots that pushed side by side for longer than this are two hosts."""


class Chronicle:
    """The boots of one agent, and what follows from all of them together."""

    def __init__(self) -> None:
        self.boots: dict[str, Boot] = {}
        self._known: dict[tuple[str, int], Correction] = {}
        self._lone: set[str] | None = None
        """Boots without exchange whose raw stamps stand."""

    def add(self, boot_id: str, news: Boot) -> None:
        """Takes in what is new of a boot."""
        self.boots.setdefault(boot_id, Boot()).merge(news)
        self._lone = None
        stale = [key for key in self._known if key[0] == boot_id or not self.boots[key[0]].buckets]
        for key in stale:
            del self._known[key]

    def correction(self, boot_id: str, base_ms: int) -> Correction:
        known = self._known.get((boot_id, base_ms))
        if known is None:
            boot = self.boots.get(boot_id)
            if boot is None:
                return UNTRUSTED
            known = boot.correction(base_ms) if boot.buckets else self._alone(boot_id)
            self._known[boot_id, base_ms] = known
        return known

    def clones(self) -> frozenset[str]:
        """The boots that pushed side by side with another."""
        spans = sorted((sent, name) for name, boot in self.boots.items() if (sent := boot.true_sent()))
        found: set[str] = set()
        end_ms, last = NO_LOW, ""
        for (first_ms, last_ms), name in spans:
            if min(end_ms, last_ms) - first_ms > OVERLAP_MS:
                found |= {last, name}
            if last_ms > end_ms:
                end_ms, last = last_ms, name
        return frozenset(found)

    def _alone(self, boot_id: str) -> Correction:
        """Of a boot without exchange."""
        if self._lone is None:
            streams = sorted({stream for boot in self.boots.values() for stream in boot.streams})
            self._lone = {name for stream in streams for name in self._trusted_of(stream)}
        return UNCHANGED if boot_id in self._lone else UNTRUSTED

    def _trusted_of(self, stream: str) -> Iterator[str]:
        """Those of one stream, in order: each must lie behind what is known before it and before the next start."""
        order = sorted((boot.streams[stream], name) for name, boot in self.boots.items() if stream in boot.streams)
        names = [name for _, name in order if self.boots[name].bases]
        starts = [(place, start) for place, name in enumerate(names) if (start := self._start(name)) is not None]
        end_ms = EARLIEST_MS
        for place, name in enumerate(names):
            boot = self.boots[name]
            if boot.buckets:
                end_ms = max(self.correction(name, base).true_ms(last) for base, (_, last) in boot.bases.items())
                continue
            following = bisect_left(starts, (place, NO_LOW))
            first_ms = min(first for first, _ in boot.bases.values())
            last_ms = max(last for _, last in boot.bases.values())
            if following < len(starts) and end_ms <= first_ms and last_ms <= starts[following][1]:
                end_ms = last_ms
                yield name

    def _start(self, name: str) -> int | None:
        """The true start of a boot that has an exchange; NO_LOW, before which nothing lies, if its first base was
        wrong."""
        boot = self.boots[name]
        if not boot.buckets:
            return None
        base_ms, (first_ms, _) = min(boot.bases.items(), key=lambda item: item[1][0] - item[0])
        return first_ms if boot.is_right(base_ms, bucket_of(first_ms - base_ms)) else NO_LOW
