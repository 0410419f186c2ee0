"""Gets one slice across, whatever the collector wants it to look like.

stored            acknowledged in the spool
unknown context   sent again at once, with the context in full
too large         sent again in halves, and in smaller batches from now on
refused           sent again in halves, until the result that is refused stands alone; it is set aside, but only if
                  the collector has taken others since it first refused this one: whoever refuses everything has a
                  trouble of its own, and must not talk us into throwing data away
anything else     left in the spool, to be tried again later
"""

import asyncio
from collections.abc import Callable, Mapping

from agent.post import Post, encode
from agent.slices import Slice
from agent.spool import Spool
from agent.verdict import Answer, Verdict
from shared.clock import Clock
from shared.wire import Host

PATIENCE = 8
"""Refusals, beyond those it takes to find one bad result, after which a collector that took nothing is let alone."""
MAX_SUSPECTS = 1_000
KNOWN_CONTEXTS = 64
STORED = Answer(verdict=Verdict.STORED)


class Delivery:
    """Remembers what the collector knows, how much it takes at once, and what it has refused."""

    def __init__(
        self,
        spool: Spool,
        post: Post,
        clock: Clock,
        read_token: Callable[[], str],
        on_stored: Callable[[], None],
        *,
        limit: int,
    ) -> None:
        """`read_token` is asked before every request, so that a new token is used as soon as it is there."""
        self._spool, self._post, self._clock = spool, post, clock
        self._read_token, self._on_stored = read_token, on_stored
        self._known: dict[str, None] = {}
        """Contexts that the collector has acknowledged, by name."""
        self._accepted = 0
        """Batches with results that were stored."""
        self._suspects: dict[int, int] = {}
        """Results that were refused alone, and `_accepted` when they first were."""
        self.limit = limit
        """Results in a batch."""
        self.results_sent = 0
        self.clock_offset_ms: float | None = None
        self._answered: tuple[int, int] | None = None
        """The collector's clock in the last receipt, and our boot clock when it came: told with the next push."""

    async def deliver(self, piece: Slice) -> Answer:
        """Send a slice, in parts if it must be; STORED if nothing is left of it to send."""
        parts, alone, refusals, before = [piece], dict[int, Answer](), 0, self._accepted
        while parts:
            part = parts.pop()
            if len(part.results) > self.limit:
                parts += reversed(part.halves())
                continue
            answer = await self._send(part)
            if answer.verdict is Verdict.STORED:
                continue
            if answer.verdict is Verdict.FAILED or not part.results:
                return answer
            if answer.verdict is Verdict.TOO_LARGE:
                if len(part.results) == 1:
                    return answer  # it is not the result that is too large
                self.limit = max(1, len(part.results) // 2)
            else:
                refusals += 1
            if self._accepted == before and refusals > PATIENCE + 2 * len(piece.results).bit_length():
                return answer
            if len(part.results) > 1:
                parts += reversed(part.halves())
            else:
                alone[part.first_seq] = answer
                self._suspects.setdefault(part.first_seq, before)
        return self._condemn(alone)

    def _condemn(self, alone: Mapping[int, Answer]) -> Answer:
        """Set aside what was refused alone if others were taken since; returns the refusal of the rest."""
        verdict = STORED
        for seq, answer in alone.items():
            if self._accepted > self._suspects[seq]:
                self._spool.set_aside(seq, seq, answer.detail)
                del self._suspects[seq]
            else:
                verdict = answer
        while len(self._suspects) > MAX_SUSPECTS:
            del self._suspects[next(iter(self._suspects))]
        return verdict

    async def _send(self, piece: Slice) -> Answer:
        """Send one batch, with the context in full if the collector does not know it."""
        name = piece.context.name
        try:
            token = self._read_token()
        except (OSError, ValueError) as error:
            return Answer(verdict=Verdict.FAILED, reason="token", detail=str(error))
        answer = await self._send_once(piece, token, in_full=name not in self._known)
        if answer.verdict is Verdict.UNKNOWN_CONTEXT:
            self._known.pop(name, None)
            answer = await self._send_once(piece, token, in_full=True)
        if answer.verdict is Verdict.UNKNOWN_CONTEXT:
            return Answer(verdict=Verdict.FAILED, reason=answer.reason, detail=answer.detail)
        if answer.verdict is Verdict.STORED:
            self._stored(piece, name)
        return answer

    async def _send_once(self, piece: Slice, token: str, *, in_full: bool) -> Answer:
        """One request. Measures the offset of the clocks at half its round trip."""
        spool, wall_ms, began_ns = self._spool, self._clock.wall_ms(), self._clock.mono_ns()
        running = spool.context
        host = Host(
            sent_wall_ms=wall_ms,
            sent_boot_ms=self._clock.boot_ms(),
            spool_results=spool.pending,
            dropped={reason: count for reason, count in spool.dropped.items() if count},
            set_aside=spool.set_aside_count,
            same_boot=running is not None and piece.context.boot_id == running.boot_id,
            answered=self._answered,
        )
        batch = await asyncio.to_thread(encode, piece, host, spool.floor_seq, in_full=in_full)
        answer = await self._post.send(batch, token, sent=len(piece.results))
        if answer.receipt and answer.receipt.time_ms:
            self._answered = (answer.receipt.time_ms, self._clock.boot_ms())
            half_ms = (self._clock.mono_ns() - began_ns) / 2e6
            self.clock_offset_ms = wall_ms + half_ms - answer.receipt.time_ms
        return answer

    def _stored(self, piece: Slice, context: str) -> None:
        self._known[context] = None
        while len(self._known) > KNOWN_CONTEXTS:
            del self._known[next(iter(self._known))]
        if piece.results:
            self._spool.ack(piece.first_seq, piece.last_seq)
            self._accepted += 1
            self.results_sent += len(piece.results)
        self._on_stored()
