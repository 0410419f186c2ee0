"""`bulanan`: one sweep tells what the API tells, and the report says what it should of a booked month."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting.accounts import Day
from collector.accounting.calendars import ALWAYS
from collector.condition import Row
from collector.figures.indicators import AccountingSettings
from collector.figures.periods import Period, between, parse
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.totals import Asked, Totals
from collector.figures.trend import added
from collector.registry import Medium, Site
from collector.reports.connectivity import monthly
from collector.reports.document import Chart, Document, Facts, Subject, Table, Value
from collector.reports.heads import period_words
from collector.reports.measures import LOST_ROWS, MEASURES
from collector.reports.settings import TargetSettings
from collector.reports.source import SERVICE, Wanted
from collector.reports.spans import Span, before, days_shown, months_shown, span_of, year_so_far
from collector.reports.sweep import SITE as SITE_SCOPE
from collector.reports.sweep import SWEPT, owner_of, sweep
from shared.texts import Texts
from tests.booked import SITE, Lost, at, book
from tests.faces import Faces, faces
from tests.fakes import FakeClock
from tests.made_days import DAY_MS, MadeAccounts, days, made_day
from tests.tabled import Office, office, rows

PLACES = [
    Site(code="a", name="A", regency="Berau", provider="Icon+", medium=Medium.FIBER, timezone="UTC"),
    Site(code="b", name="B", regency="Berau", provider="Orbit", medium=Medium.VSAT, timezone="UTC"),
]
CHOICES = [Choice(hours, exclusions) for hours in Hours for exclusions in Exclusions]
HOUR = 3_600_000


@settings(max_examples=40)  # all scopes and choices, each twice
@given(st.lists(days(), max_size=6, unique_by=lambda day: (day.site, day.ledger.from_ms)), st.integers(0, 4))
def test_a_sweep_tells_of_every_scope_what_is_told_of_it_alone(some: list[Day], kept: int) -> None:
    accounts = MadeAccounts(some, kept * DAY_MS)
    totals = Totals(accounts, accounts.books, lambda _: ALWAYS, AccountingSettings())
    asked = [Asked(site=site, from_ms=0, to_ms=4 * DAY_MS) for site in PLACES]
    swept = sweep(totals, asked, CHOICES, AccountingSettings(), lambda _: None)
    for scope in (SITE_SCOPE, *SWEPT):
        owners = sorted({owner_of(site, scope) for site in PLACES})
        theirs = [[one for one in asked if owner_of(one.site, scope) == owner] for owner in owners]
        for choice in CHOICES:
            alone = [figures for figures, _ in totals.figures(theirs, choice)]
            assert dict(swept.figures[scope, choice]) == dict(zip(owners, alone, strict=True))


def test_what_is_not_closed_is_in_the_trend_if_somebody_makes_it() -> None:
    accounts = MadeAccounts([made_day(site="a", number=n) for n in range(3)], kept_until_ms=2 * DAY_MS)
    pieces = [(str(n), date.fromordinal(date(1970, 1, 1).toordinal() + n)) for n in range(4)]
    closed = added(accounts.books, [PLACES[:1]], pieces)
    all_of_it = added(accounts.books, [PLACES[:1]], pieces, lambda site, a, b: accounts.days(site.code, a, b))
    assert closed.cells.sum(axis=(1, 2, 3)).tolist() == [DAY_MS, DAY_MS, 0]
    assert all_of_it.cells.sum(axis=(1, 2, 3)).tolist() == [DAY_MS, DAY_MS, DAY_MS]
    assert accounts.asked == [("a", 2 * DAY_MS, 3 * DAY_MS)]


@pytest.mark.parametrize(
    ("period", "then"),
    [
        ("2026-10", "2026-09"),
        ("2026-01", "2025-12"),
        ("2026", "2025"),
        ("2026-Q1", "2025-Q4"),
        ("2026-W01", "2025-W52"),
        ("2026-10-01", "2026-09-30"),
        ("2026-10-11/2026-10-21", "2026-10-01/2026-10-11"),
        ("2026-10-11T08:00:00+08:00/2026-10-11T09:00:00+08:00", "2026-10-10T23:00:00+00:00/2026-10-11T00:00:00+00:00"),
    ],
)
def test_the_period_before_is_of_the_same_kind(period: str, then: str) -> None:
    assert before(_period(period)).name == then


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ("2026-10", "Oktober 2026"),
        ("2026-Q4", "triwulan 4 tahun 2026"),
        ("2026-W07", "pekan 7 tahun 2026"),
        ("2026-10-05", "5 Oktober 2026"),
        ("2026", "2026"),
        ("2026-01-01/2026-11-01", "1 Januari 2026 – 31 Oktober 2026"),
    ],
)
def test_periods_are_called_as_people_call_them(period: str, said: str) -> None:
    assert period_words(_period(period), Texts("id")) == said


def _period(text: str) -> Period:
    return between(*text.split("/")) if "/" in text else parse(text)


def test_a_month_shows_all_its_days_a_day_the_thirty_up_to_it_and_a_year_its_last_thirty() -> None:
    spans = [Span(*days) for days in ((date(2026, 10, 1), date(2026, 11, 1)), (date(2026, 10, 5), date(2026, 10, 6)))]
    year = Span(date(2026, 1, 1), date(2027, 1, 1))
    shown = [days_shown(span) for span in (*spans, year)]
    assert [(len(one) - 1, one[0][0], one[-2][0]) for one in shown] == [
        (31, "2026-10-01", "2026-10-31"),
        (30, "2026-09-06", "2026-10-05"),
        (30, "2026-12-02", "2026-12-31"),
    ]


def test_a_month_that_is_not_over_is_named_by_its_days() -> None:
    span = span_of(parse("2026-10"), at("10-12 10:00"), SITE.timezone)
    assert (span.last, year_so_far(span).name) == (date(2026, 10, 12), "2026-01-01/2026-10-13")
    assert [name for name, _ in months_shown(span)][-3:] == ["2026-09", "2026-10-01/2026-10-13", ""]


EAST = replace(SITE, code="east", name="Timur", regency="Berau", provider="Orbit", medium=Medium.VSAT)
OPD = replace(SITE, code="opd", name="Kantor", kind="opd", opd="Dinas A", regency="Samarinda")


def province(made: Office) -> Document:
    """In October the east lost two days of line and one of power, the others a little; in September nobody lost any."""
    for site, lost in (
        (SITE, [Lost("10-02 00:00", "10-02 06:00", Row.INTERNET_DOWN)]),
        (EAST, [Lost("10-03 00:00", "10-05 00:00"), Lost("10-06 00:00", "10-07 00:00", Row.POWER)]),
        (OPD, [Lost("10-02 00:00", "10-02 06:00", Row.INTRANET_DOWN)]),
    ):
        made.book(site, *lost, first=date(2026, 9, 1), days=61)
    return monthly.make(made.source())


def test_the_period_before_stands_beside_with_the_change_in_points(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        [berau, *_] = rows(province(made).table("regency"))
    assert berau["experienced"] == pytest.approx(28 / 31)
    assert (berau["experienced_before"], berau["line_before"]) == (1.0, 1.0)
    assert berau["experienced_change"] == pytest.approx(-3 / 31)
    assert berau["line_change"] == pytest.approx(-2 / 30)  # a power cut is not the line's


def test_where_nothing_was_measured_before_nothing_is_compared(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        made.book(SITE)
        sheet = monthly.make(made.source())
    assert "change" not in [section.name for section in sheet.sections]
    assert not [column for column in sheet.table("regency").columns if column.name.endswith(("_before", "_change"))]
    assert "September 2026" in sheet.table("regency").note


def test_where_the_time_went_sums_to_the_time_there_was(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        sheet = province(made)
    *conditions, total = rows(sheet.table("spent"))
    assert sum(_ms(row["time"]) for row in conditions) == total["time"] == 3 * 31 * 24 * HOUR
    for regency in rows(sheet.table("regency_spent")):
        assert sum(_ms(ms) for name, ms in regency.items() if name.startswith("row_")) == regency["period"]


def test_where_the_time_of_offices_went_is_told_of_days_and_nights(tmp_path: Path) -> None:
    """Although offices are judged by their service hours."""
    with office(tmp_path) as made:
        made.book(OPD, Lost("10-02 20:00", "10-03 02:00"))
        sheet = monthly.make(made.source(scope="regency", of=OPD.regency))
    [told] = rows(sheet.table("opd_spent"))
    assert (told["period"], told["row_line_down"]) == (31 * 24 * HOUR, 6 * HOUR)


def _ms(value: Value) -> int:
    assert isinstance(value, int)
    return value


def test_the_worst_come_first_of_equals_by_code_and_say_what_took_the_time(tmp_path: Path) -> None:
    with office(tmp_path, reports={"worst": 2}) as made:
        sheet = province(made)
    assert [(row["code"], row["cause"]) for row in rows(sheet.table("worst"))] == [
        ("east", "line_down"),
        (SITE.code, "internet_down"),
    ]
    assert [row["code"] for row in rows(sheet.table("best"))] == ["opd"]


def test_a_site_that_was_hardly_measured_is_neither_worst_nor_best(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        made.book(SITE, Lost("10-01 00:00", "10-25 00:00", Row.UNKNOWN))
        made.book(EAST)
        sheet = monthly.make(made.source())
    assert [row["code"] for row in rows(sheet.table("worst"))] == ["east"]
    assert [row["experienced"] for row in rows(sheet.table("nodes"))] == [None, 1.0]


def test_the_graph_has_every_day_the_target_and_its_numbers_in_a_table(tmp_path: Path) -> None:
    target = {"name": "RPJMD", "indicator": "experienced", "years": {"2026": 0.95}}
    with office(tmp_path, targets=[target]) as made:
        sheet = province(made)
    graph = next(one for one in sheet.sections if isinstance(one, Chart))
    numbers = rows(sheet.table(graph.of_table))
    assert [row["period"] for row in numbers][:2] == [date(2026, 10, 1), date(2026, 10, 2)]
    assert (len(graph.places), graph.target, graph.target_label) == (31, 0.95, "RPJMD 2026")
    assert list(graph.lines[0].values) == [row["experienced"] for row in numbers]
    assert graph.lines[0].values[2] == pytest.approx(2 / 3)
    assert rows(sheet.table("regency"))[0]["experienced_distance"] == pytest.approx(28 / 31 - 0.95)


def test_months_before_anything_was_measured_are_left_out_and_one_month_is_no_trend(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        both = province(made)
        alone = monthly.make(made.source("2026-09"))
    assert [row["period"] for row in rows(both.table("months"))] == ["September 2026", "October 2026"]
    months = [{"months", "months_chart"} & {one.name for one in sheet.sections} for sheet in (both, alone)]
    assert months == [{"months", "months_chart"}, set()]


def test_every_node_is_named_with_its_active_days(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        found = {row["name"]: row["active_days"] for row in rows(province(made).table("nodes"))}
    assert found == {"Long Iram Bayan": 31, "Timur": 28, "Kantor": 31}


def test_a_report_of_one_site_has_no_breakdowns(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        province(made)
        sheet = monthly.make(made.source(scope="site", of="east"))
    assert sheet.main == "days"
    assert not [one for one in sheet.sections if one.name in ("regency", "opd", "provider", "medium")]


def test_a_report_of_nobody_says_so_instead_of_failing(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        sheet = monthly.make(made.source())
    assert sheet.head.sites == 0
    assert [row for one in sheet.sections if isinstance(one, Table) and one.name != "months" for row in rows(one)][:1]


def test_a_period_is_added_up_once_however_many_tables_want_it(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        made.book(SITE)
        source = made.source()
        assert source.figures("regency")[SITE.regency] is source.figures("regency")[SITE.regency]
        assert source.figures("all", choice=SERVICE)[""] is source.figures("all", choice=SERVICE)[""]


@dataclass(frozen=True)
class Figure:
    """One of a report, with what it takes to ask the API for it."""

    measure: str
    hours: Hours
    subject: Subject
    value: Value

    @property
    def query(self) -> Mapping[str, str]:
        start, slash, end = self.subject.period.partition("/")
        period = {"from": start, "to": end} if slash else {"period": start}
        asked = {"scope": self.subject.scope, "of": self.subject.of, "hours": self.hours.value}
        return asked | period | dict(self.subject.where)


def figures_of(sheet: Document) -> Iterator[Figure]:
    for section in sheet.sections:
        if isinstance(section, Facts):
            told = [(fact.measure, fact.hours, fact.subject, fact.value) for fact in section.facts]
        elif isinstance(section, Table):
            told = [
                (column.measure, column.hours, row.subject, value)
                for row in section.rows()
                for column, value in zip(section.columns, row.cells, strict=True)
            ]
        else:
            continue
        yield from (Figure(m, hours, subject, value) for m, hours, subject, value in told if subject and m in MEASURES)


def answered(measure: str, told: Mapping[str, Any]) -> Value:
    """What an answer of the API says of a measure, as reports have it."""
    name, _, end = measure.partition("_")
    ratios = {one["name"]: one for one in told["availability"]}
    if name in ("line", "experienced", "internet", "intranet"):  # no echoes are booked
        value: Value = ratios[name][end or "value"] if name in ratios and end in ("", "low", "high") else None
        return value
    simple: dict[str, Value] = {
        "sites": told["sites"],
        "period": round(told["period_s"] * 1000),
        "coverage": told["coverage"],
        "outages": told["outages"]["n"],
        "downtime": round(told["downtime_s"] * 1000),
        "longest": round(told["outages"]["longest_s"] * 1000),
        "charged": told["charged"]["n"],
        "power_cuts": told["power_cuts"]["n"],
        "mttr": told["mttr_s"] and told["mttr_s"] * 1000,
        "most_lost": max((one for one in LOST_ROWS if told["rows"][one]), key=told["rows"].__getitem__, default=None),
    }
    return round(told["rows"][end] * 1000) if name == "row" else simple[measure]


async def asked_again(face: Faces, figures: Sequence[Figure]) -> list[tuple[Figure, Value]]:
    """Each with what the API says."""
    answers: dict[str, Any] = {}
    found = []
    for one in figures:
        if str(one.query) not in answers:
            async with face.client.get("/api/v1/indicators", params=one.query) as answer:
                answers[str(one.query)] = await answer.json()
        told = answers[str(one.query)].get("indicators")
        found.append((one, answered(one.measure, told[0]) if told else None))
    return found


@pytest.mark.parametrize(("now", "closed_days"), [("12-01 10:00", 31), ("10-20 10:00", 19)])
async def test_every_figure_is_what_the_api_says_to_the_last_digit(tmp_path: Path, now: str, closed_days: int) -> None:
    async with faces(tmp_path, FakeClock(at(now))) as face:
        face.know(SITE, EAST, OPD)
        for site in (SITE, EAST, OPD):
            lost = [Lost("10-02 00:00", "10-02 06:00"), Lost("10-20 08:00", "10-20 09:00")]
            book(face.parts.store, site, lost, days=closed_days)
        target = TargetSettings(name="T", indicator="line", kind="village", years={"2026": 0.9})
        wanted = Wanted(period=parse("2026-10"), sites=face.parts.store.sites())
        source = replace(face.parts.press.source(wanted), targets=[target])
        told = await asked_again(face, list(figures_of(monthly.make(source))))
    assert len(told) > 400
    assert [(one, value) for one, value in told if one.value != value] == []
