"""Who is connected as the audit pack's script recomputes it: by hand, against the program's own, in a pack; and whether
that rests on results."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.figures import connected as ours
from collector.figures.periods import between
from collector.registry import Details
from collector.reports.measures import CONNECTED
from collector.reports.pack.recompute.connected import WAYS, Daily
from collector.reports.pack.recompute.figures import Choice
from collector.reports.pack.recompute.measures.asked import Asked, Evidence, Told
from collector.reports.pack.recompute.measures.linked import of_connection
from collector.reports.pack.recompute.measures.register import of_register
from collector.reports.pack.recompute.subjects import Subject, Unknown
from collector.reports.source import Wanted
from tests.audited import House, province, recompute
from tests.evidenced import DAY, FIRST, RULE, evidence_of

HOUR = 3_600_000
LEVELS = {"u": (2 * HOUR, DAY), "l": (HOUR // 4, DAY), "d": (0, DAY), ".": (0, 0)}
"""How long it was up and measured on a day: up, a little, down, silent. A capital letter: as it was kept."""


def daily(*histories: str) -> Daily:
    """To each of WAYS, after one day a letter from FIRST on."""
    found = Daily()
    for way, history in zip(WAYS, histories, strict=False):
        for n, letter in enumerate(history):
            found.add(FIRST + timedelta(n), way, *LEVELS[letter.lower()], raw=letter.islower() or letter == ".")
    return found


@given(st.lists(st.text("uld.", min_size=8, max_size=8), min_size=3, max_size=3), st.integers(0, 7))
def test_the_script_says_the_same_of_a_site_as_the_program(histories: Sequence[str], n: int) -> None:
    mine, end = daily(*histories), FIRST + timedelta(n)
    told = [[mine.of(way, FIRST + timedelta(day)) for way in WAYS] for day in range(8)]
    spent = np.array(told, np.int64)
    known = ours.Daily(np.arange(8) + FIRST.toordinal(), spent[..., 0], spent[..., 1])
    rule = ours.Rule(window_days=3, at_least_ms=HOUR)
    found = ours.connections(known, end, rule)
    assert [mine.connected(way, end, RULE) for way in WAYS] == [one.connected for one in found]
    assert [mine.since(way, end, RULE) for way in WAYS] == [one.since for one in found]
    assert mine.active_days(FIRST, end, RULE) == ours.active_days(known, FIRST, end + timedelta(1), rule)


def evidence(told: Mapping[str, Daily], kinds: Sequence[str] = ()) -> Evidence:
    """Of sites by their codes; their kinds in that order, `village` where there are no more."""
    named = [*kinds, *["village"] * len(told)]
    register = {"bandwidth_mbps": 12.5, "ip": "10.0.0.1"}
    sites = [{"code": code, "kind": kind, "register": register} for code, kind in zip(told, named, strict=False)]
    return evidence_of(sites, daily=told)


def asked(what: str, scope: str = "all", of: str = "", period: str = "2026-09-05/2026-09-09") -> Asked:
    return Asked(f"connected.{what}", Subject(scope, of, period), Choice(), period)


def said(known: Evidence, *what: str) -> list[object]:
    return [of_connection(known, asked(one)).value for one in what]


def test_points_are_counted_and_hubs_are_not() -> None:
    told = {"a": daily("uuuuuuuu"), "b": daily("dddddddd"), "c": daily("........"), "hub": daily("uuuuuuuu")}
    known = evidence(told, ["opd", "opd", "village", "hub"])
    assert said(known, "sites", "any_yes", "any_no", "any_unknown", "share") == [3, 1, 1, 1, 1 / 3]
    assert said(known, "intranet_yes", "intranet_unknown", "intranet_share") == [0, 3, 0]
    assert said(known, "opd_share", "village_share", "service_share") == [0.5, 0, None]


def test_several_sites_are_connected_if_one_is_since_the_first_of_them() -> None:
    known = evidence({"a": daily("ddddduuu"), "b": daily("...uuuuu"), "c": daily("dddddddd")})
    assert said(known, "any", "any_since", "internet_since", "intranet", "intranet_since", "active_days") == [
        True,
        "2026-09-04",
        "2026-09-04",
        None,
        None,
        3 + 4,
    ]


def test_who_is_only_seen_from_outside_is_connected_by_no_network() -> None:
    known = evidence({"a": daily("", "", "uuuuuuuu")})
    assert said(known, "any", "internet", "any_since") == [True, None, "2026-09-01"]


def test_every_measure_of_connections_is_known() -> None:
    known = evidence({"a": daily("u" * 8, "u" * 8)}, ["opd"])
    told = said(known, *(measure.removeprefix("connected.") for measure in CONNECTED))
    assert [measure for measure, value in zip(CONNECTED, told, strict=True) if value is None] == [
        "connected.village_share",
        "connected.service_share",
        "connected.other_share",
    ]


def test_a_measure_that_nobody_knows_is_not_answered() -> None:
    known = evidence({"a": daily("u")})
    for what in ("any_maybe", "telex", "telex_since", "hub_share"):
        with pytest.raises(Unknown):
            of_connection(known, asked(what))


@pytest.mark.parametrize(
    ("history", "is_raw", "since_is_raw"),
    [
        ("uuuuuuuu", True, True),
        ("UUUUUuuu", True, False),  # the window is of results, the days before are as they were kept
        ("UUUUUUuu", False, False),
        ("Uuddduuu", True, True),  # three days down end the run: what was before does not matter
        ("uUddduuu", True, True),
        ("uuDdduuu", True, False),  # the days that end it do
        ("UUUUUddd", True, True),  # not connected: since is not told, and the window says so
        ("........", True, True),  # never measured: there is nothing that anybody kept
    ],
)
def test_it_rests_on_results_if_all_days_did_that_decided_it(history: str, is_raw: bool, since_is_raw: bool) -> None:
    known = evidence({"a": daily(history)})
    for what in ("any", "internet", "any_yes", "share", "village_share"):
        assert of_connection(known, asked(what)).raw is is_raw, what
    assert of_connection(known, asked("internet_since")).raw is since_is_raw


def test_active_days_rest_on_the_days_of_the_period() -> None:
    known = evidence({"a": daily("UUUUuuuu"), "b": daily("uuuuuUuu")})
    assert of_connection(known, asked("active_days", "site", "a")).raw
    assert not of_connection(known, asked("active_days", "site", "b")).raw


def test_the_register_is_quoted_where_it_says_a_figure() -> None:
    known, subject = evidence({"a": daily("u")}), Subject("site", "a", "2026-09")
    assert of_register(known, Asked("register.bandwidth_mbps", subject, Choice(), "2026-09")) == Told(12.5, raw=True)
    with pytest.raises(Unknown):
        of_register(known, Asked("register.ip", subject, Choice(), "2026-09"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House.of(province(tmp_path_factory.mktemp("province")))
    code = found.store.sites()[0].code
    found.store.register.put_details([Details(code=code, bandwidth_mbps=50.0)])
    yield found
    found.store.close()


def pack_of(house: House, folder: Path, first: str) -> Path:
    """From that day until 8 September, on which it is ten o'clock."""
    period = between(first, "2026-09-09")
    source = house.parts.press.source(Wanted(period=period, sites=house.store.sites()))
    house.parts.press.lay_out("audit", source, folder)
    return folder


