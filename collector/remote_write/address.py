"""One store that takes remote writes: sends requests, says whether they arrived, sets aside what it refuses for ever.

What the answers mean (remote write 1.0, and Prometheus' storage/remote/write_handler.go):

* 2xx: all is there; the same samples once more do no harm.
* 400: at least one sample is refused (too old for its window, or another value for the same instant), and a Prometheus
  keeps none of the request. So the request is halved, again and again, until what it refuses stands alone.
* 500 with REFUSALS in it: the same, from a Prometheus before 2.45, which does not tell the two apart.
* everything else, also no answer: it may help to try again; nothing is given up.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import cramjam
from aiohttp import hdrs

from collector.remote_write import RemoteWriteSettings
from collector.remote_write.message import Series, write_request

log = logging.getLogger(__name__)

HEADERS = {
    hdrs.CONTENT_TYPE: "application/x-protobuf",
    hdrs.CONTENT_ENCODING: "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    hdrs.USER_AGENT: "kentongan-collector",
}
REFUSALS = ("too old sample", "out of bounds", "out of order sample", "duplicate sample")
MOST_RETRY_S = 3600.0
"""Nobody is believed who says to come back later than that."""
MOST_HALVINGS = 200
"""Requests spent on finding what of one is refused; after that the rest of it counts as refused."""


class Away(Exception):  # noqa: N818  it reads as what it is: `except Away`
    """The store did not take it now. Trying again later helps, after `retry_s` if it said so."""

    def __init__(self, why: str, retry_s: float = 0.0) -> None:
        super().__init__(why)
        self.retry_s = min(retry_s, MOST_RETRY_S)


@dataclass(slots=True)
class Counters:
    """Samples by what became of them, and requests that did not arrive."""

    sent: int = 0
    refused: int = 0
    failed: int = 0


class Address:
    """Sends to one URL."""

    def __init__(self, settings: RemoteWriteSettings, counters: Counters) -> None:
        self._settings, self._counters = settings, counters
        self._session: aiohttp.ClientSession | None = None  # made in the loop that uses it

    async def send(self, series: Sequence[Series]) -> None:
        """Returns when all samples are stored or refused for ever; Away when some are neither."""
        waiting, tries = [list(series)] if series else [], 0
        while waiting:
            part = waiting.pop()
            n, tries = sum(len(one.samples) for one in part), tries + 1
            refusal = await self._post(part)
            if refusal is None:
                self._counters.sent += n
            elif n > 1 and tries < MOST_HALVINGS:
                waiting += halves(part)
            else:
                self._counters.refused += n
                log.warning("remote_write sink=%s result=refused samples=%d said=%r", self._settings.name, n, refusal)

    async def _post(self, series: Sequence[Series]) -> str | None:
        """None: stored. Text: refused for ever, and why. Away: neither."""
        body = bytes(cramjam.snappy.compress_raw(write_request(series)))
        try:
            if self._session is None:
                self._session = self._settings.session(await asyncio.to_thread(self._settings.sign_in))
            async with self._session.post(self._settings.url, data=body, headers=HEADERS) as answer:
                said = (await answer.content.read(300)).decode(errors="replace").strip()
                status, retry = answer.status, answer.headers.get(hdrs.RETRY_AFTER, "")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._counters.failed += 1
            raise Away(str(error) or type(error).__name__) from None
        if status // 100 == 2:
            return None
        if status == 400 or (status == 500 and any(word in said for word in REFUSALS)):
            return said
        self._counters.failed += 1
        raise Away(f"{status} {said}", float(retry) if retry.isascii() and retry.isdigit() else 0.0)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def halves(series: Sequence[Series]) -> list[list[Series]]:
    """Two parts of a request that has at least two samples: by series, or the times of the only one."""
    if len(series) > 1:
        middle = len(series) // 2
        return [list(series[:middle]), list(series[middle:])]
    [only] = series
    middle = len(only.samples) // 2
    return [[Series(only.labels, only.samples[:middle])], [Series(only.labels, only.samples[middle:])]]
