"""Users and tokens by the command line, as the operator of a collector types it."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from collector.app import main
from collector.commands.desk import Terminal
from collector.config import load_config
from collector.faces.passwords import Passwords
from collector.people import Role, User
from collector.registry import Site, Token
from collector.store import open_store

PASSWORD = "sandi yang panjang"
BERAU = Site(code="0064", name="Kantor A", regency="Berau")


class Office:
    """A collector's folder, and somebody who types; `secrets` is what they type where nothing is shown."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "collector.toml"
        self.config.write_text('language = "en"\nlisten = "127.0.0.1:0"\n')
        with closing(open_store(load_config(self.config).store)) as store:
            store.put_sites([BERAU])

    def types(self, *argv: str, secrets: Sequence[str] = ()) -> tuple[int, str]:
        """(exit code, all that was printed)."""
        typed: Iterator[str] = iter(secrets)
        out = StringIO()
        ask = (lambda _question: next(typed)) if secrets else None
        code = main([*argv, "--config", str(self.config)], Terminal(out=out, err=out, ask_secret=ask))
        return code, out.getvalue()

    def user(self, name: str) -> User:
        with closing(open_store(load_config(self.config).store)) as store:
            found = store.people.user(name)
        assert found
        return found

    def tokens(self) -> list[Token]:
        with closing(open_store(load_config(self.config).store)) as store:
            return store.tokens()

    def acts(self) -> list[tuple[str, str]]:
        with closing(open_store(load_config(self.config).store)) as store:
            return [(entry.act, entry.subject) for entry in store.acts.audit_log()]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def knows(user: User, password: str) -> bool:
    return Passwords().hasher.verify(user.password, password)


def test_the_first_administrator_is_made_here(office: Office) -> None:
    assert "users add NAME --role administrator" in office.types("users", "list")[1]
    code, said = office.types("users", "add", "Ani", "--role", "administrator", secrets=[PASSWORD, PASSWORD])
    assert (code, said) == (0, "User ani is added: administrator, whole province.\n")
    assert (office.user("ani").role, knows(office.user("ani"), PASSWORD)) == (Role.ADMINISTRATOR, True)
    assert office.acts() == [("user.create", "ani")]


def test_a_generated_password_is_shown_once_and_is_the_right_one(office: Office) -> None:
    code, said = office.types("users", "add", "budi", "--role", "operator", "--regency", "Berau", "--generate")
    assert (code, office.user("budi").regency) == (0, "Berau")
    assert knows(office.user("budi"), said.split()[-1])


def test_a_password_comes_from_the_first_line_of_a_file(office: Office, tmp_path: Path) -> None:
    (tmp_path / "word").write_text(f"{PASSWORD}\nsomething else\n")
    assert office.types("users", "add", "budi", "--password-file", str(tmp_path / "word"))[0] == 0
    assert knows(office.user("budi"), PASSWORD)


def test_who_logs_in_by_the_provider_alone_has_no_password(office: Office) -> None:
    assert office.types("users", "add", "budi@example.go.id", "--oidc", "--title", "Budi S.")[0] == 0
    assert (office.user("budi@example.go.id").password, office.user("budi@example.go.id").title) == ("", "Budi S.")


@pytest.mark.parametrize(
    ("argv", "secrets", "said"),
    [
        (["add", "bu di"], [PASSWORD, PASSWORD], "cannot be a user name"),
        (["add", "ani"], [PASSWORD, PASSWORD], "There is a user ani already."),
        (["add", "budi"], [PASSWORD, "another password"], "not the same"),
        (["add", "budi"], ["pendek", "pendek"], "at least 10"),
        (["add", "budi"], [], "use --password-file, --generate or --oidc"),
        (["add", "budi", "--regency", "Beraw"], [PASSWORD, PASSWORD], "Did you mean Berau?"),
        (["add", "budi", "--role", "administrator", "--regency", "Berau"], [PASSWORD, PASSWORD], "choose no regency"),
        (["add", "budi", "--password-file", "/no/such/file"], [], "cannot be read"),
        (["change", "nobody", "--role", "viewer"], [], "There is no user nobody."),
        (["change", "ani"], [], "Say what to change"),
        (["change", "ani", "--role", "viewer"], [], "is the last administrator"),
        (["disable", "ani"], [], "is the last administrator"),
        (["password", "nobody", "--generate"], [], "There is no user nobody."),
    ],
)
def test_what_cannot_be_is_refused_with_exit_code_2_and_the_reason(
    office: Office, argv: list[str], secrets: list[str], said: str
) -> None:
    office.types("users", "add", "ani", "--role", "administrator", "--generate")
    code, printed = office.types("users", *argv, secrets=secrets)
    assert (code, said in printed) == (2, True), printed
    assert office.acts() == [("user.create", "ani")]


def test_a_user_is_changed_disabled_enabled_and_listed(office: Office) -> None:
    office.types("users", "add", "budi", "--regency", "Berau", "--generate")
    for argv in (
        ["change", "budi", "--role", "operator", "--province", "--title", "Budi S."],
        ["password", "budi", "--generate"],
        ["disable", "budi"],
    ):
        assert office.types("users", *argv)[0] == 0
    assert "budi  Budi S.    operator  whole province  disabled  password" in office.types("users", "list")[1]
    assert office.types("users", "enable", "BUDI")[0] == 0
    assert office.user("budi").disabled_ms is None
    acts = ["user.create", "user.change", "user.password", "user.disable", "user.enable"]
    assert office.acts() == [(act, "budi") for act in acts]


def test_a_token_may_be_of_one_regency(office: Office) -> None:
    assert office.types("tokens", "create", "--read", "--regency", "Berau")[0] == 0
    assert office.types("tokens", "create", "--operator", "budi", "--regency", "Berau")[0] == 0
    assert [token.regency for token in office.tokens()] == ["Berau", "Berau"]
    assert office.types("tokens", "list")[1].count("Berau") == 2


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--read", "--regency", "Beraw"], "Did you mean Berau?"),
        (["--agent", "pc-1", "--site", "0064", "--regency", "Berau"], "an agent belongs to its site"),
    ],
)
def test_a_token_of_a_regency_that_is_not_there_is_refused(office: Office, argv: list[str], said: str) -> None:
    code, printed = office.types("tokens", "create", *argv)
    assert (code, said in printed, office.tokens()) == (2, True, [])


def test_check_tells_of_a_secret_that_is_not_there(office: Office) -> None:
    with office.config.open("a") as config:
        config.write(
            '[people.oidc]\nissuer = "https://idp.example"\nclient_id = "k"\nclient_secret_file = "no.secret"\n'
        )
    code, printed = office.types("check")
    assert (code, "people.oidc.client_secret_file: there is no file" in printed) == (2, True)
