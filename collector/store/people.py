"""Users and sessions in SQL. Who may sign in is a human act and stands in the audit log; a password never does."""

import sqlite3
from dataclasses import astuple, fields

from collector.acts import canonical
from collector.people import Role, Session, User
from collector.store.acts import note
from collector.store.doors import Ask, Write

TABLES = """
CREATE TABLE users (
    name TEXT PRIMARY KEY, title TEXT NOT NULL, role TEXT NOT NULL, regency TEXT NOT NULL, password TEXT NOT NULL,
    created_ms INTEGER NOT NULL, disabled_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE sessions (
    hash BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES users, created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_of ON sessions (user);
ALTER TABLE tokens ADD COLUMN regency TEXT NOT NULL DEFAULT '';
"""

USERS = f"SELECT {', '.join(field.name for field in fields(User))} FROM users"  # noqa: S608  names of our own fields
SESSIONS = f"SELECT {', '.join(field.name for field in fields(Session))} FROM sessions"  # noqa: S608
PUT_USER = "INSERT OR REPLACE INTO users (name, title, role, regency, password, created_ms, disabled_ms)"
PUT_SESSION = "INSERT OR REPLACE INTO sessions (hash, user, created_ms, seen_ms, expires_ms) VALUES (?, ?, ?, ?, ?)"


class People:
    """Who may sign in and who has, as `collector.store.Store.people` offers it. StoreError as everywhere."""

    def __init__(self, ask: Ask, write: Write) -> None:
        self._ask, self._write = ask, write

    def users(self) -> list[User]:
        """By name, those too who may not sign in any more."""
        return self._ask(lambda db: [_user(row) for row in db.execute(f"{USERS} ORDER BY name")])

    def user(self, name: str) -> User | None:
        found = self._ask(lambda db: db.execute(f"{USERS} WHERE name = ?", (name,)).fetchone())
        return _user(found) if found else None

    def put_user(self, user: User, *, by: str, at_ms: int, act: str) -> None:
        """Writes `user`; `act` (`user.create`, `user.change`, `user.disable`, `user.password`) is what the log says.
        Whoever is changed is signed out everywhere."""
        detail = canonical({"role": user.role, "regency": user.regency, "title": user.title})

        def write(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM sessions WHERE user = ?", (user.name,))
            db.execute(f"{PUT_USER} VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(user))
            note(db, at_ms, by, act, user.name, detail)

        self._write(write)

    def rehash(self, name: str, password: str) -> None:
        """The same password with newer parameters: no human act, nobody is signed out."""
        self._write(lambda db: db.execute("UPDATE users SET password = ? WHERE name = ?", (password, name)).rowcount)

    def signed_in(self, hashed: bytes, now_ms: int) -> tuple[Session, User] | None:
        """The session that lasts at `now_ms`, with its user as the user is now; None if there is none."""

        def find(db: sqlite3.Connection) -> tuple[Session, User] | None:
            row = db.execute(f"{SESSIONS} WHERE hash = ? AND expires_ms > ?", (hashed, now_ms)).fetchone()
            if row is None:
                return None
            session = Session(**dict(zip(Session.__slots__, row, strict=True)))
            user = _user(db.execute(f"{USERS} WHERE name = ?", (session.user,)).fetchone())
            return (session, user) if user.disabled_ms is None else None

        return self._ask(find)

    def put_session(self, session: Session) -> None:
        """Opens it, or notes that it was seen; what is over is swept away."""

        def write(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM sessions WHERE expires_ms <= ?", (session.seen_ms,))
            db.execute(PUT_SESSION, astuple(session))

        self._write(write)

    def end_session(self, hashed: bytes) -> None:
        self._write(lambda db: db.execute("DELETE FROM sessions WHERE hash = ?", (hashed,)).rowcount)


def _user(row: tuple[object, ...]) -> User:
    known = dict(zip(User.__slots__, row, strict=True))
    return User(**known | {"role": Role(str(known["role"]))})  # type: ignore[arg-type]  # the columns are the fields
