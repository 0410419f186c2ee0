"""`kentongan-collector report`: files that are whole or not there, and errors that say what to do."""

import json
import resource
import zipfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import IO

import pytest

from collector.app import main
from collector.commands.desk import CannotRun, Desk, Terminal
from collector.commands.printing import print_file, print_folder, size_of
from collector.condition import Condition
from collector.config import CollectorConfig
from collector.options import parser
from collector.registry import Site
from collector.reports.kinds import PACKS, REPORTS
from collector.reports.writing.formats import FORMATS
from collector.sole import sole_owner
from collector.store import Store, open_store
from shared.clock import Clock
from shared.texts import Texts
from tests.bookkeeping import MONDAY, SITE
from tests.bookkeeping import Office as Agents
from tests.fakes import FakeClock, SetClock
from tests.kept_days import keep

HOUR, DAY = 3_600_000, 86_400_000
PROVIDERS = ("Telkom WMS", "Icon+")
SITES = [
    Site(code=f"64.03.06.{n:04}", name=f"Desa {n}", kind="village", regency="Berau", provider=PROVIDERS[n % 2])
    for n in range(6)
]
FOREVER_MS = 1 << 62


class Screen(StringIO):
    """A terminal that somebody looks at."""

    def isatty(self) -> bool:
        return True


@dataclass(slots=True)
class Hurried(SetClock):
    """Between any two looks at it a second has passed."""

    passed: int = 0

    def mono_ns(self) -> int:
        self.passed += 1
        return self.passed * 1_000_000_000


@dataclass
class Office:
    """A folder with a store, and somebody in it who types."""

    folder: Path
    clock: Clock = field(default_factory=FakeClock)
    out: TextIOWrapper = field(default_factory=lambda: TextIOWrapper(BytesIO(), encoding="utf-8"))
    err: StringIO = field(default_factory=StringIO)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/k.db"

    def store(self) -> "closing[Store]":
        return closing(open_store(self.url))

    def types(self, *argv: str) -> str:
        """What is said; CannotRun as the command raises it."""
        options: Namespace = parser(lambda *_: 0).parse_args(["report", *argv])
        config = CollectorConfig.model_validate({"store": self.url, "province": "Kalimantan Timur"})
        desk = Desk(config=config, texts=Texts("en"), clock=self.clock, terminal=Terminal(out=self.out, err=self.err))
        assert options.command(desk, options) == 0
        return self.printed().decode()

    def printed(self) -> bytes:
        self.out.flush()
        raw = self.out.buffer
        assert isinstance(raw, BytesIO)
        return raw.getvalue()

    def files(self) -> set[str]:
        return {path.name for path in self.folder.iterdir() if not path.name.startswith("k.db")}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """August 2026 is kept; it is September."""
    monkeypatch.chdir(tmp_path)
    made = Office(tmp_path)
    with made.store() as store:
        store.put_sites(SITES)
        for site in SITES:
            keep(store, site, down_ms=HOUR)
    return made


@pytest.mark.parametrize("argv", [(), ("list",)])
def test_without_a_kind_it_says_what_there_is(office: Office, argv: tuple[str, ...]) -> None:
    said = office.types(*argv)
    assert [line.split()[0] for line in said.splitlines()[1:]] == [*REPORTS, *PACKS]
    assert " ".join(FORMATS) in said
    assert Texts("en").say("reports.bulanan.about") in said


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "pdf"])
def test_a_report_of_last_month_lands_here_named_for_what_it_is(office: Office, form: str) -> None:
    said = office.types("bulanan", "--format", form)
    assert office.files() == {f"bulanan-2026-08.{form}"}
    assert said.startswith(f"bulanan-2026-08.{form}: ")
    assert said.endswith(" s\n")


def test_a_report_of_one_provider_is_of_its_sites_alone(office: Office) -> None:
    office.types("bulanan", "--scope", "provider", "--of", "Icon+", "--format", "json", "--output", "one.json")
    told = json.loads((office.folder / "one.json").read_bytes())
    assert (told["sites"], told["asked"]["of"]) == (3, "Icon+")


