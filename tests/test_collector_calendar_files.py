"""Calendars from files: the real ones of Kalimantan Timur, holidays, and what is said of mistakes."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from collector.accounting.calendar_files import calendar_of, load_calendars, unknown_calendars
from collector.accounting.calendars import ALWAYS, Calendar, service_spans, shifts_of
from collector.register.sheets import read_sheet
from collector.register.site_sheet import Known, read_sites
from collector.registry import Site
from shared.settings import BadSettings

CONFIG = Path(__file__).parent.parent / "config"
FIVE_DAYS = (
    '[calendars.kantor]\ntitle = "Kantor"\n[[calendars.kantor.seasons]]\nname = "a"\nhours.mon-fri = ["08:00-16:00"]\n'
)


def written(folder: Path, text: str, name: str = "a.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def one(folder: Path, text: str) -> Calendar:
    """The calendar `kantor` of a file with `text` under its table."""
    head, _, tail = FIVE_DAYS.partition("[[")
    return load_calendars([written(folder, f"{head}{text}\n[[{tail}")])["kantor"]


def hours(calendar: Calendar, day: str) -> list[str]:
    return [f"{s.start:%H:%M}-{s.end:%H:%M}" for s in shifts_of(calendar, date.fromisoformat(day))]


@pytest.fixture(scope="module")
def kaltim() -> Mapping[str, Calendar]:
    return load_calendars([CONFIG / "calendars"])


@pytest.mark.parametrize(
    ("name", "day", "due"),
    [
        ("kaltim-5hari", "2026-11-23", ["07:30-16:00"]),  # Monday
        ("kaltim-5hari", "2026-01-30", ["07:30-11:00"]),  # a Friday before WFA
        ("kaltim-5hari", "2026-02-13", []),  # the first Friday of WFA
        ("kaltim-5hari", "2026-02-18", ["07:30-16:00"]),  # the day before Ramadan
        ("kaltim-5hari", "2026-02-19", ["08:00-15:30"]),  # its first
        ("kaltim-5hari", "2026-02-20", []),  # WFA in Ramadan
        ("kaltim-5hari", "2026-03-18", []),  # cuti bersama Nyepi
        ("kaltim-5hari", "2026-03-25", ["07:30-16:00"]),  # back from Idul Fitri
        ("kaltim-5hari", "2026-11-21", []),  # Saturday
        ("kaltim-6hari", "2026-11-21", ["07:30-11:00"]),
        ("kaltim-6hari", "2026-11-27", ["07:30-11:30"]),
        ("kaltim-6hari", "2026-08-17", []),  # independence day
        ("desa", "2026-08-17", ["00:00-00:00"]),  # a village has no holidays
    ],
)
def test_the_real_hours_of_kalimantan_timur(
    kaltim: Mapping[str, Calendar], name: str, day: str, due: list[str]
) -> None:
    assert hours(kaltim[name], day) == due


def test_every_site_of_the_example_has_a_calendar_that_is_shipped(kaltim: Mapping[str, Calendar]) -> None:
    entries = read_sites(read_sheet(CONFIG / "sites.example.csv"), Known()).records.values()
    sites = [entry.site for entry in entries]
    assert unknown_calendars(sites, kaltim) == {}
    assert {site.calendar for site in sites} == set(kaltim) - {"24x7"}


def test_the_joint_decree_of_2026_is_17_holidays_and_8_days_of_collective_leave(tmp_path: Path) -> None:
    with_leave = one(tmp_path, 'holidays = "ID"').closed
    without = one(tmp_path, 'holidays = "ID"\ncollective_leave = false').closed
    assert [len([day for day in closed if day.year == 2026]) for closed in (with_leave, without)] == [25, 17]
    assert date(2026, 12, 24) in with_leave.keys() - without.keys()
    assert with_leave[date(2026, 8, 17)] == "Hari Kemerdekaan Republik Indonesia"
    assert date(2027, 3, 15) in with_leave


def test_own_closed_days_say_why_and_open_days_override_holidays(tmp_path: Path) -> None:
    text = 'holidays = "ID"\nopen_days = [2026-12-24]\n[[calendars.kantor.closed]]\nday = 2026-12-09\n'
    known = one(tmp_path, text + 'last_day = 2026-12-10\nwhy = "Pemungutan suara"')
    assert hours(known, "2026-12-24") == ["08:00-16:00"]
    assert (hours(known, "2026-12-10"), known.closed[date(2026, 12, 9)]) == ([], "Pemungutan suara")


def test_midnight_may_be_written_as_24_00(tmp_path: Path) -> None:
    known = load_calendars([written(tmp_path, FIVE_DAYS.replace("16:00", "24:00"))])["kantor"]
    assert service_spans(known, "UTC", 0, 86_400_000) == [(8 * 3_600_000, 86_400_000)]  # a Thursday


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ('titel = "x"', "calendars.kantor.titel is not a known key. Did you mean title?"),
        ('holidays = "IDN1"', "is not a country of the package holidays; use a code like ID. Did you mean IDN?"),
        ('open_days = ["24-12-2026"]', "open_days[1] must be a date like 2026-03-20 (given: '24-12-2026')"),
        ("open_days = [2026-12-24T00:00:00]", "open_days[1] must be a date like 2026-03-20"),
        ('[[calendars.kantor.closed]]\nday = 2026-12-09\nwhy = ""', "closed[1].why must have at least 1 character"),
        (
            '[[calendars.kantor.closed]]\nday = 2026-12-09\nlast_day = 2025-12-09\nwhy = "x"',
            "closed[1]: ends on 2025-12-09, before it begins on 2026-12-09",
        ),
    ],
)
def test_a_mistake_in_a_calendar_is_a_clear_line(tmp_path: Path, wrong: str, line: str) -> None:
    with pytest.raises(BadSettings) as told:
        one(tmp_path, wrong)
    assert len(told.value.lines) == 1
    assert line in told.value.lines[0]


@pytest.mark.parametrize(
    ("hours_line", "line"),
    [
        (
            'hours.mon-thru = ["08:00-16:00"]',
            "mon-thru is no weekday; use mon, tue, wed, thu, fri, sat, sun, or a range",
        ),
        ('hours.thu-mon = ["08:00-16:00"]', "thu-mon runs backwards; the week begins on mon"),
        ('hours.mon = ["8-16"]', "mon has '8-16'; write hours like 07:30-16:00"),
        ('hours.mon = ["08:00-24:30"]', "mon has '08:00-24:30'"),
        ('hours.mon = "08:00-16:00"', 'mon must be a list of texts like ["07:30-16:00"]'),
        ("hours.mon-wed = []\nhours.tue = []", "tue names tue, which stands in another line already"),
        ("first_day = 2026-02-01\nlast_day = 2026-01-01\nhours.mon = []", "before it begins on 2026-02-01"),
        ("frst_day = 2026-02-01\nhours.mon = []", "frst_day is not a known key. Did you mean first_day?"),
    ],
)
def test_a_mistake_in_a_season_is_a_clear_line(tmp_path: Path, hours_line: str, line: str) -> None:
    text = FIVE_DAYS.replace('hours.mon-fri = ["08:00-16:00"]', hours_line)
    with pytest.raises(BadSettings) as told:
        load_calendars([written(tmp_path, text)])
    assert len(told.value.lines) == 1
    assert told.value.lines[0].startswith("a.toml: calendars.kantor.seasons[1]")
    assert line in told.value.lines[0]


def test_the_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, FIVE_DAYS)
    written(tmp_path, FIVE_DAYS, "b.toml")
    written(tmp_path, '[calendars."24x7"]\ntitle = "x"\n[calendars."a b"]\ntitle = "x"\n', "c.toml")
    with pytest.raises(BadSettings) as told:
        load_calendars([tmp_path, tmp_path / "none.toml"])
    assert [line.partition(" (")[0] for line in told.value.lines] == [
        f"b.toml: calendars.kantor: this name stands already in {tmp_path}/a.toml",
        "c.toml: calendars.24x7: 24x7 is always there and means around the clock; choose another name",
        "c.toml: calendars.a b: use letters, digits, dots, underscores, hyphens for a name; at most 64",
        f"{tmp_path}/none.toml: there is no such file",
    ]


def test_a_default_that_no_file_has_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"default_calendar: there is no calendar kantr\. Did you mean kantor\?"):
        load_calendars([written(tmp_path, FIVE_DAYS)], "kantr")


def test_a_site_has_its_own_calendar_else_the_default_else_around_the_clock(tmp_path: Path) -> None:
    known = load_calendars([written(tmp_path, FIVE_DAYS)])
    sites = {name: Site(code="s", name="S", calendar=name) for name in ("", "kantor", "24x7", "kantr")}
    found = {name: calendar_of(site, known, "kantor").title for name, site in sites.items()}
    assert found == {"": "Kantor", "kantor": "Kantor", "24x7": "24x7", "kantr": "24x7"}
    assert calendar_of(sites[""], known) is ALWAYS
    assert unknown_calendars(sites.values(), known) == {"kantr": 1}  # never silently


@pytest.mark.parametrize(
    ("changed", "is_new"),
    [
        (("16:00", "16:01"), True),
        (("mon-fri", "mon-thu"), True),
        (('"Kantor"', '"Kantor"\nholidays = "ID"'), True),
        (('name = "a"', 'name = "a"\nfirst_day = 2026-01-01'), True),
        (('"Kantor"', '"Kantor pusat"\nsource = "SE"'), False),
        (('name = "a"', 'name = "b"'), False),
    ],
)
def test_the_fingerprint_changes_with_every_answer_and_with_nothing_else(
    tmp_path: Path, changed: tuple[str, str], is_new: bool
) -> None:
    before, after = (
        load_calendars([written(tmp_path, text)])["kantor"].fingerprint
        for text in (FIVE_DAYS, FIVE_DAYS.replace(*changed))
    )
    assert (before != after) is is_new
