"""Who may see and change what, who can be a user, how long a session lasts, and how often one may try to sign in."""

import asyncio
from typing import Literal

import pytest
from argon2 import PasswordHasher

from collector.acts import BadAct
from collector.config import CollectorConfig
from collector.faces.attempts import FORGET_S, Attempts, origin_of
from collector.faces.pages.login import inside
from collector.faces.passwords import Busy, Passwords
from collector.people import (
    ANYBODY,
    PeopleSettings,
    Role,
    User,
    Who,
    check_not_last,
    check_password,
    check_user,
    login_name,
    opened,
    used_until,
)
from collector.registry import Site
from shared.settings import BadSettings, check

HOUR, DAY = 3_600_000, 86_400_000
BERAU = Site(code="1", name="A", regency="Berau", provider="Icon+")
PASER = Site(code="2", name="B", regency="Paser", provider="Icon+")
PASSWORDS = Passwords()
ADMIN = User(name="ani", role=Role.ADMINISTRATOR)


def test_each_role_may_what_those_before_it_may() -> None:
    for n, role in enumerate(Role):
        assert [Who(name="x", role=role).may(other) for other in Role] == [place <= n for place in range(3)]


def test_nobody_reads_and_changes_nothing() -> None:
    assert [ANYBODY.may(role) for role in Role] == [True, False, False]


def test_who_the_others_are_is_said_for_the_whole_province_alone() -> None:
    assert not Who(name="x", role=Role.ADMINISTRATOR, regency="Berau").may(Role.ADMINISTRATOR)


@pytest.mark.parametrize(
    ("scope", "of", "may"),
    [
        ("site", "1", True),
        ("regency", "Berau", True),
        ("site", "2", False),
        ("provider", "Icon+", False),
        ("all", "", False),
        ("site", "no such", False),
    ],
)
def test_who_is_of_one_regency_changes_what_concerns_it_alone(scope: str, of: str, may: bool) -> None:
    assert Who(name="x", role=Role.OPERATOR, regency="Berau").may_change(scope, of, [BERAU, PASER]) is may
    assert Who(name="x", role=Role.OPERATOR).may_change(scope, of, [BERAU, PASER])


@pytest.mark.parametrize(("typed", "name"), [(" Budi ", "budi"), ("a.b+c@example.go.id", "a.b+c@example.go.id")])
def test_a_name_is_the_same_however_it_is_typed(typed: str, name: str) -> None:
    assert login_name(typed) == name


@pytest.mark.parametrize("typed", ["", "..", "a/b", "a b", "é", "x" * 65, "a\nb", "a?b"])
def test_a_name_must_fit_into_an_address_and_a_log(typed: str) -> None:
    with pytest.raises(BadAct, match="bad_name"):
        login_name(typed)


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (User(name="x", role=Role.ADMINISTRATOR, regency="Berau"), "administrator_of_all"),
        (User(name="x", regency="Bera"), "unknown_regency_of"),
        (User(name="x", regency="Zzz"), "unknown_regency"),
        (User(name="x", title="a\x1b[2J"), "bad_title"),
        (User(name="x", title="a" * 81), "bad_title"),
    ],
)
def test_who_cannot_be_a_user_is_refused_with_the_reason(user: User, reason: str) -> None:
    with pytest.raises(BadAct) as bad:
        check_user(user, [BERAU])
    assert bad.value.reason == reason


def test_the_last_administrator_stays_one() -> None:
    users = [ADMIN, User(name="budi"), User(name="gone", role=Role.ADMINISTRATOR, disabled_ms=1)]
    for changed in (User(name="ani", role=Role.OPERATOR), User(name="ani", role=Role.ADMINISTRATOR, disabled_ms=1)):
        with pytest.raises(BadAct, match="last_administrator"):
            check_not_last(users, changed)
        check_not_last([*users, User(name="citra", role=Role.ADMINISTRATOR)], changed)
    check_not_last([User(name="budi")], User(name="budi", role=Role.OPERATOR))  # there was none to lose


@pytest.mark.parametrize(
    ("password", "good"), [("a" * 9, False), ("a" * 10, True), ("a" * 200, True), ("a" * 201, False)]
)
def test_a_password_is_judged_by_its_length_alone(password: str, good: bool) -> None:
    if good:
        check_password(password)
    else:
        with pytest.raises(BadAct, match="bad_password"):
            check_password(password)


def test_a_session_lasts_while_it_is_used_and_not_for_ever() -> None:
    settings = PeopleSettings(session_hours=12, session_max_days=1)
    session = opened(b"", "ani", 0, settings)
    assert session.expires_ms == 12 * HOUR
    assert used_until(session, 5 * HOUR, settings) == 17 * HOUR
    assert used_until(session, 20 * HOUR, settings) == DAY


def test_after_some_failures_the_wait_doubles_up_to_a_limit() -> None:
    attempts, waits = Attempts(free=3, longest_s=10), []
    for _ in range(7):
        attempts.begun("ani", 100)
        waits.append(attempts.wait_s("ani", 100))
    assert waits == [0, 0, 1, 2, 4, 8, 10]
    assert (attempts.wait_s("ani", 104), attempts.wait_s("ani", 110), attempts.wait_s("budi", 100)) == (6, 0, 0)