def test_it_writes_over_nothing_unless_it_is_told_to(office: Office) -> None:
    (office.folder / "mine.csv").write_text("important")
    argv = ("bulanan", "--format", "csv", "--output", "mine.csv")
    with pytest.raises(CannotRun, match=r"mine\.csv is there already.*--force"):
        office.types(*argv)
    assert (office.folder / "mine.csv").read_text() == "important"
    office.types(*argv, "--force")
    assert (office.folder / "mine.csv").read_text(encoding="utf-8-sig").startswith("Agency,Kalimantan Timur")


def test_into_a_folder_goes_a_file_with_its_own_name(office: Office) -> None:
    office.types("bulanan", "--format", "json", "--output", "laporan/agustus/")
    assert [path.name for path in (office.folder / "laporan/agustus").iterdir()] == ["bulanan-2026-08.json"]


def test_standard_output_gets_the_report_and_nothing_else(office: Office) -> None:
    assert json.loads(office.types("bulanan", "--format", "json", "--output", "-"))["kind"] == "bulanan"
    assert office.files() == set()


def test_a_workbook_is_not_thrown_at_a_terminal(office: Office) -> None:
    office.out = TextIOWrapper(BytesIO(), encoding="utf-8")
    office.out.isatty = lambda: True  # type: ignore[method-assign]
    with pytest.raises(CannotRun, match="xlsx is no text"):
        office.types("bulanan", "--format", "xlsx", "--output", "-")


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("bulannan",), "There is no report 'bulannan'. There is: bulanan."),
        (("bulanan", "--period", "agustus"), "'agustus' is no period. Write for example 2026-10"),
        (("bulanan", "--period", "2026-13"), "'2026-13' is no period."),
        (("bulanan", "--period", "2026-10"), "The period 2026-10 has not begun"),
        (("bulanan", "--period", "2026-09-10/2026-09-01"), "is no period."),
        (("bulanan", "--scope", "provider"), "--scope and --of go together"),
        (("bulanan", "--of", "Icon+"), "--scope and --of go together"),
        (("bulanan", "--scope", "provider", "--of", "icon"), "'icon'. Perhaps you mean: Icon+"),
        (("bulanan", "--scope", "provider", "--of", "XL"), "'XL'. There are (2): Icon+, Telkom WMS"),
        (("bulanan", "--scope", "site", "--of", "Desa 3"), "Perhaps you mean: 64.03.06.0003"),
        (("bulanan", "--scope", "opd", "--of", "Dishub"), "no site has a"),
        (("bulanan", "--output", "/proc/none/x.html"), "/proc/none/x.html cannot be written"),
        (("bukti", "--format", "pdf"), "bukti is a pack of many files and always a ZIP"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_nothing_is_left(
    office: Office, argv: tuple[str, ...], says: str
) -> None:
    with pytest.raises(CannotRun) as cannot:
        office.types(*argv)
    assert says in str(cannot.value)
    assert office.files() == set()


def test_a_mistake_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "collector.toml").write_text('language = "en"\n')
    err = StringIO()
    argv = ["report", "bulanan", "--period", "okt", "--config", str(tmp_path / "collector.toml")]
    assert main(argv, Terminal(out=StringIO(), err=err)) == 2
    assert err.getvalue().count("\n") == 1


def test_without_a_registry_there_is_nothing_to_report(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="There are no sites yet"):
        Office(tmp_path).types("bulanan")


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("form", ["html", "json"])
def test_a_file_that_cannot_grow_leaves_nothing_behind(office: Office, form: str) -> None:
    office.types("harian", "--format", form, "--output", "whole")
    size = (office.folder / "whole").stat().st_size
    with no_file_above(size - 1), pytest.raises(CannotRun, match=r"part\.x cannot be written: File too large"):
        office.types("harian", "--format", form, "--output", "part.x")
    assert office.files() == {"whole"}


def test_a_full_disk_is_called_that(office: Office) -> None:
    office.out = open("/dev/full", "w", encoding="utf-8")  # noqa: SIM115  it is closed below
    with pytest.raises(CannotRun, match="The disk was full before - was written"):
        office.types("bulanan", "--output", "-")
    with suppress(OSError):  # it tries once more
        office.out.close()


