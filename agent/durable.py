"""Files that are whole or not there: what the spool and the host's state file need from the file system."""

import os
from collections.abc import Callable
from pathlib import Path

flush_file: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)  # macOS and Windows have no fdatasync


def flush_directory(directory: Path) -> None:
    """Make the names in `directory` durable; after a power cut a file without its name is lost as well."""
    if os.name == "nt":
        return  # Windows cannot open a directory; NTFS journals names itself (not tried here)
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, data: bytes) -> None:
    """Replace `path` by `data` so that any crash leaves the old or the new content, never a mixture; raises OSError."""
    beside = path.with_name(path.name + ".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        try:
            write_all(handle, data)
            flush_file(handle)
        finally:
            os.close(handle)
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)  # half a file would take the room that a full disk needs
        raise
    flush_directory(path.parent)


def write_all(handle: int, data: bytes) -> None:
    """Write every byte; a full disk may take a part first and say so only at the next call."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
