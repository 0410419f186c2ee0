"""Whether a site is connected, and since when: the rule by eye, and the report `keterhubungan` of a real store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.accounts import Day
from collector.accounting.ledger import PLAIN, Standing
from collector.condition import Row
from collector.figures.connected import Connection, Daily, Rule, connections, daily, together
from collector.figures.sums import tally
from collector.reports.connectivity import connected
from collector.reports.connectivity.nodes import brief_nodes, nodes
from collector.reports.document import Chart, Prose
from collector.reports.source import Source
from tests.booked import OCTOBER, SITE, Lost
from tests.made_days import DAY_MS, days, made_day, standings
from tests.tabled import Office, office, rows

HOUR = 3_600_000
RULE = Rule(window_days=3, at_least_ms=HOUR)
FIRST = date(2026, 10, 1)
LEVELS = {"u": (2 * HOUR, DAY_MS), "l": (HOUR // 4, DAY_MS), "d": (0, DAY_MS), ".": (0, 0)}
"""How long it was up and measured on a day: up, a little, down, silent."""


def told(history: str) -> Connection:
    """To the internet, after one day a letter from FIRST on."""
    up, measured = zip(*(LEVELS[letter] for letter in history), strict=True)
    nothing = [0] * len(history)
    known = Daily(
        np.arange(len(history)) + FIRST.toordinal(),
        np.array([up, nothing, nothing]).T,
        np.array([measured, nothing, nothing]).T,
    )
    return connections(known, date.fromordinal(FIRST.toordinal() + len(history) - 1), RULE)[0]


@pytest.mark.parametrize(
    ("history", "yes", "since"),
    [
        ("uuuu", True, 1),
        ("uudd", True, 1),  # it was up in the last three days
        ("uddd", False, None),
        ("dddl", False, None),  # for less than an hour
        ("dlll", False, None),
        ("llll", False, None),
        ("u...", None, None),  # silence is no evidence
        ("ud..", False, None),
        ("uddu", True, 1),  # two days are no break
        ("udddu", True, 5),
        ("u...u", True, 5),  # three silent days cannot be told from it
        ("uddd" + "udd" + "u", True, 5),
        ("ulddlddu", True, 1),  # a little is a sign of life
    ],
)
def test_connected_is_who_was_up_in_the_window_since_it_was_never_gone_so_long(
    history: str, yes: bool | None, since: int | None
) -> None:
    found = told(history)
    assert (found.connected, found.since) == (yes, since and date(2026, 10, since))


def test_who_is_connected_from_the_first_measured_day_on_may_have_been_so_for_longer() -> None:
    assert [told(history).at_least for history in ("uuu", "duu", "..uu", "dddd")] == [True, False, True, False]


def test_what_is_gone_says_when_it_was_last_up_and_measured() -> None:
    found = told("uddd..")
    assert (found.last_up, found.last_measured) == (date(2026, 10, 1), date(2026, 10, 4))


def test_of_several_lines_one_that_is_connected_is_enough() -> None:
    yes, no, nobody_knows = told("duuu"), told("dddd"), told("....")
    assert together([no, yes, nobody_knows]).connected is True
    assert together([no, nobody_knows]).connected is False
    assert together([nobody_knows]).connected is None
    assert together([told("udddduu"), told("ddduuuu")]).since == date(2026, 10, 4)


@given(st.lists(days(), max_size=4, unique_by=lambda day: day.ledger.from_ms))
def test_a_tally_says_the_same_of_networks_as_the_ledger_that_it_is_of(some: Sequence[Day]) -> None:
    number = [day.ledger.from_ms // DAY_MS for day in some]
    kept = daily([(n, tally(day.ledger, day.latency)) for n, day in zip(number, some, strict=True)], [])
    made = daily([], [(n, day.ledger) for n, day in zip(number, some, strict=True)])
    assert [column.tolist() for column in (kept.days, kept.up_ms, kept.measured_ms)] == [
        column.tolist() for column in (made.days, made.up_ms, made.measured_ms)
    ]


def test_a_day_in_pieces_is_one_day() -> None:
    half = made_day(others={"internet": standings({Standing.UP: HOUR})}).ledger
    assert daily([], [(5, half), (5, half)]).up_ms.tolist() == [[2 * HOUR, 0, 0]]


def test_where_neither_network_is_measured_who_watches_from_outside_is_asked() -> None:
    spent = {(Row.UP, 0, PLAIN): DAY_MS - HOUR, (Row.UNREACHABLE, 0, PLAIN): HOUR}
    watched, inside = made_day(spent), made_day(spent, others={"intranet": standings({Standing.DOWN: HOUR})})
    found = daily([], [(1, watched.ledger), (2, inside.ledger)])
    assert found.up_ms.tolist() == [[0, 0, DAY_MS - HOUR], [0, 0, 0]]
    assert found.measured_ms.tolist() == [[0, 0, DAY_MS], [0, HOUR, 0]]


VILLAGE = replace(SITE, kind="village")
OPD_A = replace(SITE, code="opd-a", name="Kantor A", kind="opd", opd="Dinas A", regency="Samarinda")
OPD_B = replace(OPD_A, code="opd-b", name="Kantor B")
HUB = replace(SITE, code="hub", kind="hub")
GONE = Lost("10-20 00:00", "11-01 00:00", Row.UNREACHABLE)


def province(made: Office) -> Source:
    """A village that is gone since 20 October, an OPD with one office of two, a hub, a village that nobody measures."""
    made.book(VILLAGE, GONE)
    made.book(OPD_A)
    made.book(OPD_B, GONE)
    made.book(HUB)
    made.store.put_sites([replace(VILLAGE, code="silent")])
    return made.source(language="en")


def by_first(told: Sequence[Mapping[str, object]]) -> dict[object, Mapping[str, object]]:
    return {next(iter(row.values())): row for row in told}


def test_every_registered_point_is_there_and_no_hub(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        found = by_first(rows(connected.make(province(made)).table("sites")))
    assert {code: row["any"] for code, row in found.items()} == {
        "opd-a": True,
        "opd-b": False,
        VILLAGE.code: False,
        "silent": None,
    }
    assert found["opd-a"]["any_since"] == OCTOBER
    assert found["opd-a"]["note"] == "not measured from inside; reached from outside"
    assert found["silent"]["note"] == "never measured"


def test_who_is_not_measured_has_a_column_and_is_not_connected(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        found = by_first(rows(connected.make(province(made)).table("shares")))
    village, everything = found["village point"], found["All together"]
    assert (village["any_yes"], village["any_no"], village["any_unknown"], village["any_share"]) == (0, 1, 1, 0.0)
    assert (everything["sites"], everything["any_share"]) == (4, 0.25)


def test_an_opd_is_connected_if_one_of_its_offices_is(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        [opd] = rows(connected.make(province(made)).table("opds"))
    assert (opd["opd"], opd["sites"], opd["any"], opd["any_since"]) == ("Dinas A", 2, True, OCTOBER)


def test_months_begin_with_the_first_that_was_measured_and_end_with_the_period(tmp_path: Path) -> None:
    with office(tmp_path, targets=[{"name": "T", "indicator": "connected", "years": {"2026": 0.9}}]) as made:
        province(made)
        sheet = connected.make(made.source("2026-11-15"))
    chart = next(one for one in sheet.sections if isinstance(one, Chart))
    assert chart.places == ["2026-10-31", "2026-11-15"]
    assert (chart.target, chart.target_label) == (0.9, "T 2026")
    assert [row["opd"] for row in rows(sheet.table("months"))] == [0.5, 1.0]


def test_the_rule_is_printed_with_its_numbers(tmp_path: Path) -> None:
    with office(tmp_path, reports={"connected_window_days": 9, "connected_at_least_s": 1800}) as made:
        sheet = connected.make(province(made))
    [rule] = [one for one in sheet.sections if isinstance(one, Prose)]
    assert "at least 30 minutes" in rule.paragraphs[0]
    assert "last 9 days" in rule.paragraphs[0]
    assert rule.paragraphs[0] in sheet.head.method


def test_what_reads_only_the_period_says_the_same_of_its_end(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        brief = {one.site.code: (one.connected, one.active_days) for one in brief_nodes(province(made))}
        whole = {one.site.code: (one.connected, one.active_days) for one in nodes(made.source())}
    assert brief == whole
    assert whole[VILLAGE.code] == (False, 19)
