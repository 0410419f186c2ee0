"""Indicators, ledgers and revisions over HTTP, as JSON and as CSV."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import hdrs, web
from aiohttp.test_utils import TestClient, TestServer

from collector.accounting.accounts import Revision
from collector.accounting.calendars import ALWAYS
from collector.accounting.latency import Latency
from collector.accounting.ledger import PLAIN, PLANNED, Standing
from collector.condition import Row
from collector.faces.guard import refusals
from collector.faces.indicators_api import IndicatorsApi
from collector.faces.inquiry import Inquiries
from collector.faces.tables import COLUMNS, written
from collector.figures.indicators import AccountingSettings
from collector.figures.totals import Totals
from collector.registry import Site
from tests.fakes import FakeClock
from tests.made_days import DAY_MS, MadeAccounts, corrected, down, made_day, plain, standings

TASUK = Site(code="s", name="Tasuk", regency="Berau", provider="Icon+", timezone="UTC")
BAYAN = replace(TASUK, code="t", regency="Kutai Barat")
FIRST = 20_700
"""2026-09-04."""
NOW_MS = (FIRST + 10) * DAY_MS + DAY_MS // 2
DAYS = [
    made_day(
        {
            (Row.UP, 1, PLAIN): DAY_MS - 900_000,
            (Row.LINE_DOWN, 1, PLAIN): 400_000,
            (Row.LINE_DOWN, 0, PLANNED): 500_000,
        },
        number=FIRST + n,
        site=site,
        doubt={(Row.UP, Row.LINE_DOWN): plain(3_000)},
        others={"internet": standings({Standing.UP: 5}), "service/samsat": standings({Standing.UP: 3})},
        downs=[down((FIRST + n) * DAY_MS, (FIRST + n) * DAY_MS + 400_000)],
        latency={("internet", 0): Latency(sent=100, lost=1)},
    )
    for n in range(11)
    for site in "st"
]


@asynccontextmanager
async def serving(sites: Sequence[Site] = (TASUK, BAYAN), revisions: Sequence[Revision] = ()) -> AsyncIterator[Any]:
    accounts = MadeAccounts(DAYS, kept_until_ms=(FIRST + 10) * DAY_MS, revisions=revisions)
    settings = AccountingSettings()
    api = IndicatorsApi(
        accounts=accounts,
        inquiries=Inquiries(
            totals=Totals(accounts, accounts.books, lambda site: ALWAYS, settings),
            calendar_of=lambda site: ALWAYS,
            clock=FakeClock(NOW_MS),
            timezone="Asia/Makassar",
            settings=settings,
            acts_version=lambda: 0,
        ),
        sites=lambda: sites,
        calendar_of=lambda site: ALWAYS,
        clock=FakeClock(NOW_MS),
    )
    app = web.Application(middlewares=[refusals])
    app.add_routes(api.routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def told(path: str, **serve: Any) -> Any:
    async with serving(**serve) as client, client.get(f"/api/v1/{path}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def table(path: str, **serve: Any) -> list[dict[str, str]]:
    async with serving(**serve) as client, client.get(f"/api/v1/{path}&format=csv") as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers[hdrs.CONTENT_TYPE] == "text/csv; charset=utf-8"
        text = await answer.text()
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert "\n" not in text.replace("\r\n", "")
    return list(csv.DictReader(io.StringIO(text)))


async def test_a_month_of_everything_is_told_with_its_method() -> None:
    answer = await told("indicators?scope=all&period=2026-09")
    [one] = answer["indicators"]
    assert (answer["scope"], answer["period"], answer["hours"], answer["exclusions"]) == (
        "all",
        "2026-09",
        "all",
        "with",
    )
    assert (one["sites"], one["period_s"], one["enough_data"]) == (2, 22 * (DAY_MS - 500_000) / 1000, True)
    line = one["availability"][0]
    assert line["name"] == "line"
    assert line["low"] < line["value"] < 1
    assert answer["formulas"]["line"].startswith("(up + degraded")
    assert answer["formulas"]["service/samsat"].startswith("service/samsat.up / (")


@pytest.mark.parametrize(
    ("query", "of"),
    [
        ("scope=site", ["s", "t"]),
        ("", ["s", "t"]),
        ("scope=site&of=t", ["t"]),
        ("scope=regency", ["Berau", "Kutai Barat"]),
        ("scope=provider&of=Icon%2B", ["Icon+"]),
        ("scope=medium", ["other"]),
    ],
)
async def test_every_one_of_a_scope_is_told_or_the_one_that_was_asked_for(query: str, of: list[str]) -> None:
    answer = await told(f"indicators?period=2026-09&{query}")
    assert [one["of"] for one in answer["indicators"]] == of


async def test_service_hours_and_exclusions_are_chosen() -> None:
    [one] = (await told("indicators?scope=all&period=2026-09-05&hours=service&exclusions=without"))["indicators"]
    assert (one["period_s"], one["excluded_s"]["planned"]) == (2 * (DAY_MS - 500_000) / 1000, 0)
    [one] = (await told("indicators?scope=all&period=2026-09-05&exclusions=without"))["indicators"]
    assert (one["period_s"], one["excluded_s"]["planned"]) == (2 * DAY_MS / 1000, 1000)


async def test_times_are_those_of_the_site_and_a_period_that_has_not_ended_ends_now() -> None:
    sites = [replace(TASUK, timezone="Asia/Makassar")]
    [one] = (await told("indicators?period=2026-09", sites=sites))["indicators"]
    assert (one["from"], one["to"]) == ("2026-09-01T00:00:00+08:00", "2026-09-14T20:00:00+08:00")
    assert (one["timezone"], one["calendar"]) == ("Asia/Makassar", "24x7")


async def test_sites_of_several_time_zones_have_their_own_days() -> None:
    sites = [replace(TASUK, timezone="Asia/Makassar"), replace(BAYAN, timezone="Asia/Jakarta")]
    [one] = (await told("indicators?scope=all&period=2026-09-05", sites=sites))["indicators"]
    assert (one["from"], one["to"]) == ("2026-09-05T00:00:00+08:00", "2026-09-06T01:00:00+08:00")
    assert one["timezone"] == "Asia/Jakarta, Asia/Makassar"


async def test_a_period_that_began_before_its_account_says_since_when_it_counts() -> None:
    nobody = replace(TASUK, code="u", regency="Mahakam Ulu")
    query = "indicators?from=2026-09-01&to=2026-09-11"
    [all_of_it] = (await told("indicators?period=2026-09-05&scope=all"))["indicators"]
    [one] = (await told(f"{query}&scope=all", sites=[TASUK, BAYAN, nobody]))["indicators"]
    [row, _, none] = await table(f"{query}&scope=regency", sites=[TASUK, BAYAN, nobody])
    names = ("counted_from", "counted_all_from", "counted_share", "late_sites")
    assert [all_of_it[name] for name in names] == ["2026-09-05T00:00:00Z", "2026-09-05T00:00:00Z", 1.0, 0]
    assert [one[name] for name in names] == ["2026-09-04T00:00:00Z", None, 14 / 30, 3]
    assert [row[name] for name in names] == ["2026-09-04T00:00:00+00:00", "2026-09-04T00:00:00+00:00", "0.7", "1"]
    assert [none[name] for name in names] == ["", "", "0", "1"]


def test_tables_have_times_to_the_millisecond_and_ratios_to_a_millionth() -> None:
    row = (29786920.116999999, 12.3456789, 1 / 3, 2.0, 0.1 + 0.2)
    _, said, _ = written(("period_s", "internet_p95_ms", "coverage", "known", "mttr_s"), [row]).decode().split("\r\n")
    assert said == "29786920.117,12.346,0.333333,2,0.3"


async def test_when_it_was_made_is_told_in_the_time_zone_of_what_it_tells() -> None:
    assert (await told("indicators?period=2026-09"))["as_of"].endswith("Z")
    sites = [replace(TASUK, timezone="Asia/Jakarta"), BAYAN]
    assert (await told("indicators?period=2026-09", sites=sites[:1]))["as_of"].endswith("+07:00")
    assert (await told("indicators?period=2026-09", sites=sites))["as_of"].endswith("+08:00")


async def test_a_table_of_indicators_stands_by_itself() -> None:
    rows = await table("indicators?scope=regency&period=2026-09")
    assert [(row["scope"], row["of"], row["from"]) for row in rows] == [
        ("regency", "Berau", "2026-09-01T00:00:00+00:00"),
        ("regency", "Kutai Barat", "2026-09-01T00:00:00+00:00"),
    ]
    row = rows[0]
    assert tuple(row) == COLUMNS
    assert (row["services"], row["internet_loss"], row["intranet"]) == ("samsat=1", "0.01", "")
    assert float(row["line_low"]) < float(row["line"])
    assert row["line_formula"].startswith("(up + degraded")


async def test_the_columns_are_there_also_when_there_is_nothing_in_them() -> None:
    async with serving(sites=[]) as client, client.get("/api/v1/indicators?period=2026-09&format=csv") as answer:
        assert (await answer.text()).strip().split(",") == list(COLUMNS)


async def test_a_name_that_a_spreadsheet_would_compute_is_text() -> None:
    [row] = await table("indicators?scope=opd&period=2026-09", sites=[replace(TASUK, opd='=HYPERLINK("x")')])
    assert row["of"] == '\'=HYPERLINK("x")'


@pytest.mark.parametrize(("by", "pieces"), [("day", 11), ("week", 3), ("month", 1), ("quarter", 1), ("year", 1)])
async def test_a_ledger_comes_in_pieces_that_sum_to_their_time(by: str, pieces: int) -> None:
    answer = await told(f"ledger?site=s&period=2026-09&by={by}")
    assert len(answer["pieces"]) == pieces
    assert sum(cell["ms"] for piece in answer["pieces"] for cell in piece["cells"]) == 11 * DAY_MS


async def test_a_piece_of_a_ledger_has_cells_doubt_groups_and_outages() -> None:
    [piece] = (await told("ledger?site=s&period=2026-09-05"))["pieces"]
    assert piece["name"] == "2026-09-05"
    assert {"row": "line_down", "in_service": False, "exclusion": "planned", "ms": 500_000} in piece["cells"]
    assert piece["doubt"] == [{"row": "up", "maybe": "line_down", "ms": 3_000}]
    assert piece["others"][0] == {
        "subject": "internet",
        "standing": "up",
        "in_service": False,
        "exclusion": "none",
        "ms": 5,
    }
    assert (piece["downs"][0]["row"], piece["downs"][0]["start"]) == ("line_down", "2026-09-05T00:00:00Z")


async def test_a_table_of_a_ledger_adds_up() -> None:
    rows = await table("ledger?site=s&period=2026-09")
    assert sum(int(row["ms"]) for row in rows) == 11 * DAY_MS
    assert rows[0] | {"from": "", "to": "", "as_of": ""} == {
        "site": "s",
        "period": "2026-09",
        "by": "day",
        "timezone": "UTC",
        "calendar": "24x7",
        "as_of": "",
        "piece": "2026-09-04",
        "from": "",
        "to": "",
        "row": "up",
        "in_service": "true",
        "exclusion": "none",
        "ms": str(DAY_MS - 900_000),
    }


async def test_revisions_say_what_changed_and_why() -> None:
    revisions = [corrected(DAYS[0], 1, NOW_MS), corrected(DAYS[0], 2, NOW_MS, ("up", 5, 9), ("unknown", 4, 0))]
    answer = await told("revisions?site=s&period=2026-09", revisions=revisions)
    assert [(one["day"], one["number"], len(one["changes"])) for one in answer["revisions"]] == [
        ("2026-09-04", 1, 0),
        ("2026-09-04", 2, 2),
    ]
    assert answer["revisions"][1]["changes"][0] == {"what": "up", "before": 5, "after": 9}
    rows = await table("revisions?site=s&period=2026-09", revisions=revisions)
    assert [(row["number"], row["what"], row["before"]) for row in rows] == [
        ("1", "", ""),
        ("2", "up", "5"),
        ("2", "unknown", "4"),
    ]


async def test_a_corrected_month_says_so() -> None:
    revisions = [corrected(DAYS[0], 2, NOW_MS - 5_000)]
    [one] = (await told("indicators?period=2026-09&of=s", revisions=revisions))["indicators"]
    assert one["corrected_days"] == 1


@pytest.mark.parametrize(
    ("path", "status", "kind", "hint"),
    [
        ("indicators", 400, "bad-period", "which period?"),
        ("indicators?period=september", 400, "bad-period", "2026-W47"),
        ("indicators?from=2026-09-01", 400, "bad-period", "RFC 3339"),
        ("indicators?period=2027&of=s", 400, "bad-period", "has not begun"),
        ("indicators?period=2026&scope=desa", 400, "bad-scope", "regency"),
        ("indicators?period=2026&hours=office", 400, "bad-hours", "service"),
        ("indicators?period=2026&exclusions=no", 400, "bad-exclusions", "without"),
        ("indicators?period=2026&format=xls", 400, "bad-format", "csv"),
        ("indicators?period=2026&as_of=then", 400, "bad-time", "RFC 3339"),
        ("indicators?period=2026&scope=regency&of=Atlantis", 404, "unknown-regency", "Atlantis"),
        ("ledger?period=2026", 404, "unknown-site", "site="),
        ("ledger?site=s&period=2027", 400, "bad-period", "has not begun"),
        ("ledger?site=s&period=2026&by=minute", 400, "bad-by", "hour, day"),
        ("ledger?site=s&period=2026-09&by=hour", 400, "bad-by", "a week at most"),
        ("revisions?site=nowhere&period=2026", 404, "unknown-site", "nowhere"),
    ],
)
async def test_a_refusal_says_what_to_do(path: str, status: int, kind: str, hint: str) -> None:
    async with serving() as client, client.get(f"/api/v1/{path}") as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["type"]) == (status, kind)
    assert hint in problem["detail"]
