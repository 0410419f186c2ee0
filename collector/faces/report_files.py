"""Files of reports: written within bounds, and handed out so that none of them can do harm in a browser."""

import errno
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import IO, TYPE_CHECKING

from aiohttp import hdrs, web

from collector.faces.report_wanted import Order, content_type_of
from collector.reports.press import file_name
from collector.reports.writing.formats import CannotWrite
from collector.store import StoreError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from aiohttp.abc import AbstractStreamWriter

MOST_FILE_BYTES = 2 << 30
LEAVE_FREE_BYTES = 256 << 20
"""On the disk of temporary files, which others need too; it may be memory."""
BUFFER_BYTES = 256 << 10
FULL = (errno.ENOSPC, errno.EDQUOT)
INLINE = "html"
"""The one format that a browser shows from our address; everything else is saved."""
COMPRESSED = ("text/", "application/json")
NO_SCRIPT = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)
"""A report by itself: its own style and pictures, no script, no forms, and not as a page of ours."""


class Stopped(Exception):  # noqa: N818  it reads as what it is: `except Stopped`
    """Nobody wants the report any more, or the collector stops."""


class TooLarge(Exception):  # noqa: N818  it reads as what it is: `except TooLarge`
    """The file would be larger than the page makes; the command line can. Retrying helps with a smaller scope."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no file: `reports_page.failed.<why>`, and what is said by itself, in the reader's words or a
    machine's. `status`: of the problem that a program gets."""

    why: str
    status: int
    detail: str = ""

    @property
    def is_bug(self) -> bool:
        return self.why == "bug"


def failure_of(error: Exception) -> Failure:
    """What an error while writing means to whoever waits for the file."""
    match error:
        case CannotWrite():
            return Failure("cannot_write", 501, str(error))
        case StoreError():
            return Failure("store", 503, str(error))
        case TooLarge():
            return Failure("too_large", 507)
        case OSError() if error.errno in FULL:
            return Failure("disk_full", 507)
    return Failure("bug", 500)


class _Bounded(io.FileIO):
    """A file that is stopped from outside, and does not grow without end."""

    def __init__(self, path: Path, stop: threading.Event, most_bytes: int, leave_free_bytes: int) -> None:
        super().__init__(path, "w")
        self._folder, self._stop = path.parent, stop
        self._most_bytes, self._leave_free_bytes = most_bytes, leave_free_bytes

    def write(self, data: "ReadableBuffer") -> int:
        if self._stop.is_set():
            raise Stopped
        if self.tell() + memoryview(data).nbytes > self._most_bytes:
            raise TooLarge
        if disk_usage(self._folder).free < self._leave_free_bytes:
            raise OSError(errno.ENOSPC, "the disk of temporary files is almost full")
        return super().write(data) or 0


def written(
    path: Path,
    stop: threading.Event,
    write: Callable[[IO[bytes]], object],
    most_bytes: int = MOST_FILE_BYTES,
    leave_free_bytes: int = LEAVE_FREE_BYTES,
) -> int:
    """How many bytes `write` wrote to `path` (blocks). Raises Stopped, TooLarge, OSError, and what `write` raises."""
    with io.BufferedWriter(_Bounded(path, stop, most_bytes, leave_free_bytes), BUFFER_BYTES) as file:
        write(file)
    if stop.is_set():
        raise Stopped
    return path.stat().st_size


class FileOnce(web.FileResponse):
    """`after` is called when it was sent, or could not be."""

    def __init__(self, path: Path, after: Callable[[], None]) -> None:
        super().__init__(path)
        self._after = after

    async def prepare(self, request: web.BaseRequest) -> "AbstractStreamWriter | None":
        try:
            return await super().prepare(request)
        finally:
            self._after()


def handed(
    request: web.Request, order: Order, path: Path, after: Callable[[], None] = lambda: None
) -> web.StreamResponse:
    """The file at `path` as what was ordered. A part of it (`Range`) cannot be compressed."""
    response, kind = FileOnce(path, after), content_type_of(order.form)
    response.content_type = kind.partition(";")[0]
    if kind.startswith(COMPRESSED):
        response.charset = "utf-8"
        if hdrs.RANGE not in request.headers:
            response.enable_compression()
    shown = "inline" if order.form == INLINE else "attachment"
    name = file_name(order.kind, order.wanted, order.form)
    response.headers[hdrs.CONTENT_DISPOSITION] = f'{shown}; filename="{name}"'
    if order.form == INLINE:
        response.headers["Content-Security-Policy"] = NO_SCRIPT
    return response
