"""What the spool hands out to be sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from shared.result import Result
from shared.wire import Context

_TOLD = ("target", "started_ms", "outcome", "sent", "received", "rtt_min_us", "rtt_avg_us", "rtt_max_us", "reading")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Results of one stream and one context with contiguous numbers.

    `results` are (target index in the context, result).
    """

    stream: str
    first_seq: int
    context: Context
    results: Sequence[tuple[int, Result]]

    @property
    def last_seq(self) -> int:
        return self.first_seq + len(self.results) - 1

    def halves(self) -> tuple["Slice", "Slice"]:
        """The same results in two slices, the older ones first; needs at least two."""
        middle = len(self.results) // 2
        older = replace(self, results=self.results[:middle])
        return older, replace(self, first_seq=self.first_seq + middle, results=self.results[middle:])

    def lines(self, why: str) -> Iterator[str]:
        """The results as JSON lines for a person."""
        for seq, (_, result) in enumerate(self.results, self.first_seq):
            row = {"why": why, "stream": self.stream, "seq": seq, "context": self.context.name}
            yield msgspec.json.encode(row | {name: getattr(result, name) for name in _TOLD}).decode()
