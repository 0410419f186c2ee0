"""The command line of the collector as an operator uses it, and the whole collector as a process."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from collector.app import main, serve
from collector.commands.desk import Desk, Terminal
from collector.config import load_config
from collector.registry import hash_token
from collector.sole import sole_owner
from collector.store import Store, open_store
from shared.clock import SystemClock
from shared.texts import Texts

PROGRAM = Path(sys.executable).with_name("kentongan-collector")
SHEET = "code,name,regency\n0064,Kantor A,Samarinda\n0065,Kantor B,Samarinda\n"


class Office:
    """A folder with a configuration and a sheet of sites, and somebody who types commands in it."""

    def __init__(self, folder: Path, config: str = 'language = "en"\nlisten = "127.0.0.1:0"\n') -> None:
        self.folder, self.config, self.sheet = folder, folder / "collector.toml", folder / "sites.csv"
        self.config.write_text(config)
        self.sheet.write_text(SHEET)

    def types(self, *argv: str, answer: bool | None = None) -> tuple[int, str, str]:
        """(exit code, output, errors); `answer` is what a person says when asked, None: nobody is there."""
        ask: Callable[[str], bool] | None = None if answer is None else lambda _question: bool(answer)
        terminal = Terminal(out=StringIO(), err=StringIO(), ask=ask)
        code = main([*argv, "--config", str(self.config)], terminal)
        return code, str(getattr(terminal.out, "getvalue")()), str(getattr(terminal.err, "getvalue")())  # noqa: B009

    def imports(self, sheet: str) -> tuple[int, str, str]:
        self.sheet.write_text(sheet)
        return self.types("sites", "import", str(self.sheet), "--yes")

    def store(self) -> Store:
        return open_store(load_config(self.config).store)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_check_says_what_the_configuration_means_and_touches_nothing(office: Office) -> None:
    code, output, _ = office.types("check")
    assert (code, "without a token" in output, "alert channels: none" in output) == (0, True, True)
    assert {path.name for path in office.folder.iterdir()} == {"collector.toml", "sites.csv"}


def test_three_mistakes_are_three_lines_and_exit_code_2(tmp_path: Path) -> None:
    office = Office(tmp_path, 'lisen = ":1"\ntimezone = "Samarinda"\nstore = "x"\n')
    code, output, errors = office.types("check")
    assert (code, output, len(errors.splitlines())) == (2, "", 3)


def test_a_certificate_that_is_none_is_told_by_check(tmp_path: Path) -> None:
    code, _, errors = Office(tmp_path, '[tls]\ncert = "a.crt"\nkey = "a.key"\n').types("check")
    assert (code, "a.crt" in errors) == (2, True)


def test_a_configuration_that_is_not_there_is_told(tmp_path: Path) -> None:
    errors = StringIO()
    assert main(["check", "--config", str(tmp_path / "none.toml")], Terminal(err=errors)) == 2
    assert "there is no such file" in errors.getvalue()


@pytest.mark.parametrize("argv", [["--version"], ["--help"], ["sites", "import", "--help"]])
def test_version_and_help_are_no_failures(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(argv)
    assert leaving.value.code == 0


def test_options_mean_the_same_before_and_after_the_command(office: Office) -> None:
    before = StringIO()
    assert main(["--lang", "id", "--config", str(office.config), "check"], Terminal(out=before)) == 0
    assert before.getvalue() == office.types("check", "--lang", "id")[1] != office.types("check")[1]


def test_an_import_calls_columns_as_the_sheets_of_that_language_do(office: Office) -> None:
    office.types("sites", "import", str(office.sheet), answer=True)
    office.sheet.write_text(SHEET.replace("Kantor B,Samarinda", "Kantor C,"), encoding="utf-8")
    output = office.types("sites", "import", str(office.sheet), "--dry-run", "--lang", "id")[1]
    assert "~ 0065  Kantor C: nama: Kantor B → Kantor C, kabupaten: Samarinda → –" in output


def test_an_import_shows_what_it_changes_and_asks(office: Office) -> None:
    code, output, _ = office.types("sites", "import", str(office.sheet), answer=False)
    assert (code, "+ 0064  Kantor A" in output, "Nothing was changed" in output) == (1, True, True)
    assert office.types("sites", "import", str(office.sheet), answer=True)[0] == 0
    code, output, _ = office.imports(SHEET.replace("Kantor B,Samarinda", "Kantor C,"))
    assert (code, "~ 0065  Kantor C: name: Kantor B → Kantor C, regency: Samarinda → –" in output) == (0, True)
    assert "0 new, 1 changed, 1 unchanged; 0 not in the file" in output


def test_a_dry_run_changes_nothing_and_nobody_to_ask_needs_yes(office: Office) -> None:
    assert office.types("sites", "import", str(office.sheet), "--dry-run", answer=True)[0] == 0
    code, _, errors = office.types("sites", "import", str(office.sheet))
    assert (code, "--yes" in errors) == (2, True)
    assert "There are no sites yet" in office.types("sites", "list")[1]


def test_one_bad_row_imports_nothing_and_every_fault_is_told(office: Office) -> None:
    code, _, errors = office.imports(SHEET + "a/b,Kantor C,\n0064,Kantor D,\n")
    assert code == 2
    assert errors.splitlines()[:3] == [
        "row 2, column code ('0064'): this code stands also in row 5; every site has one row",
        "row 4, column code ('a/b'): use letters, digits, dots, underscores, hyphens; at most 64",
        "row 5, column code ('0064'): this code stands also in row 2; every site has one row",
    ]
    assert "There are no sites yet" in office.types("sites", "list")[1]


def test_the_listing_as_csv_can_be_imported_again(office: Office) -> None:
    office.imports(SHEET)
    listing = office.types("sites", "list", "--format", "csv")[1]
    assert "0 new, 0 changed, 2 unchanged" in office.imports(listing)[1]
    assert [site["code"] for site in json.loads(office.types("sites", "list", "--format", "json")[1])] == [
        "0064",
        "0065",
    ]
    assert "Kantor A" in office.types("sites", "list")[1]


def test_a_token_is_shown_once_and_only_its_hash_is_kept(office: Office) -> None:
    office.imports(SHEET)
    code, output, _ = office.types("tokens", "create", "--agent", "pc-1", "--site", "0064")
    secret = output.partition('token = "')[2].partition('"')[0]
    assert (code, secret[:4]) == (0, "ktg_")
    store = office.store()
    [token] = store.tokens()
    store.close()
    assert (token.kind, token.agent, token.site, token.hash) == ("agent", "pc-1", "0064", hash_token(secret))
    assert not [path for path in office.folder.iterdir() if secret.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["--agent", "pc-1", "--site", "9999"], "There is no site 9999"),
        (["--agent", "pc-1"], "There is no site"),
        (["--agent", "pc 1", "--site", "0064"], "'pc 1' cannot be used"),
        (["--agent", "known", "--site", "0065"], "already has a token for site 0064"),
    ],
)
def test_a_token_for_the_wrong_agent_or_site_is_refused(office: Office, argv: list[str], why: str) -> None:
    office.imports(SHEET)
    office.types("tokens", "create", "--agent", "known", "--site", "0064")
    code, output, errors = office.types("tokens", "create", *argv)
    assert (code, output) == (2, "")
    assert why in errors


def test_tokens_are_listed_without_secrets_and_revoked_by_their_id(office: Office) -> None:
    secret = office.types("tokens", "create", "--read")[1].split()[-1]
    header, line = office.types("tokens", "list")[1].splitlines()
    assert header.split()[:2] == ["ID", "KIND"]
    assert secret not in line
    assert office.types("tokens", "revoke", line.split()[0])[0] == 0
    assert office.types("tokens", "list")[1].count("WITA") == 2  # created and revoked
    assert office.types("tokens", "revoke", "nothing")[0] == 2


def test_compact_needs_the_store_for_itself(office: Office) -> None:
    assert office.types("compact")[0] == 0
    with sole_owner(load_config(office.config).store):
        code, _, errors = office.types("compact")
    assert (code, "Another collector uses the store" in errors) == (2, True)


def test_a_taken_port_is_told_and_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, errors = Office(tmp_path, f'language = "en"\nlisten = "127.0.0.1:{port}"').types("run")
    assert (code, f"127.0.0.1:{port} is taken by another program" in errors) == (2, True)


def test_a_store_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    code, _, errors = Office(tmp_path, 'language = "en"\nstore = "sqlite:///none/x.db"').types("sites", "list")
    assert (code, "none/x.db" in errors) == (2, True)


def test_sigterm_ends_it_in_two_seconds_with_a_page_still_open(office: Office) -> None:
    argv = [str(PROGRAM), "run", "--config", str(office.config)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            host, port = process.stdout.readline().split("//")[1].split(":")
            with socket.create_connection((host, int(port))) as idle:
                idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert b"200 OK" in idle.recv(100)
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=2) == 0
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


@asynccontextmanager
async def collector(office: Office) -> AsyncIterator[str]:
    """The whole collector in this process; gives its address."""
    config, stop = load_config(office.config), asyncio.Event()
    desk = Desk(config=config, texts=Texts("en"), clock=SystemClock(), terminal=Terminal())
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve(desk, stop, url.set_result))
    try:
        first: list[asyncio.Future[Any]] = [url, running]
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        yield url.result()
    finally:
        stop.set()
        await running


async def test_a_site_imported_while_it_runs_appears_on_the_page(office: Office) -> None:
    async with collector(office) as url, aiohttp.ClientSession(url) as client:
        async with client.get("/?lang=en") as answer:
            assert "No sites yet" in await answer.text()
        code, _, _ = await asyncio.to_thread(office.imports, SHEET)
        assert code == 0
        async with asyncio.timeout(60):
            while "Kantor A" not in await (await client.get("/")).text():
                await asyncio.sleep(0.2)  # the collector looks every few seconds


def test_a_second_collector_on_the_same_store_is_refused(office: Office) -> None:
    with sole_owner(load_config(office.config).store):
        code, _, errors = office.types("run")
    assert (code, "Another collector uses the store" in errors) == (2, True)


def a_batch(now_ms: int, outcome: str) -> dict[str, object]:
    """What a router script with curl would send: six probes of one target, 10 s apart, the last one now."""
    stamps = [now_ms - 10_000 * k for k in range(5, -1, -1)]
    target = {"name": "anchor", "group": "internet", "kind": "icmp", "interval_ms": 10_000}
    context = {"boot_id": "b", "boot_at_ms": now_ms - 10**6, "run_at_ms": now_ms - 10**6, "clock_base_ms": 0}
    rows = {"target": "anchor", "started_ms": stamps, "outcome": [outcome] * 6, "sent": [1] * 6}
    rows |= {"received": [int(outcome == "ok")] * 6, "rtt_us": [[900, 900, 900] if outcome == "ok" else []] * 6}
    return {
        "stream": "0123456789abcdef",
        "first_seq": 1,
        "context": "c1",
        "context_body": context | {"push_interval_ms": 60_000, "targets": [target]},
        "rows": [rows],
    }


async def test_what_an_agent_pushes_is_judged_and_shown(office: Office) -> None:
    office.imports(SHEET)
    output = office.types("tokens", "create", "--agent", "pc-1", "--site", "0064")[1]
    headers = {"Authorization": "Bearer " + output.partition('token = "')[2].partition('"')[0]}
    async with collector(office) as url, aiohttp.ClientSession(url) as client:
        batch = a_batch(SystemClock().wall_ms(), "ok")
        async with client.post("/api/v1/batches", json=batch, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        async with asyncio.timeout(60):
            while (site := await (await client.get("/api/v1/sites/0064")).json())["site"]["condition"] != "up":
                await asyncio.sleep(0.1)  # judging follows the commit
        page = await (await client.get("/sites/0064?lang=en")).text()
    assert [(t["name"], t["state"], t["rtt_ms"]) for t in site["targets"]] == [("anchor", "up", 0.9)]
    assert [agent["name"] for agent in site["agents"]] == ["pc-1"]
    assert "Everything that is measured there answers." in page
