"""Where a report goes: a file, a folder or standard output; whole, or not at all. And how far it is."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TextIO

from collector.commands.desk import CannotRun, Desk
from collector.reports.writing.words import decimal, grouped

REWRITE_NS, TELL_NS = 100_000_000, 10_000_000_000
"""How often progress is told: on a terminal the line is written anew, elsewhere there is a new line."""


def print_file(desk: Desk, path: Path, write: Callable[[IO[bytes]], None], *, force: bool) -> Path:
    """What `write` writes, at `path`; nothing is there if it fails. CannotRun if there is no room, no right, or
    something there already that nobody said to write over."""
    with _said(desk, path), _beside(desk, path, force=force) as part:
        with part.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    return path


def print_folder(desk: Desk, folder: Path, lay_out: Callable[[Path], None], *, force: bool) -> Path:
    """What `lay_out` puts into the folder that it is given, as `folder`; otherwise like `print_file`."""
    with _said(desk, folder), _beside(desk, folder, force=force) as part:
        lay_out(part)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    return folder


def print_out(desk: Desk, write: Callable[[IO[bytes]], None], written: Callable[[], None]) -> None:
    """To standard output, when all of it is there and `written` is told."""
    with _said(desk, "-"), TemporaryFile() as file:
        write(file)
        written()
        file.seek(0)
        shutil.copyfileobj(file, _bytes_of(desk.terminal.out))
        desk.terminal.out.flush()


def make_folder(desk: Desk, folder: Path) -> None:
    """It is there afterwards."""
    with _said(desk, folder):
        folder.mkdir(parents=True, exist_ok=True)


def size_of(path: Path, desk: Desk) -> str:
    """Of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    size = sum(one.stat().st_size for one in files)
    if size < 2**20:
        return f"{decimal(size / 2**10, 0, desk.texts)} KiB"
    return f"{decimal(size / 2**20, 1, desk.texts)} MiB"


@contextmanager
def _beside(desk: Desk, path: Path, *, force: bool) -> Iterator[Path]:
    """Where to make what is to stand at `path`; nothing of it is left if it does not come to that."""
    if path.exists() and not force:
        raise CannotRun(desk.texts.say("report.is_there", path=path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(part) if part.is_dir() else part.unlink()


@contextmanager
def _said(desk: Desk, path: Path | str) -> Iterator[None]:
    """What the system refuses is said in a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise CannotRun(desk.texts.say("report.disk_full", path=path)) from None
        why = error.strerror or error
        raise CannotRun(desk.texts.say("report.cannot_write", path=path, why=why)) from None


def _bytes_of(out: TextIO) -> IO[bytes]:
    buffer: IO[bytes] = out.buffer
    return buffer


@contextmanager
def telling(desk: Desk) -> Iterator["Progress"]:
    """Whoever waits is told how far it is while the block runs."""
    progress = Progress(desk)
    try:
        yield progress
    finally:
        progress.end()


class Progress:
    """One line that is written anew on a terminal; elsewhere a line now and then."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._err = desk, desk.terminal.err
        self._is_terminal = self._err.isatty()
        self._told_ns = desk.clock.mono_ns()
        self._shown = False

    def tell(self, what: str, done: int, of: int) -> None:
        """`of` 0: nobody knows of how many."""
        now_ns = self._desk.clock.mono_ns()
        if now_ns - self._told_ns < (REWRITE_NS if self._is_terminal else TELL_NS):
            return
        self._told_ns = now_ns
        texts = self._desk.texts
        name = "report.progress" if of else "report.progress_open"
        line = texts.say(name, what=what, done=grouped(done, texts), of=grouped(of, texts))
        if self._is_terminal:
            self._shown = True
            print(f"\r\x1b[K{line}", end="", file=self._err, flush=True)
        else:
            print(line, file=self._err, flush=True)

    def end(self) -> None:
        """The line is empty again."""
        if self._shown:
            self._shown = False
            print("\r\x1b[K", end="", file=self._err, flush=True)
