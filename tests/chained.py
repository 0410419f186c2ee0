"""A site whose days were closed, corrected and linked, and somebody who edits its store past the program."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from io import StringIO
from pathlib import Path

from collector.accounting.anchor import Anchor
from collector.accounting.inspection import Inspection
from collector.app import main
from collector.commands.desk import Terminal
from collector.store import Delivery
from shared.result import Group, Outcome, Result
from shared.wire import Batch, Context, Host, TargetSpec, encode_planes
from tests.bookkeeping import BASE, DAY, HOUR, MONDAY, ROUND, SITE, Office

FIRST_DAY, SECOND_DAY = "2026-01-05", "2026-01-06"


def lived(folder: Path) -> Office:
    """Two closed days: of the first the line was down for two hours, which was told late, and an act excluded an hour.
    Links 1 and 2 closed them, 3 and 4 correct the first. All of it is folded."""
    office = Office(folder)
    office.deliver(MONDAY, MONDAY + 10 * HOUR)
    office.deliver(MONDAY + 12 * HOUR, MONDAY + 2 * DAY + HOUR)
    office.clock.step((MONDAY + 2 * DAY + 2 * HOUR - office.clock.wall_ms()) / 1000)
    office.close()
    office.clock.advance(60)
    office.deliver(MONDAY + 10 * HOUR, MONDAY + 12 * HOUR, "line")
    office.close()
    office.clock.advance(60)
    office.exclude(MONDAY + 10 * HOUR, MONDAY + 11 * HOUR)
    office.close()
    office.store.compact(1 << 62)
    return office


def deliver_error(office: Office, at_ms: int) -> None:
    """A result that says nothing of the line, of a target that no account knows: the probe itself failed."""
    spec = TargetSpec(name="portal", group=Group.SERVICE, kind="http", interval_ms=ROUND)
    context = Context(
        boot_id="b1", boot_at_ms=BASE, run_at_ms=BASE, clock_base_ms=BASE, push_interval_ms=ROUND, targets=(spec,)
    )
    result = Result(target="portal", started_ms=at_ms - BASE, outcome=Outcome.ERROR, sent=1, received=0)
    batch = Batch(
        stream=f"{next(office.streams):04x}",
        first_seq=0,
        n=1,
        context=context.name,
        host=Host(sent_wall_ms=0, sent_boot_ms=0),
        base_ms=result.started_ms,
        planes=encode_planes([(0, result)], [ROUND], result.started_ms),
    )
    now_ms = office.clock.wall_ms()
    office.store.append(
        Delivery(agent="pc", site=SITE.code, batch=batch, context=context, received_at_ms=now_ms)
    ).result()
    office.judge()


def says(office: Office, anchors: Sequence[Anchor] = ()) -> Inspection:
    """An inspection of the store as a process finds it that opens it now."""
    office.reopen()
    return Inspection(office.store, anchors)


def faults(office: Office, anchors: Sequence[Anchor] = ()) -> list[tuple[str, str, int]]:
    """(kind, day, link) of each that an inspection finds."""
    return [(one.kind, one.day, one.n) for one in says(office, anchors).faults()]


def edited(office: Office, *statements: str) -> None:
    """What somebody can do who may write the file: triggers keep nobody out."""
    with closing(sqlite3.connect(office.folder / office.file)) as db, db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert db.execute(statement).rowcount > 0, statement


def blob_of(office: Office, table: str, column: str, key: int) -> bytes:
    with closing(sqlite3.connect(office.folder / office.file)) as db:
        [(blob,)] = db.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (key,))
        return bytes(blob)


def put_blob(office: Office, table: str, column: str, key: int, blob: bytes) -> None:
    edited(office, f"UPDATE {table} SET {column} = x'{blob.hex()}' WHERE rowid = {key}")


def change_byte(office: Office, table: str, column: str, key: int, at: int) -> None:
    """One bit of one byte."""
    blob = blob_of(office, table, column, key)
    at %= len(blob)
    put_blob(office, table, column, key, blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :])


def keys(office: Office, table: str) -> list[int]:
    with closing(sqlite3.connect(office.folder / office.file)) as db:
        return [key for (key,) in db.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]


class Terminals:
    """Somebody who types commands at the office's store, which must be closed."""

    def __init__(self, office: Office) -> None:
        self.office, self.folder = office, office.folder
        self._config = office.folder / "collector.toml"
        self._config.write_text(
            f'store = "sqlite:///{office.file}"\nprovince = "Kalimantan Timur"\nlanguage = "en"\n', encoding="utf-8"
        )
        self.said, self.told = "", ""

    def types(self, *argv: str) -> int:
        out, err = StringIO(), StringIO()
        code = main([*argv, "--config", str(self._config)], Terminal(out=out, err=err))
        self.said, self.told = out.getvalue(), err.getvalue()
        return code
