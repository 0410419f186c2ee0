"""A pack as ZIP or folder: its files one by one, never all of them at once.

Unreadable    it is no pack, or a file that everything rests on is missing; only another pack helps
"""

import hashlib
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

MANIFEST = "MANIFEST.json"
FORMAT = "kentongan-audit/1"
BLOCK = 1 << 20
SMALL, MOST_TIMES = 64 << 20, 200
"""A file of a ZIP may be SMALL, or so many times as long as it is packed: what is more was made to fill a memory."""
DAMAGED = (BadZipFile, zlib.error, EOFError, OSError)
"""What reading a damaged file may raise."""


class Unreadable(Exception):  # noqa: N818  it reads as what it is
    """See above; the text says which file."""


class Pack:
    """Reads; `names` are of files, relative, with slashes."""

    def __init__(self, path: Path) -> None:
        self._zip: ZipFile | None = None
        self._folder = path
        if path.is_dir():
            found = [one.relative_to(path).as_posix() for one in path.rglob("*") if one.is_file()]
        else:
            try:
                self._zip = ZipFile(path)
            except (OSError, BadZipFile) as error:
                raise Unreadable(f"{path}: {error}") from None
            for one in self._zip.infolist():
                if one.file_size > max(SMALL, MOST_TIMES * one.compress_size):
                    raise Unreadable(f"{one.filename}: {one.file_size} / {one.compress_size}")
            found = [name for name in self._zip.namelist() if not name.endswith("/")]
        self.names = sorted({*found})
        self.twice = sorted(name for name, n in Counter(found).items() if n > 1)
        self._known = frozenset(self.names)

    def open(self, name: str) -> IO[bytes]:
        if name not in self._known:  # else a name with dots leads out of the folder
            raise Unreadable(name)
        try:
            return self._zip.open(name) if self._zip else (self._folder / name).open("rb")
        except (KeyError, OSError) as error:
            raise Unreadable(f"{name}: {error}") from None

    def text(self, name: str) -> IO[str]:
        """Lines as they were written; what is no UTF-8 becomes a mark that no number has."""
        return io.TextIOWrapper(self.open(name), encoding="utf-8", errors="replace", newline="")

    def json(self, name: str) -> Any:
        with self.text(name) as file:
            try:
                return json.load(file)
            except (ValueError, *DAMAGED) as error:
                raise Unreadable(f"{name}: {error}") from None

    def lines(self, name: str) -> Iterator[str]:
        """Without their ends; none of a file that is not there."""
        if name in self._known:
            try:
                with self.text(name) as file:
                    yield from (line.rstrip("\n") for line in file)
            except DAMAGED as error:
                raise Unreadable(f"{name}: {error}") from None

    def digest(self, name: str) -> str:
        """SHA-256 of the whole file in hexadecimal. A ZIP whose own check fails counts as another content."""
        found = hashlib.sha256()
        try:
            with self.open(name) as file:
                while block := file.read(BLOCK):
                    found.update(block)
        except DAMAGED:
            return ""
        return found.hexdigest()

    def within(self, folder: str) -> list[str]:
        return [name for name in self.names if name.startswith(f"{folder}/")]


def changed_files(pack: Pack) -> Iterator[tuple[str, str]]:
    """(what is wrong: `changed`, `missing`, `added` or `twice`; file) against the manifest, which is in the pack
    itself: it catches slips and damage, not who changes both."""
    told = pack.json(MANIFEST)["files"]
    known = {one["name"]: one["sha256"] for one in told}
    yield from (("twice", name) for name in pack.twice)
    for name in sorted({*known, *pack.names} - {MANIFEST}):
        if name not in known:
            if not name.endswith(".pyc"):
                yield "added", name
        elif name not in pack.names:
            yield "missing", name
        elif pack.digest(name) != known[name]:
            yield "changed", name
