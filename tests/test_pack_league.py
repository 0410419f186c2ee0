"""The league of providers as the audit pack's script recomputes it: by hand, against the program's own, in a pack."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.figures.league import middle, nth, places
from collector.reports.measures import LEAGUE
from collector.reports.pack.recompute.contracts import Contract
from collector.reports.pack.recompute.figures import Choice
from collector.reports.pack.recompute.measures.asked import Asked, Evidence, Told
from collector.reports.pack.recompute.measures.league import of_league, tosses
from collector.reports.pack.recompute.subjects import Subject
from tests.audited import House, recompute
from tests.evidenced import DAY, evidence_of
from tests.leagued import province, source_of

PERIOD = "2026-09-05"
CONTRACT = {"number": "K-a", "begins": "2026-01-01", "ends": None, "sla": "0.9", "fee": None, "fee_of": "line"}
CONTRACT |= {"formula": "none", "charge_after_s": None}
Lines = Sequence[float | tuple[float, float, float] | None]
"""Of the sites of a provider: the line availability, or with its lowest and highest value; None: not enough data."""


def evidence(told: Mapping[str, Lines], medium: Mapping[str, str] | None = None, **known: float) -> Evidence:
    """Of sites `a-0`, `a-1` ... of a provider `a`, whose contract is `K-a`; at least 6 sites are ranked."""
    lines = {f"{name}-{n}": line for name, several in told.items() for n, line in enumerate(several)}
    media = medium or {}
    sites = [{"code": code, "provider": code.rpartition("-")[0]} for code in lines]
    for site in sites:
        site |= {"contract": f"K-{site['provider']}", "medium": media.get(site["code"], "fiber")}

    def of(asked: Asked) -> Told:
        if asked.measure in known:
            return Told(known[asked.measure], raw=True)
        line = 1.0 if asked.measure == "known" else lines[asked.subject.of]
        ends = line if isinstance(line, tuple) else (line, line, line)
        place = {"line_low": 1, "line_high": 2}.get(asked.measure, 0)
        return Told(ends[place], raw=asked.subject.of != "kept-0")

    league = {"league": {"at_least_sites": 6, "limit": 0.8}, "timezone": "UTC"}
    return evidence_of(sites, of=of, pack=league, contracts=[Contract.of(CONTRACT)])


def said(known: Evidence, what: str, provider: str = "a", **where: str) -> float | None:
    subject = Subject("provider", provider, PERIOD, tuple(where.items()))
    value: float | None = of_league(known, Asked(f"league.{what}", subject, Choice(), PERIOD)).value
    return value


def ranks(known: Evidence, providers: str) -> list[tuple[float | None, float | None]]:
    """(best, worst) of each."""
    return [(said(known, "rank", one), said(known, "at_worst", one)) for one in providers]


@pytest.mark.parametrize(("n", "k"), [(0, 0), (1, 0), (5, 0), (6, 1), (8, 1), (9, 2), (10, 2), (40, 14), (100, 40)])
def test_the_interval_is_that_of_the_tables_of_the_sign_test(n: int, k: int) -> None:
    assert tosses(n) == k


def test_the_interval_is_that_of_the_program() -> None:
    assert [tosses(n) for n in (*range(200), 900)] == [nth(n) for n in (*range(200), 900)]


def test_of_six_sites_the_interval_goes_from_the_worst_to_the_best() -> None:
    known = evidence({"a": [0.1, 0.2, 0.3, 0.4, (0.5, 0.05, 0.97), 0.9]})
    assert [said(known, what) for what in ("judged", "middle", "middle_low", "middle_high")] == [6, 0.35, 0.05, 0.97]


def test_of_ten_it_goes_from_the_second_worst_to_the_second_best() -> None:
    known = evidence({"a": [n / 10 for n in range(10)]})
    assert [said(known, what) for what in ("middle", "middle_low", "middle_high")] == [0.45, 0.1, 0.8]


def test_of_forty_it_goes_from_the_fourteenth_to_the_fourteenth() -> None:
    known = evidence({"a": [n / 40 for n in range(40)]})
    assert (said(known, "middle_low"), said(known, "middle_high")) == (13 / 40, 26 / 40)


def test_equal_middles_have_the_same_rank() -> None:
    assert ranks(evidence({"a": [0.9] * 6, "b": [0.9] * 6, "c": [0.5] * 6}), "abc") == [(1, 2), (1, 2), (3, 3)]


def test_intervals_that_just_touch_cannot_be_told_apart() -> None:
    upper, lower, apart = (0.9, 0.8, 0.95), (0.7, 0.6, 0.8), (0.7, 0.6, 0.7999)
    assert ranks(evidence({"a": [upper] * 6, "b": [lower] * 6}), "ab") == [(1, 2), (1, 2)]
    assert ranks(evidence({"a": [upper] * 6, "b": [apart] * 6}), "ab") == [(1, 1), (2, 2)]


def test_who_has_no_name_no_data_or_few_sites_is_not_ranked() -> None:
    known = evidence({"a": [0.5] * 6, "": [0.9] * 9, "few": [0.9] * 5, "mute": [None] * 9, "half": [0.9] * 5 + [None]})
    assert ranks(known, "a") == [(1, 1)]
    assert [said(known, "rank", one) for one in ("", "few", "mute", "half")] == [None] * 4
    assert [said(known, "judged", one) for one in ("", "few", "mute", "half")] == [9, 5, 0, 5]
    assert (said(known, "ranked"), said(known, "unranked")) == (1, 4)


def test_who_has_too_little_data_all_together_is_not_ranked() -> None:
    assert ranks(evidence({"a": [0.9] * 6}, known=0.4), "a") == [(None, None)]


def test_ranks_of_a_medium_are_within_it() -> None:
    media = {f"b-{n}": "vsat" for n in range(6)}
    known = evidence({"a": [0.9] * 6, "b": [0.5] * 6}, media)
    assert (said(known, "rank", "b"), said(known, "rank", "b", medium="vsat")) == (2, 1)
    assert said(known, "ranked", "b", medium="vsat") == 1


def test_a_site_without_a_contract_is_held_against_the_limit() -> None:
    known = evidence({"a": [0.95, 0.85, 0.9], "b": [0.95, 0.85, 0.75]})
    assert [(said(known, "below", one), said(known, "below_share", one)) for one in "ab"] == [(1, 1 / 3), (1, 1 / 3)]
    assert said(evidence({"mute": [None]}), "below_share", "mute") is None


def test_every_measure_of_the_league_is_known() -> None:
    known = evidence({"a": [0.9] * 6}, outages=1, period=DAY)
    assert None not in [said(known, measure.removeprefix("league.")) for measure in LEAGUE]


def test_the_rate_is_of_thirty_days() -> None:
    assert said(evidence({"a": [0.9]}, outages=4, period=60 * DAY), "rate") == 2
    assert said(evidence({"a": [0.9]}, outages=4, period=60 * DAY, known=0.4), "rate") is None


def test_one_site_from_kept_accounts_makes_all_ranks_rest_on_it() -> None:
    known = evidence({"a": [0.9] * 6, "kept": [0.8] * 6})
    subject = Subject("provider", "a", PERIOD)
    told = {
        what: of_league(known, Asked(f"league.{what}", subject, Choice(), PERIOD)).raw for what in ("rank", "middle")
    }
    assert told == {"rank": False, "middle": True}


RATIOS = st.tuples(*[st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.9, 1.0])] * 3).map(sorted)


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(RATIOS, min_size=6, max_size=10), min_size=1))
def test_ranks_are_those_of_the_program(told: dict[str, list[list[float]]]) -> None:
    lines = {name: [(one[1], one[0], one[2]) for one in several] for name, several in told.items()}
    known, middles = evidence(lines), {name: middle(several) for name, several in lines.items()}
    for name, place in places(middles).items():
        assert ranks(known, name) == [(place.rank, place.at_worst)]
        ends = [said(known, what, name) for what in ("middle", "middle_low", "middle_high")]
        assert ends == [middles[name].value, middles[name].low, middles[name].high]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = province(tmp_path_factory.mktemp("province"))
    yield found
    found.store.close()


@pytest.fixture(scope="module")
def made(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    house.parts.press.lay_out("audit", source_of(house), folder)
    return folder


def test_the_script_confirms_who_is_ranked_and_who_is_connected(made: Path, tmp_path: Path) -> None:
    verdict = recompute(made, tmp_path / "empty")
    assert verdict.code == 0, verdict.said
    for kind in ("penyedia", "keterhubungan"):
        figures, agree, kept = verdict.reports[kind]
        assert figures == agree > 100
        assert kept == 0
    tables = {one["name"]: one for one in json.loads((made / "reports/penyedia.json").read_text())["sections"]}
    assert [row["cells"][:3] for row in tables["league"]["rows"]] == [["Fajar", 1, 1], ["Senja", 2, 2]]


@pytest.mark.parametrize(
    ("scope", "of"), [("provider", "Fajar"), ("medium", "fiber"), ("regency", "Paser"), ("site", "Senja-03")]
)
def test_a_pack_of_less_is_confirmed(house: House, tmp_path: Path, scope: str, of: str) -> None:
    house.parts.press.lay_out("audit", source_of(house, scope, of), tmp_path / "pack")
    verdict = recompute(tmp_path / "pack", tmp_path / "empty")
    assert verdict.code == 0, verdict.said


@pytest.mark.parametrize(("table", "column", "value"), [("league", "rank", 1), ("by_medium", "middle_low", 0.99)])
def test_a_tampered_rank_is_named(made: Path, tmp_path: Path, table: str, column: str, value: float) -> None:
    pack = Path(shutil.copytree(made, tmp_path / "pack"))
    path = pack / "reports" / "penyedia.json"
    report = json.loads(path.read_text())
    section = next(one for one in report["sections"] if one["name"] == table)
    at = [one["name"] for one in section["columns"]].index(column)
    section["rows"][1]["cells"][at] = value
    path.write_text(json.dumps(report))
    verdict = recompute(pack, tmp_path / "empty")
    [line] = [line for line in verdict.said.splitlines() if "NOT EQUAL" in line]
    assert verdict.code == 1
    assert all(word in line for word in ("penyedia", f"table {table}", "Senja", f"column {column}"))
