"""Users and sessions in SQL. Who may sign in is a human act and stands in the audit log; a password never does."""

import sqlite3
from dataclasses import astuple, fields, replace

from collector.acts import BadAct, canonical
from collector.people import Role, Session, User, check_not_last
from collector.store.audit import note
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

ACTS = ("user.create", "user.change", "user.password", "user.disable", "user.enable")
"""What is done to users, as the audit log calls it."""
USERS = f"SELECT {', '.join(field.name for field in fields(User))} FROM users"  # noqa: S608  names of our own fields
SESSIONS = f"SELECT {', '.join(field.name for field in fields(Session))} FROM sessions"  # noqa: S608
PUT_USER = "INSERT OR REPLACE INTO users (name, title, role, regency, password, created_ms, disabled_ms)"
OPEN_SESSION = "INSERT INTO sessions (hash, user, created_ms, seen_ms, expires_ms) VALUES (?, ?, ?, ?, ?)"


class People:
    """Who may sign in and who has, as `collector.store.Store.people` offers it. StoreError as everywhere."""

    def __init__(self, ask: Ask, write: Write) -> None:
        self._ask, self._write = ask, write

    def users(self) -> list[User]:
        """By name, those too who may not sign in any more."""
        return self._ask(lambda db: [_user(row) for row in db.execute(f"{USERS} ORDER BY name")])

    def user(self, name: str) -> User | None:
        return self._ask(lambda db: _named(db, name))

    def add_user(self, user: User, *, by: str, at_ms: int) -> User:
        """`user`, who may sign in from now on. BadAct if there is one of that name, also one who may not any more."""

        def write(db: sqlite3.Connection) -> User:
            if _named(db, user.name):
                raise BadAct("known_user", name=user.name)
            _put(db, user, by, at_ms, "user.create")
            return user

        return self._write(write)

    def change_user(self, name: str, *, act: str, by: str, at_ms: int, **changed: object) -> User:
        """The user with some fields `changed`, signed out everywhere; `act` (one of ACTS) is what the log says. BadAct
        if there is none of that name, or if nobody would be left to say who may sign in."""

        def write(db: sqlite3.Connection) -> User:
            known = _named(db, name)
            if known is None:
                raise BadAct("unknown_user", name=name)
            user = replace(known, **changed)  # type: ignore[arg-type]  # the names are fields of User
            check_not_last([_user(row) for row in db.execute(USERS)], user)
            db.execute("DELETE FROM sessions WHERE user = ?", (name,))
            _put(db, user, by, at_ms, act)
            return user

        return self._write(write)

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

    def open_session(self, session: Session) -> None:
        """From now on the browser with its secret is the user's; sessions that are over are swept away."""

        def write(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM sessions WHERE expires_ms <= ?", (session.seen_ms,))
            db.execute(OPEN_SESSION, astuple(session))

        self._write(write)

    def used(self, hashed: bytes, now_ms: int, expires_ms: int) -> None:
        """The session was used, if there still is one: it may have been ended meanwhile."""
        asked = "UPDATE sessions SET seen_ms = ?, expires_ms = ? WHERE hash = ?"
        self._write(lambda db: db.execute(asked, (now_ms, expires_ms, hashed)).rowcount)

    def end_session(self, hashed: bytes) -> None:
        self._write(lambda db: db.execute("DELETE FROM sessions WHERE hash = ?", (hashed,)).rowcount)


def _named(db: sqlite3.Connection, name: str) -> User | None:
    row = db.execute(f"{USERS} WHERE name = ?", (name,)).fetchone()
    return _user(row) if row else None


def _put(db: sqlite3.Connection, user: User, by: str, at_ms: int, act: str) -> None:
    detail = canonical({"role": user.role, "regency": user.regency, "title": user.title})
    db.execute(f"{PUT_USER} VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(user))
    note(db, at_ms, by, act, user.name, detail)


def _user(row: tuple[object, ...]) -> User:
    known = dict(zip(User.__slots__, row, strict=True))
    return User(**known | {"role": Role(str(known["role"]))})  # type: ignore[arg-type]  # the columns are the fields