def test_on_a_terminal_one_line_says_how_far_it_is_and_is_gone_in_the_end(office: Office) -> None:
    office.clock, office.err = Hurried(FakeClock().wall_ms()), Screen()
    office.types("bulanan")
    told = office.err.getvalue().split("\r\x1b[K")
    assert told[0] == told[-1] == ""
    assert any(" of 6" in line for line in told)


def test_elsewhere_progress_is_quiet_lines(office: Office) -> None:
    office.clock = Hurried(FakeClock().wall_ms())
    office.types("bulanan")
    assert "\x1b" not in office.err.getvalue()


@pytest.mark.peers
def test_a_pack_is_a_zip(office: Office) -> None:
    office.types("bukti", "--scope", "site", "--of", SITES[0].code, "--output", "bukti.zip")
    with zipfile.ZipFile(office.folder / "bukti.zip") as archive:
        assert archive.testzip() is None
        assert "index.html" in archive.namelist()


def two_files(folder: Path) -> None:
    (folder / "reports").mkdir(parents=True)
    (folder / "index.html").write_text("all of it")
    (folder / "reports" / "one.csv").write_text("1")


def desk_of(office: Office) -> Desk:
    terminal = Terminal(out=office.out, err=office.err)
    return Desk(config=CollectorConfig(), texts=Texts("en"), clock=office.clock, terminal=terminal)


def test_a_pack_becomes_a_folder_as_a_whole(office: Office) -> None:
    folder, desk = office.folder / "pack", desk_of(office)
    (folder / "old").mkdir(parents=True)
    with pytest.raises(CannotRun, match="is there already"):
        print_folder(desk, folder, two_files, force=False)
    print_folder(desk, folder, two_files, force=True)
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.*")} == {"index.html", "reports/one.csv"}
    assert not (folder / "old").exists()
    assert size_of(folder, desk) == "0 KiB"


def test_who_stops_it_finds_nothing_half_done(office: Office) -> None:
    def stopped(file: IO[bytes]) -> None:
        file.write(b"half of it")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        print_file(desk_of(office), office.folder / "half.csv", stopped, force=False)
    assert office.files() == set()


@pytest.fixture
def killed(tmp_path: Path) -> Office:
    """A collector was killed while a site was in the fast lane: that it fell silent since is not written."""
    agents = Agents(tmp_path, clock=FakeClock(wall_ms=MONDAY + DAY))
    agents.deliver(MONDAY, MONDAY + DAY)
    ends = agents.store.flips(SITE.code, MONDAY + DAY - HOUR, FOREVER_MS)
    agents.store.replace_flips(SITE.code, ends[0].at_ms, FOREVER_MS, [])
    agents.store.close()
    return Office(tmp_path, clock=FakeClock(wall_ms=MONDAY + 3 * DAY))


def standing(office: Office) -> str:
    with office.store() as store:
        return store.latest_site_flips(FOREVER_MS)[SITE.code].now


def test_what_a_killed_collector_left_is_judged_first(killed: Office) -> None:
    assert standing(killed) == Condition.UP
    killed.types("bulanan", "--period", "2026-W02", "--format", "json", "--output", str(killed.folder / "w.json"))
    assert standing(killed) == Condition.UNOBSERVED
    assert json.loads((killed.folder / "w.json").read_bytes())["coverage"] == pytest.approx(1 / 3, abs=0.01)


def test_what_people_entered_while_no_collector_ran_is_in_the_report(tmp_path: Path) -> None:
    agents = Agents(tmp_path, clock=FakeClock(wall_ms=MONDAY + 2 * DAY))
    agents.deliver(MONDAY, MONDAY + DAY)
    agents.close()
    agents.exclude(MONDAY, MONDAY + 6 * HOUR)
    agents.store.close()
    office = Office(tmp_path, clock=FakeClock(wall_ms=MONDAY + 3 * DAY))
    office.types("bulanan", "--period", "2026-01-05", "--format", "json", "--output", str(tmp_path / "d.json"))
    assert json.loads((tmp_path / "d.json").read_bytes())["revision"]["highest"] == 2


def test_beside_a_collector_that_runs_it_only_reads(killed: Office) -> None:
    with sole_owner(killed.url):
        killed.types("bulanan", "--period", "2026-W02", "--output", str(killed.folder / "w.html"))
    assert standing(killed) == Condition.UP
    assert (killed.folder / "w.html").exists()
