"""The spool's directory: its lock, its segments and the second copy of each context.

It says what the disk did and decides nothing.
"""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from agent.durable import flush_directory, flush_file, write_all, write_whole
from agent.ranges import Ranges
from agent.segment import Label, Segment, decode_context, encode_context, inspect
from shared.wire import Context

SET_ASIDE_BYTES = 1 << 20
"""Poison is kept up to this size, for a person to look at; more of it is counted, not kept."""


class SpoolInUse(Exception):  # noqa: N818  it reads as what it is: `except SpoolInUse`
    """Another agent writes to this directory. Retrying helps once that one has stopped."""


class SpoolFiles:
    """One directory. Every method may raise OSError unless it says otherwise."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = -1
        self._handle = -1

    def prepare(self) -> None:
        """Make the directory and lock it; raises SpoolInUse. Needs doing once, may be asked for again."""
        if self._lock >= 0:
            return
        for folder in (self.directory, self._contexts):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(handle)
        except BlockingIOError:
            os.close(handle)
            raise SpoolInUse(f"{self.directory}: another agent is running with this directory") from None
        self._lock = handle

    def is_empty(self) -> bool:
        """Whether no spool has ever written here."""
        return not any(path.name not in {"lock", "contexts"} for path in self.directory.iterdir())

    def find(self) -> Iterator[tuple[Segment, Ranges, bool]]:
        """Every segment in order, the numbers missing from it, and whether it was left open; it is synced now."""
        for path in sorted(self.directory.iterdir()):
            named = Label.parse(path.name)
            if named is None:
                if path.suffix == ".new":  # a crash while it was written
                    self._unlink(path)
                continue
            label, count = named
            segment, missing = inspect(path, label, count, _size(self._contexts / label.context))
            if count is None:
                with suppress(OSError):  # a read-only disk holds what it holds
                    with path.open("rb+") as file:
                        flush_file(file.fileno())
                    self._complete(segment)
            yield segment, missing, count is None

    def start(self, label: Label, context: Context) -> Segment:
        """A new open segment on disk, its name synced."""
        self.keep_context(label.context, context)
        path, head = self.directory / label.name(), encode_context(context, label.seed)
        self._handle = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600
        )
        try:
            write_all(self._handle, head)
            flush_directory(self.directory)
        except OSError:
            self._let_go()
            path.unlink(missing_ok=True)
            raise
        return Segment(label, 0, len(head), path)

    def write(self, record: bytes) -> None:
        """Append to the open segment; after an OSError `finish` cuts off what was written of it."""
        if os.write(self._handle, record) < len(record):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def duplicate(self) -> int:
        """A handle of the open segment to sync, which the caller closes."""
        return os.dup(self._handle)

    def finish(self, segment: Segment) -> None:
        """Cut the open segment to its count, sync, close and complete it; OSError: not known to be on disk."""
        try:
            os.ftruncate(self._handle, segment.size)
            flush_file(self._handle)
        finally:
            self._let_go()
            with suppress(OSError):  # still called .open: found, and looked through, at the next start
                self._complete(segment)

    def store(self, segment: Segment, context: Context) -> None:
        """Write a segment that was in memory."""
        self.keep_context(segment.label.context, context)
        head = encode_context(context, segment.label.seed)
        path = self.directory / segment.label.name(segment.count)
        write_whole(path, head + bytes(segment.memory or b""))
        segment.path, segment.base, segment.memory = path, len(head), None

    def cut(self, segment: Segment) -> None:
        """Take everything behind the segment's count away; never raises."""
        if segment.path is not None:
            with suppress(OSError):
                os.truncate(segment.path, segment.size)
                self._complete(segment)

    def remove(self, segment: Segment) -> None:
        """Delete the file; never raises: what stays behind is known to be done with."""
        if segment.path is not None:
            self._unlink(segment.path)

    def context(self, name: str, segments: Iterable[Segment]) -> Context | None:
        """The context called `name` from its own file, else from a segment's head, to mend the file. Never raises."""
        with suppress(OSError):
            if context := decode_context((self._contexts / name).read_bytes(), _seed(name)):
                return context
        for segment in segments:
            with suppress(OSError):
                if context := segment.context():
                    self.keep_context(name, context)
                    return context
        return None

    def keep_context(self, name: str, context: Context) -> None:
        """Write the second copy, unless it is there and sound."""
        path, content = self._contexts / name, encode_context(context, _seed(name))
        if _size(path) != len(content) or path.read_bytes() != content:
            write_whole(path, content)

    def forget_contexts(self, used: set[str]) -> None:
        """Delete the contexts that no result refers to; never raises."""
        with suppress(OSError):
            for path in self._contexts.iterdir():
                if path.name not in used:
                    path.unlink(missing_ok=True)

    def set_aside(self, lines: Iterable[str]) -> None:
        """Keep poison for a person to look at."""
        path = self.directory / "set_aside" / "results.jsonl"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if _size(path) < SET_ASIDE_BYTES:
            with path.open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)

    def close(self) -> None:
        """Give up the lock."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def _contexts(self) -> Path:
        return self.directory / "contexts"

    @staticmethod
    def _unlink(path: Path) -> None:
        with suppress(OSError):
            path.unlink(missing_ok=True)

    def _let_go(self) -> None:
        handle, self._handle = self._handle, -1
        os.close(handle)

    def _complete(self, segment: Segment) -> None:
        """Give the segment the name that carries its count."""
        if segment.path is not None:
            path = self.directory / segment.label.name(segment.count)
            os.replace(segment.path, path)
            segment.path = path
            flush_directory(self.directory)


def _seed(name: str) -> int:
    return crc32(name.encode())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _lock(handle: int) -> None:
    """Lock an open file until it is closed or the process ends; raises BlockingIOError if another process has it."""
    if os.name == "nt":  # not tried here
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows only
        except OSError:
            raise BlockingIOError from None
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
