"""A shelf that writes down the digest of every file that is put on it."""

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from collector.reports.shelf import Shelf

MANIFEST = "MANIFEST.json"


class ListedShelf:
    """Puts on `shelf`; `finish` puts the list there too."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._files: list[dict[str, str | int]] = []

    @contextmanager
    def put(self, name: str) -> Iterator[IO[bytes]]:
        with self._shelf.put(name) as file:
            listed = _Listed(file)
            yield cast("IO[bytes]", listed)
        self._files.append({"name": name, "bytes": listed.length, "sha256": listed.digest.hexdigest()})

    def put_json(self, name: str, value: Any) -> None:
        """Readable, and the same content as the same bytes."""
        with self.put(name) as file:
            file.write(json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n")

    def put_text(self, name: str, text: str) -> None:
        with self.put(name) as file:
            file.write(text.encode())

    def finish(self) -> None:
        with self._shelf.put(MANIFEST) as file:
            told = {"files": sorted(self._files, key=lambda one: str(one["name"]))}
            file.write(json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n")


class _Listed(io.RawIOBase):
    """Passes on what is written, and adds it to the digest."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file, self.digest, self.length = file, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, block: Any) -> int:
        written = bytes(block)
        self._file.write(written)
        self.digest.update(written)
        self.length += len(written)
        return len(written)
