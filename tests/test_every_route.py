"""Who may see and change what, by every route that there is: a person of one regency learns nothing of another by any
URL, API or export, and changes nothing there. tests/walking.py has the province, the secrets and the askers."""

from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import hdrs

from tests.faces import MINUTE
from tests.walking import BERAU, OURS, OWN, PUBLIC, QUERIES, SECRETS, STREAMS, THEIRS, province, public

OF_BERAU = (
    f"viewer {BERAU}",
    f"operator {BERAU}",
    f"administrator {BERAU}",
    f"read token {BERAU}",
    f"operator token {BERAU}",
)
READERS = ("viewer", "operator", "administrator", "read token", "operator token", "operator token as a password")
MAY_NOT_CHANGE = ("viewer", "read token", "operator token as a password", "agent token", f"viewer {BERAU}")
UNGUARDED = ("/login", "/-/", *PUBLIC, "/api/v1/batches")


def queries(method: str, path: str) -> tuple[str, ...]:
    """What a stream or a HEAD is asked with makes no difference."""
    return QUERIES[:1] if path in STREAMS or method == hdrs.METH_HEAD else QUERIES


@pytest.mark.parametrize("name", OF_BERAU)
async def test_who_is_of_one_regency_learns_nothing_of_another_by_any_url(tmp_path: Path, name: str) -> None:
    async with province(tmp_path, listen=":8817") as walk:
        asker, told = walk.askers()[name], {}
        for method, path in walk.routes(safe=True):
            for query in queries(method, path):
                answer = await walk.ask(asker, method, path, query)
                assert answer.status < HTTPStatus.INTERNAL_SERVER_ERROR, f"{method} {answer.asked}: {answer.text}"
                if answer.secrets() and not path.startswith("/open"):
                    told[f"{method} {answer.asked}"] = answer.secrets()
        assert told == {}


async def test_who_is_of_the_province_reads_each_of_these_secrets_somewhere(tmp_path: Path) -> None:
    async with province(tmp_path, listen=":8817") as walk:
        asker, read = walk.askers()["administrator"], set[str]()
        for method, path in walk.routes(safe=True):
            for query in queries(method, path):
                answer = await walk.ask(asker, method, path, query)
                assert answer.status < HTTPStatus.INTERNAL_SERVER_ERROR, f"{method} {answer.asked}: {answer.text}"
                read |= set(answer.secrets())
        assert read == SECRETS.keys()


async def test_what_changes_elsewhere_is_not_heard_by_a_listener_of_one_regency(tmp_path: Path) -> None:
    async with province(tmp_path, listen=":8817") as walk:
        asker, heard = walk.askers()[f"viewer {BERAU}"], ""
        async with walk.face.client.get("/events", headers=asker.headers) as stream:
            heard += (await stream.content.readany()).decode()
            for site in (THEIRS, OURS):  # the one after the other, so that who hears of the second has heard the first
                walk.face.history(site, (5 * MINUTE, "up"), (MINUTE, "intercepted"))
            while OURS.code not in heard:
                heard += (await stream.content.readany()).decode()
    assert [secret for secret in SECRETS.values() if secret in heard] == []


async def test_a_closed_collector_tells_nobody_anything(tmp_path: Path) -> None:
    async with province(tmp_path, listen=":8817") as walk:
        nobody = walk.askers()["nobody"]
        for method, path in walk.routes(safe=True):
            answer = await walk.ask(nobody, method, path)
            assert answer.secrets() == [] or path.startswith("/open"), f"{method} {path}"
            assert answer.status == 401 or path.startswith(UNGUARDED), f"{method} {path}: {answer.status}"


async def test_a_token_of_an_agent_reads_nothing(tmp_path: Path) -> None:
    async with province(tmp_path) as walk:
        agent = walk.askers()["agent token"]
        for method, path in walk.routes(safe=True):
            answer = await walk.ask(agent, method, path)
            assert answer.status == 403 or path.startswith(UNGUARDED), f"{method} {path}: {answer.status}"


@pytest.mark.parametrize("name", ["nobody", *READERS])
async def test_no_reader_breaks_a_page(tmp_path: Path, name: str) -> None:
    async with province(tmp_path) as walk:
        asker = walk.askers()[name]
        for method, path in walk.routes(safe=True):
            answer = await walk.ask(asker, method, path)
            assert answer.status < HTTPStatus.INTERNAL_SERVER_ERROR, f"{method} {path}: {answer.text}"