@pytest.fixture(scope="module")
def whole(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """From the first result on."""
    return pack_of(house, tmp_path_factory.mktemp("pack"), "2026-09-01")


@pytest.fixture(scope="module")
def later(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first day is before it."""
    return pack_of(house, tmp_path_factory.mktemp("pack"), "2026-09-02")


def test_of_a_pack_from_the_first_result_on_all_connections_rest_on_results(whole: Path, tmp_path: Path) -> None:
    verdict = recompute(whole, tmp_path / "empty")
    figures, agree, kept = verdict.reports["keterhubungan"]
    assert figures == agree > 100, verdict.said
    assert kept == 0


def test_of_a_later_one_only_since_rests_on_kept_days(later: Path, tmp_path: Path) -> None:
    verdict = recompute(later, tmp_path / "empty")
    figures, agree, kept = verdict.reports["keterhubungan"]
    report = json.loads((later / "reports/keterhubungan.json").read_text())
    tables = {one["name"]: one for one in report["sections"] if one["type"] == "table"}
    rows = len(tables["sites"]["rows"]) + len(tables["opds"]["rows"])
    assert figures == agree, verdict.said
    assert 0 < kept <= 3 * rows


def without_networks(pack: Path, first_only: bool) -> Path:
    """Its kept accounts say of an office that no network was ever up (on the first day)."""
    path = min(pack.glob("data/sites/64.72.*/accounts.jsonl"))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for account in lines[:1] if first_only else lines:
        account["others"] = {}
        account["cells"] = {"unknown/inside/none": DAY}
    path.write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    return path.parent


def test_what_the_kept_accounts_say_does_not_matter_where_there_are_results(whole: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(whole, tmp_path / "pack"))
    site = without_networks(pack, first_only=False).name
    verdict = recompute(pack, tmp_path / "empty")
    assert f"Account of {site} 2026-09-04: its raw results make another one" in verdict.said
    assert "NOT EQUAL: keterhubungan" not in verdict.said


def test_a_kept_day_that_was_changed_moves_since(later: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(later, tmp_path / "pack"))
    without_networks(pack, first_only=True)
    verdict = recompute(pack, tmp_path / "empty")
    wrong = [line for line in verdict.said.splitlines() if "NOT EQUAL: keterhubungan" in line]
    assert wrong
    assert all("since" in line and "2026-09-02" in line for line in wrong)


def test_a_changed_count_is_named(whole: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(whole, tmp_path / "pack"))
    path = pack / "reports" / "keterhubungan.json"
    report = json.loads(path.read_text())
    shares = next(one for one in report["sections"] if one["name"] == "shares")
    at = [one["name"] for one in shares["columns"]].index("any_no")
    shares["rows"][0]["cells"][at] += 1
    path.write_text(json.dumps(report))
    verdict = recompute(pack, tmp_path / "empty")
    [line] = [line for line in verdict.said.splitlines() if "NOT EQUAL" in line]
    assert all(word in line for word in ("keterhubungan", "table shares", "column any_no"))
