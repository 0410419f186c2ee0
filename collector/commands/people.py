"""`users`: who may sign in. The first administrator is made here; after that the page does it too."""

import secrets
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from collector.acts import BadAct
from collector.commands.desk import OK, CannotRun, Desk, local, print_table
from collector.commands.desk import login_name as who_types
from collector.faces.passwords import Passwords
from collector.people import Role, User, check_password, check_user, login_name
from collector.store import Store

T = TypeVar("T")


def users_add(desk: Desk, options: Namespace) -> int:
    """Adds a user, with a password that is asked for, read from a file, generated, or with none."""
    with desk.store() as store:
        now_ms = desk.clock.wall_ms()
        name, role = _told(desk, lambda: login_name(options.name)), Role(options.role)
        user = User(name=name, title=options.title or "", role=role, regency=options.regency or "", created_ms=now_ms)
        _told(desk, lambda: check_user(user, store.sites()))
        if store.people.user(name):
            raise CannotRun(desk.texts.say("people.known_user", name=name))
        password = "" if options.oidc else _password(desk, options)
        made = User(**{part: getattr(user, part) for part in User.__slots__} | {"password": _kept(password)})
        _told(desk, lambda: store.people.add_user(made, by=who_types(), at_ms=now_ms))
    _say(desk, "users.added", made)
    _show_generated(desk, options, name, password)
    return OK


def users_list(desk: Desk, _options: Namespace) -> int:
    """Every user, also those who may not sign in any more."""
    with desk.store() as store:
        users = store.people.users()
    if not users:
        desk.say("users.none")
        return OK
    say = desk.texts.say
    rows = [
        [
            user.name,
            user.title or "–",
            say(f"people.role.{user.role}"),
            user.regency or say("people.province"),
            say("people.disabled" if user.disabled_ms else "people.enabled"),
            say("people.by_password" if user.password else "people.by_oidc"),
            local(user.created_ms, desk),
        ]
        for user in users
    ]
    header = [say(f"users.head.{name}") for name in ("name", "title", "role", "regency", "state", "by", "since")]
    print_table([header, *rows], desk.terminal.out)
    return OK


def users_change(desk: Desk, options: Namespace) -> int:
    """Another role, regency or title; the user is signed out everywhere."""
    changed: dict[str, object] = {
        name: value for name in ("role", "regency", "title") if (value := getattr(options, name)) is not None
    }
    if options.province:
        changed["regency"] = ""
    if not changed:
        raise CannotRun(desk.texts.say("users.nothing"))
    if "role" in changed:
        changed["role"] = Role(options.role)
    with desk.store() as store:
        known = _known(desk, store, options.name)
        told = {part: getattr(known, part) for part in ("name", "title", "role", "regency")} | changed
        _told(desk, lambda: check_user(User(**told), store.sites()))
        user = _change(desk, store, known.name, "user.change", **changed)
    _say(desk, "users.changed", user)
    return OK


def users_password(desk: Desk, options: Namespace) -> int:
    """Another password; the user is signed out everywhere."""
    with desk.store() as store:
        known = _known(desk, store, options.name)
        password = _password(desk, options)
        _change(desk, store, known.name, "user.password", password=_kept(password))
    desk.say("users.password_set", name=known.name)
    _show_generated(desk, options, known.name, password)
    return OK


def users_disable(desk: Desk, options: Namespace) -> int:
    """Signs a user out everywhere, for good."""
    with desk.store() as store:
        known = _known(desk, store, options.name)
        _change(desk, store, known.name, "user.disable", disabled_ms=desk.clock.wall_ms())
    desk.say("users.disabled_now", name=known.name)
    return OK


def users_enable(desk: Desk, options: Namespace) -> int:
    """Lets a user sign in again, with the password they had."""
    with desk.store() as store:
        known = _known(desk, store, options.name)
        _change(desk, store, known.name, "user.enable", disabled_ms=None)
    desk.say("users.enabled_now", name=known.name)
    return OK


def _known(desk: Desk, store: Store, typed: str) -> User:
    name = _told(desk, lambda: login_name(typed))
    user = store.people.user(name)
    if user is None:
        raise CannotRun(desk.texts.say("people.unknown_user", name=name))
    return user


def _change(desk: Desk, store: Store, name: str, act: str, **changed: object) -> User:
    now_ms = desk.clock.wall_ms()
    return _told(desk, lambda: store.people.change_user(name, act=act, by=who_types(), at_ms=now_ms, **changed))


def _password(desk: Desk, options: Namespace) -> str:
    """The password that is wanted: generated, the first line of a file, or typed twice without being shown."""
    if options.generate:
        return secrets.token_urlsafe(15)
    if options.password_file:
        try:
            lines = Path(options.password_file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CannotRun(desk.texts.say("users.unreadable", path=options.password_file, error=error)) from None
        password = again = lines[0] if lines else ""
    elif desk.terminal.ask_secret is None:
        raise CannotRun(desk.texts.say("users.needs_password"))
    else:
        password = desk.terminal.ask_secret(desk.texts.say("users.ask_password"))
        again = desk.terminal.ask_secret(desk.texts.say("users.ask_again"))
    if password != again:
        raise CannotRun(desk.texts.say("people.unlike"))
    _told(desk, lambda: check_password(password))
    return password


def _kept(password: str) -> str:
    return Passwords().hash(password) if password else ""


def _show_generated(desk: Desk, options: Namespace, name: str, password: str) -> None:
    if options.generate:
        desk.say("users.generated", name=name, password=password)


def _say(desk: Desk, sentence: str, user: User) -> None:
    say = desk.texts.say
    regency = user.regency or say("people.province")
    desk.say(sentence, name=user.name, role=say(f"people.role.{user.role}"), regency=regency)


def _told(desk: Desk, act: Callable[[], T]) -> T:
    """What `act` returns; CannotRun in words if it is refused."""
    try:
        return act()
    except BadAct as bad:
        raise CannotRun(desk.texts.say(f"people.{bad.reason}", **bad.values)) from None