async def test_what_is_open_to_everybody_says_no_more_than_that(tmp_path: Path) -> None:
    personal = {
        "agent",
        "target",
        "address",
        "cause note",
        "exclusion",
        "withdrawal",
        "follow-up",
        "owner",
        "step",
        "operator",
    }
    async with province(tmp_path) as walk:
        nobody = walk.askers()["nobody"]
        for method, path in walk.routes(safe=True):
            if public(path):
                answer = await walk.ask(nobody, method, path)
                assert not personal & set(answer.secrets()), f"{method} {path}"


@pytest.mark.parametrize("name", [name for name in OF_BERAU if "viewer" not in name and "read" not in name])
async def test_who_is_of_one_regency_changes_nothing_of_another(tmp_path: Path, name: str) -> None:
    async with province(tmp_path) as walk:
        asker = walk.askers()[name]
        before = walk.content()
        for method, path in walk.routes(safe=False):
            if path not in OWN:
                answer = await walk.send(asker, method, path, asker.csrf)
                assert answer.status in (400, 403, 404), f"{method} {path}: {answer.status}"
                assert answer.secrets() == [], f"{method} {path}"
                assert walk.content() == before, f"{method} {path} changed something"


async def test_the_same_requests_of_an_administrator_of_the_province_all_change_something(tmp_path: Path) -> None:
    async with province(tmp_path) as walk:
        unsafe = [(method, path) for method, path in walk.routes(safe=False) if path not in OWN]
    for n, (method, path) in enumerate(unsafe):
        (folder := tmp_path / str(n)).mkdir()
        async with province(folder) as walk:  # a fresh one: what is withdrawn cannot be withdrawn again
            asker = walk.askers()["administrator"]
            before = walk.content()
            answer = await walk.send(asker, method, path, asker.csrf)
            assert answer.status in (200, 303), f"{method} {path}: {answer.status} {answer.text}"
            assert walk.content() != before, f"{method} {path} changed nothing"


@pytest.mark.parametrize("name", [*MAY_NOT_CHANGE, "nobody"])
async def test_who_may_only_read_changes_nothing(tmp_path: Path, name: str) -> None:
    async with province(tmp_path) as walk:
        asker = walk.askers()[name]
        before = walk.content()
        for method, path in walk.routes(safe=False):
            if path not in OWN:
                answer = await walk.send(asker, method, path, asker.csrf)
                assert answer.status == (401 if name == "nobody" else 403), f"{method} {path}: {answer.status}"
        assert walk.content() == before


@pytest.mark.parametrize("csrf", ["", "0" * 64])
async def test_a_page_of_somebody_else_changes_nothing_with_the_browser_of_an_administrator(
    tmp_path: Path, csrf: str
) -> None:
    async with province(tmp_path) as walk:
        asker = walk.askers()["administrator"]
        before = walk.content()
        for method, path in walk.routes(safe=False):
            if not path.startswith(UNGUARDED):
                answer = await walk.send(asker, method, path, csrf)
                assert (answer.status, "bad-csrf" in answer.text) == (403, True), f"{method} {path}: {answer.status}"
        assert walk.content() == before


async def test_only_administrators_of_the_province_change_who_the_others_are(tmp_path: Path) -> None:
    async with province(tmp_path) as walk:
        askers = walk.askers()
        before = walk.content()
        for asker in (askers["operator"], askers["operator token"], askers[f"administrator {BERAU}"]):
            for method, path in walk.routes(safe=False):
                if path.startswith("/users"):
                    assert (await walk.send(asker, method, path, asker.csrf)).status == 403
        assert walk.content() == before


async def test_a_path_written_in_another_way_is_guarded_as_well(tmp_path: Path) -> None:
    async with province(tmp_path, listen=":8817") as walk:
        for path in (
            "//fleet",
            "/login/../fleet",
            "/static/../fleet",
            "/open/../fleet",
            "/%6cogin/../fleet",
            "/fleet/",
        ):
            answer = await walk.raw(path)
            assert (answer.status in (401, 404), answer.secrets()) == (True, []), path
