"""What every command works with: configuration, texts, clock, terminal. And the exit codes."""

import getpass
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from collector.accounting.accounts import Accounts
from collector.accounting.calendar_files import calendar_of, load_calendars
from collector.config import SQLITE, CollectorConfig
from collector.sole import Taken, sole_owner
from collector.store import Store, open_store
from shared.clock import Clock, utc
from shared.texts import Texts

OK, FOUND_A_PROBLEM, CANNOT_RUN = 0, 1, 2


class CannotRun(Exception):  # noqa: N818  it reads as what it is: `raise CannotRun(...)`
    """The command cannot do what it was asked; the text says why and what to do. Exit code 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where a command talks. `ask` puts a question and waits for yes or no, `ask_secret` for something that must not be
    shown; None when nobody is there to answer."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    ask: Callable[[str], bool] | None = None
    ask_secret: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every command works with."""

    config: CollectorConfig
    texts: Texts
    clock: Clock
    terminal: Terminal

    def say(self, name: str, /, **values: object) -> None:
        print(self.texts.say(name, **values), file=self.terminal.out, flush=True)

    def complain(self, name: str, /, **values: object) -> None:
        print(self.texts.say(name, **values), file=self.terminal.err)

    def store(self) -> "closing[Store]":
        return closing(open_store(self.config.store))


def must_be_there(desk: Desk) -> None:
    """CannotRun if there is no store: what checks one must not find an empty one in good order."""
    if not Path(desk.config.store.removeprefix(SQLITE)).is_file():
        raise CannotRun(desk.texts.say("chain.no_store", store=desk.config.store))


def at_store(desk: Desk, file: str | None) -> Desk:
    """The desk, at another store if one is named."""
    if not file:
        return desk
    config = desk.config.model_copy(update={"store": SQLITE + str(Path(file).resolve())})
    return Desk(config=config, texts=desk.texts, clock=desk.clock, terminal=desk.terminal)


@contextmanager
def alone(desk: Desk) -> Iterator[None]:
    """Nobody else works with the store while the block runs; CannotRun if somebody does."""
    try:
        with sole_owner(desk.config.store):
            yield
    except Taken:
        raise CannotRun(desk.texts.say("collector.store_taken", store=desk.config.store)) from None
    except sqlite3.Error as error:
        raise CannotRun(desk.texts.say("collector.no_store", error=error)) from None


def accounts_of(
    store: Store, desk: Desk, clock: Clock, settle: Callable[[Sequence[str]], None] = lambda _sites: None
) -> Accounts:
    """The accounts of `store`, with the calendars of the configuration."""
    default = desk.config.default_calendar
    calendars = load_calendars(desk.config.calendars, default)
    return Accounts(store, lambda site: calendar_of(site, calendars, default), clock, settle)


def print_table(rows: Sequence[Sequence[str]], out: TextIO) -> None:
    """Left-aligned columns, two spaces between them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), file=out)


def local(at_ms: int | None, desk: Desk) -> str:
    """`at_ms` as a person at Diskominfo reads it."""
    return f"{utc(at_ms).astimezone(ZoneInfo(desk.config.timezone)):%Y-%m-%d %H:%M %Z}" if at_ms else "–"


def instant(text: str, timezone: str, desk: Desk) -> int:
    """`2026-11-22 08:00` or `2026-11-22` in `timezone`, or RFC 3339; CannotRun with how to write it."""
    try:
        at = datetime.fromisoformat(text)
        return round((at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise CannotRun(desk.texts.say("acts.bad_time", text=text)) from None


def login_name() -> str:
    """Who types: in whose name an act is entered. With sudo it is the one who called it, not root."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):  # a container without users
        return f"uid {os.getuid()}"
