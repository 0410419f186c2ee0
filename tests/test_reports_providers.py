"""Providers side by side: what can be told apart, and what cannot."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.condition import Row as LedgerRow
from collector.figures.league import Middle, Place, middle, nth, places
from collector.registry import Medium
from collector.reports.connectivity import providers
from tests.booked import SITE, Lost, contract
from tests.tabled import Office, office, rows


@pytest.mark.parametrize(("n", "k"), [(0, 0), (5, 0), (6, 1), (8, 1), (9, 2), (10, 2), (20, 6), (100, 40), (300, 133)])
def test_the_interval_of_the_middle_is_that_of_the_tables_of_the_sign_test(n: int, k: int) -> None:
    assert nth(n) == k


def test_the_interval_lies_between_the_second_worst_and_the_second_best_of_ten() -> None:
    ratios = [(n / 10, n / 10 - 0.01, n / 10 + 0.01) for n in range(10)]
    assert middle(ratios) == Middle(n=10, value=0.45, low=0.1 - 0.01, high=0.8 + 0.01)


def test_fewer_than_six_have_a_middle_and_no_interval() -> None:
    assert middle([(0.5, 0.5, 0.5)] * 5) == Middle(n=5, value=0.5, low=None, high=None)


def spans(*told: tuple[float, float]) -> dict[str, Middle]:
    """a, b, c ... with these intervals."""
    return {chr(97 + n): Middle(n=9, value=(a + b) / 2, low=a, high=b) for n, (a, b) in enumerate(told)}


def test_only_intervals_that_do_not_overlap_tell_ranks_apart() -> None:
    assert places(spans((0.9, 1.0), (0.7, 0.8), (0.5, 0.75))) == {
        "a": Place(rank=1, at_worst=1, like=()),
        "b": Place(rank=2, at_worst=3, like=("c",)),
        "c": Place(rank=2, at_worst=3, like=("b",)),
    }


def test_who_overlaps_with_two_that_are_apart_may_be_either() -> None:
    found = places(spans((0.8, 0.9), (0.5, 0.85), (0.4, 0.6)))
    assert [(one.rank, one.at_worst) for one in found.values()] == [(1, 2), (1, 3), (2, 3)]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda ends: (min(ends), max(ends))), max_size=6))
def test_a_better_rank_is_never_certainly_worse(ends: Sequence[tuple[float, float]]) -> None:
    told = spans(*ends)
    found = places(told)
    for name, place in found.items():
        assert 1 <= place.rank <= place.at_worst <= len(found)
        assert all(name in found[other].like for other in place.like)


def lines(made: Office, provider: str, sites: int, hours: int, medium: Medium = Medium.FIBER) -> None:
    """`sites` of a provider; the line of the n-th was down for n + `hours` hours on one day."""
    for n in range(sites):
        site = replace(SITE, code=f"{provider}-{n}", provider=provider, medium=medium, contract=f"K-{provider}")
        made.book(site, Lost("10-10 00:00", f"10-10 {hours + n:02}:00"))


def test_a_provider_with_three_sites_is_not_ranked_beside_one_with_more(tmp_path: Path) -> None:
    with office(tmp_path, reports={"league_at_least_sites": 6}) as made:
        lines(made, "Besar", 6, 1)
        lines(made, "Jauh", 6, 12)
        lines(made, "Kecil", 3, 0)
        sheet = providers.make(made.source())
    ranked = [(row["provider"], row["rank"], row["at_worst"], row["like"]) for row in rows(sheet.table("league"))]
    assert ranked == [("Besar", 1, 1, ""), ("Jauh", 2, 2, "")]
    assert [(row["provider"], row["why"]) for row in rows(sheet.table("unranked"))] == [
        ("Kecil", "only 3 sites (at least 6)")
    ]


def test_sites_that_are_hardly_measured_do_not_count_among_the_many(tmp_path: Path) -> None:
    silent = Lost("10-01 00:00", "10-25 00:00", LedgerRow.UNKNOWN)
    with office(tmp_path, reports={"league_at_least_sites": 6}) as made:
        lines(made, "Diam", 5, 1)
        made.book(replace(SITE, code="Diam-9", provider="Diam", medium=Medium.FIBER), silent)
        [row] = rows(providers.make(made.source()).table("unranked"))
    assert row["why"] == "only 5 of 6 sites have enough data (at least 6)"


def test_ranks_by_medium_are_within_the_medium(tmp_path: Path) -> None:
    with office(tmp_path, reports={"league_at_least_sites": 6}) as made:
        lines(made, "Darat", 6, 1)
        lines(made, "Langit", 6, 12, Medium.VSAT)
        found = rows(providers.make(made.source()).table("by_medium"))
    assert [(row["medium"], row["provider"], row["rank"]) for row in found] == [
        ("fibre", "Darat", 1),
        ("VSAT", "Langit", 1),
    ]


def test_a_site_is_below_what_its_contract_promised_or_below_the_limit(tmp_path: Path) -> None:
    with office(tmp_path, reports={"league_at_least_sites": 6, "league_limit": 0.9}) as made:
        lines(made, "Janji", 6, 1)
        lines(made, "Tanpa", 6, 1)
        contract(made.path, "K-Janji", sla="0.996")  # of 744 hours, 2.976 may be lost
        found = {row["provider"]: row["below"] for row in rows(providers.make(made.source()).table("league"))}
    assert found == {"Janji": 4, "Tanpa": 0}


def test_outages_are_told_per_site_and_month(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        lines(made, "Besar", 2, 1)
        [row] = rows(providers.make(made.source()).table("outages"))
    assert (row["outages"], row["mttr"]) == (2, 1.5 * 3_600_000)
    assert row["rate"] == pytest.approx(2 / (2 * 31 / 30))
