"""Where the many files of a pack go: a folder, or a ZIP that is written from front to end."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Protocol
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo


class Shelf(Protocol):
    """Takes files one after the other; `name` is relative, with slashes."""

    def put(self, name: str) -> AbstractContextManager[IO[bytes]]: ...


class ZipShelf:
    """Into a ZIP. Every file has the time that the pack has, so that the same content makes the same ZIP."""

    def __init__(self, archive: ZipFile, made_at: tuple[int, int, int, int, int, int]) -> None:
        self._archive, self._made_at = archive, made_at

    @contextmanager
    def put(self, name: str) -> Iterator[IO[bytes]]:
        entry = ZipInfo(_checked(name), self._made_at)
        entry.compress_type = ZIP_DEFLATED
        with self._archive.open(entry, "w", force_zip64=True) as file:
            yield file


class FolderShelf:
    """Into a folder, which is made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def put(self, name: str) -> Iterator[IO[bytes]]:
        path = self._folder / _checked(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            yield file


def _checked(name: str) -> str:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise ValueError(f"{name!r} leads out of the shelf")
    return name
