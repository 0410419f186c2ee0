"""What remote-write stores were sent and are still owed, in SQL. `sink` names the store that is written to.

Nothing that is sent is kept here: it is made of the results whenever it is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from collector.store.doors import Ask, Write

TABLES = """
CREATE TABLE sent_until (
    sink TEXT NOT NULL, site TEXT NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (sink, site)
) WITHOUT ROWID;
CREATE TABLE resends (
    sink TEXT NOT NULL, site TEXT NOT NULL, hour_ms INTEGER NOT NULL, round INTEGER NOT NULL, due INTEGER NOT NULL,
    PRIMARY KEY (sink, site, hour_ms)
) WITHOUT ROWID;
CREATE INDEX resends_due ON resends (sink, hour_ms) WHERE due = 1;
"""

OWE = (
    "INSERT INTO resends VALUES (?, ?, ?, ?, 1) ON CONFLICT (sink, site, hour_ms)"
    " DO UPDATE SET round = round + 1, due = 1"
)


@dataclass(frozen=True, slots=True)
class Resend:
    """An hour of a site that must be sent (again): `round` 0 for the first time, then a correction with that number."""

    site: str
    hour_ms: int
    round: int


class Outbox:
    """As `collector.store.Store.outbox` offers it. StoreError as everywhere."""

    def __init__(self, ask: Ask, write: Write) -> None:
        self._ask, self._write = ask, write

    def sent_until(self, sink: str) -> dict[str, int]:
        """By site: up to where everything was sent once, exclusive."""
        return dict(
            self._ask(lambda db: db.execute("SELECT site, until_ms FROM sent_until WHERE sink = ?", (sink,)).fetchall())
        )

    def put_sent_until(self, sink: str, until_ms: Iterable[tuple[str, int]]) -> None:
        rows = [(sink, site, at_ms) for site, at_ms in until_ms]
        self._write(lambda db: db.executemany("INSERT OR REPLACE INTO sent_until VALUES (?, ?, ?)", rows).rowcount)

    def owe(self, sink: str, hours: Sequence[tuple[str, int]], *, round_: int = 1) -> None:
        """These (site, hour) must be sent; `round_`: 0 if they never were. One that is owed already is another round
        from now on: part of it may have been sent."""
        rows = [(sink, site, hour_ms, round_) for site, hour_ms in hours]
        self._write(lambda db: db.executemany(OWE, rows).rowcount)

    def due(self, sink: str, limit: int) -> list[Resend]:
        """The newest first: what people look at comes before what they looked at."""
        asked = (
            "SELECT site, hour_ms, round FROM resends WHERE sink = ? AND due = 1 ORDER BY hour_ms DESC, site LIMIT ?"
        )
        return [Resend(*row) for row in self._ask(lambda db: db.execute(asked, (sink, limit)).fetchall())]

    def count_due(self, sink: str) -> int:
        asked = "SELECT count(*) FROM resends WHERE sink = ? AND due = 1"
        return int(self._ask(lambda db: db.execute(asked, (sink,)).fetchone())[0])

    def sent(self, sink: str, hours: Sequence[Resend]) -> None:
        """These were sent, unless they were owed once more meanwhile."""
        rows = [(sink, *astuple(one)) for one in hours]
        asked = "UPDATE resends SET due = 0 WHERE sink = ? AND site = ? AND hour_ms = ? AND round = ?"
        self._write(lambda db: db.executemany(asked, rows).rowcount)

    def forget(self, sink: str, before_ms: int) -> None:
        """What is so old that it is never sent again."""
        asked = "DELETE FROM resends WHERE sink = ? AND hour_ms < ?"
        self._write(lambda db: db.execute(asked, (sink, before_ms)).rowcount)