def test_success_forgets_failures_of_a_name_but_not_of_an_address() -> None:
    attempts = Attempts(free=2, longest_s=60)
    for key in ("ani", "10.0.0.1"):
        attempts.begun(key, 0)
        attempts.begun(key, 0)
    attempts.succeeded("ani", forget=True)
    attempts.succeeded("10.0.0.1", forget=False)
    for key, wait_s in (("ani", 0), ("10.0.0.1", 1)):
        attempts.begun(key, 1)
        assert attempts.wait_s(key, 1) == wait_s


def test_failures_of_long_ago_do_not_count() -> None:
    attempts = Attempts(free=2, longest_s=60)
    attempts.begun("ani", 0)
    attempts.begun("ani", FORGET_S + 1)
    assert attempts.wait_s("ani", FORGET_S + 1) == 0


def test_a_flood_of_names_takes_no_more_memory_than_is_allowed() -> None:
    attempts = Attempts(free=1, longest_s=60, most=100)
    for n in range(1000):
        attempts.begun(f"name-{n}", 0)
    assert (len(attempts), attempts.wait_s("name-0", 0), attempts.wait_s("name-999", 0)) == (100, 0, 1)


@pytest.mark.parametrize(
    ("remote", "forwarded", "counts_for"),
    [
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "8.8.8.8", "10.1.2.3"),  # it may say what it likes: it is no proxy of ours
        ("127.0.0.1", "1.1.1.1, 10.9.9.9", "10.9.9.9"),  # what comes first the client wrote itself
        ("127.0.0.1", "", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:0db8:0001:0002"),
        ("127.0.0.1", "nonsense", "nonsense"),
    ],
)
def test_an_attempt_counts_for_the_address_it_comes_from(remote: str, forwarded: str, counts_for: str) -> None:
    assert origin_of(remote, forwarded, ("127.0.0.1",)) == counts_for


@pytest.mark.parametrize(
    ("onward", "path"),
    [
        ("/", ""),
        ("/sites/64.07.05.2017", "sites/64.07.05.2017"),
        ("/?q=a+b&regency=Kutai%20Barat", "?q=a+b&regency=Kutai%20Barat"),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("/%5cevil.example", ""),
        ("https://evil.example", ""),
        ("javascript:alert(1)", ""),
        ("/../other", ""),
        ("/%2e%2e/other", ""),
        ("/a\r\nSet-Cookie: x=1", ""),
        ("sites/1", ""),
        ("/é", ""),
    ],
)
def test_after_the_log_in_one_goes_on_to_our_own_pages_alone(onward: str, path: str) -> None:
    assert inside(onward) == path


async def test_a_password_is_kept_as_argon2id_and_known_again() -> None:
    kept = PASSWORDS.hash("sandi yang panjang")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await PASSWORDS.check("sandi yang panjang", kept) == kept
    assert await PASSWORDS.check("sandi yang pendek", kept) is None
    assert [await PASSWORDS.check("anything", kept) for kept in ("", "no hash")] == [None, None]


class CountingHasher(PasswordHasher):
    """Counts how often it works."""

    compared = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  its name there
        self.compared += 1
        return super().verify(hash, password)


async def test_an_unknown_name_takes_as_much_work_as_a_wrong_password() -> None:
    hasher = CountingHasher(time_cost=1, memory_cost=64, parallelism=1)
    passwords = Passwords(hasher=hasher)
    kept = passwords.hash("sandi yang panjang")
    for n, asked in enumerate((kept, "", kept, ""), start=1):
        assert await passwords.check("sandi yang salah", asked) is None
        assert hasher.compared == n


async def test_two_keyboards_write_the_same_password() -> None:
    assert await PASSWORDS.check("cafe\u0301 kopi", PASSWORDS.hash("caf\u00e9 kopi"))


async def test_a_password_with_older_parameters_is_kept_anew() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("sandi yang panjang")
    anew = await PASSWORDS.check("sandi yang panjang", old)
    assert anew not in (None, old)


async def test_a_flood_of_passwords_is_sent_away_and_not_kept_waiting() -> None:
    passwords = Passwords()
    told = await asyncio.gather(*(passwords.check("x", "") for _ in range(50)), return_exceptions=True)
    assert (told.count(None), sum(isinstance(one, Busy) for one in told)) == (20, 30)


@pytest.mark.parametrize(
    ("oidc", "said"),
    [
        ({"issuer": "http://idp.example"}, "people.oidc.issuer must begin with https://"),
        ({"scopes": ["profile"]}, 'people.oidc.scopes must have "openid" in it'),
        ({"create": "operator"}, "people.oidc.create"),
        ({"claims": "x"}, "people.oidc.claims is not a known key. Did you mean claim?"),
    ],
)
def test_a_mistake_in_the_settings_is_told(oidc: dict[str, object], said: str) -> None:
    table = {"people": {"oidc": {"issuer": "https://idp", "client_id": "k", "client_secret_file": "s"} | oidc}}
    with pytest.raises(BadSettings) as bad:
        check(table, CollectorConfig, "collector.toml")
    assert said in str(bad.value)
