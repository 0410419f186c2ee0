"""Mass outages: what began together at many sites of one provider or place is one, named as narrowly as it can be."""

import pytest

from collector.condition import Condition, Outage
from collector.figures.mass import Mass, MassRules, fold
from collector.registry import Site

RULES = MassRules(at_least=3, share=0.5, window_ms=120_000)
SECOND, MINUTE = 1_000, 60_000
SITES = {
    site.code: site
    for site in [
        *(Site(code=f"i{n}", name=f"Icon {n}", provider="Icon+", regency="Berau", district=f"D{n}") for n in range(4)),
        *(Site(code=f"k{n}", name=f"Kubar {n}", provider="Icon+", regency="Kubar", district=f"E{n}") for n in range(4)),
        *(
            Site(code=f"t{n}", name=f"Tel {n}", provider="Telkom", regency="Berau", district="Talisayan")
            for n in range(2)
        ),
        *(
            Site(code=f"o{n}", name=f"Orb {n}", provider="Orbit", regency="Berau", district="Talisayan")
            for n in range(2)
        ),
        *(Site(code=f"p{n}", name=f"Paser {n}", provider="Orbit", regency="Paser", district=f"F{n}") for n in range(8)),
    ]
}


def down(code: str, start_s: float, end_s: float | None = 3600, condition: str = "line_down") -> Outage:
    return Outage(
        site=code,
        condition=Condition(condition),
        start_ms=round(start_s * SECOND),
        start_not_earlier_than_ms=round(start_s * SECOND),
        end_ms=None if end_s is None else round(end_s * SECOND),
        end_not_earlier_than_ms=None if end_s is None else round(end_s * SECOND),
    )


def told(outages: list[Outage], rules: MassRules = RULES) -> list[tuple[str, str, int, int]]:
    """(scope, names, sites, sites of the group) of each mass outage."""
    masses, _ = fold(outages, SITES, rules)
    return [(mass.scope, "/".join(mass.names), len(mass.sites), mass.total) for mass in masses]


@pytest.mark.parametrize(
    ("starts", "found"),
    [
        # a provider in two regencies: neither regency alone explains it
        ({"i0": 0, "i1": 5, "i2": 9, "k0": 3, "k1": 20, "k2": 21}, [("provider", "Icon+", 6, 8)]),
        # a provider in one regency is named with it
        ({"i0": 0, "i1": 5, "i2": 9, "i3": 12}, [("provider_regency", "Icon+/Berau", 4, 4)]),
        # a district of mixed providers, and not the regency around it
        ({"t0": 0, "t1": 1, "o0": 2, "o1": 3}, [("district", "Talisayan/Berau", 4, 4)]),
        # one stray village beside it changes nothing, and stays alone
        ({"t0": 0, "t1": 1, "o0": 2, "o1": 3, "i0": 4}, [("district", "Talisayan/Berau", 4, 4)]),
        # a whole regency of all providers
        (
            {"i0": 0, "i1": 1, "i2": 2, "i3": 3, "t0": 4, "t1": 5, "o0": 6, "o1": 7},
            [("regency", "Berau", 8, 8)],
        ),
        # two providers at once, far from each other, are two
        (
            {"k0": 0, "k1": 1, "k2": 2, "p0": 1, "p1": 2, "p2": 3, "p3": 4},
            [("provider_regency", "Icon+/Kubar", 3, 4), ("provider_regency", "Orbit/Paser", 4, 8)],
        ),
        ({"k0": 0, "k1": 1}, []),  # two are no mass
        ({"p0": 0, "p1": 1, "p2": 2}, []),  # three of eight neither
    ],
)
def test_the_narrowest_group_that_explains_most_is_named(
    starts: dict[str, int], found: list[tuple[str, str, int, int]]
) -> None:
    assert told([down(code, at_s) for code, at_s in starts.items()]) == found


@pytest.mark.parametrize(
    ("starts", "sites"),
    [
        ([0, 60, 120], [3]),
        ([0, 119, 238, 357], [4]),  # it grows: each is near the one before, however far from the first
        ([0, 10, 131, 250], []),  # two and two are apart
        ([0, 5, 10, 500], [3]),  # who falls later is not part of it
    ],
)
def test_a_mass_outage_grows_while_neighbours_are_near(starts: list[int], sites: list[int]) -> None:
    assert [n for _, _, n, _ in told([down(f"k{n}", at_s) for n, at_s in enumerate(starts)])] == sites


def test_the_order_of_the_outages_does_not_matter() -> None:
    outages = [down(code, at_s) for at_s, code in enumerate(SITES)]
    assert fold(outages, SITES, RULES) == fold(outages[::-1], SITES, RULES)


def test_a_line_that_changes_how_it_is_down_counts_once_and_stays_in_the_mass() -> None:
    outages = [down(f"k{n}", n, 600) for n in range(3)]
    outages += [down(f"k{n}", 600, 700, "internet_down") for n in range(3)]
    [mass], rest = fold(outages, SITES, RULES)
    assert (len(mass.sites), len(mass.outages), mass.end_ms, rest) == (3, 6, 700 * SECOND, [])


def test_one_site_that_flaps_is_no_mass() -> None:
    outages = [down("k0", 10 * n, 10 * n + 5) for n in range(5)]
    assert fold(outages, SITES, RULES) == ([], outages)


def test_it_lasts_while_one_of_it_lasts() -> None:
    [mass], _ = fold([down("k0", 0), down("k1", 1, None), down("k2", 2)], SITES, RULES)
    assert mass.end_ms is None


def test_the_same_group_may_go_down_twice() -> None:
    masses, _ = fold([down(f"k{n}", at_s + n, at_s + 60) for at_s in (0, 900) for n in range(4)], SITES, RULES)
    assert [mass.start_ms for mass in masses] == [0, 900 * SECOND]


def test_what_is_part_of_none_is_left() -> None:
    masses, rest = fold([*(down(f"k{n}", n) for n in range(3)), down("p7", 1)], SITES, RULES)
    assert [outage.site for mass in masses for outage in mass.outages] == ["k0", "k1", "k2"]
    assert [outage.site for outage in rest] == ["p7"]


def test_nothing_in_common_is_no_name_in_common() -> None:
    sites = {str(n): Site(code=str(n), name=str(n)) for n in range(9)}
    assert fold([down(str(n), n) for n in range(9)], sites, RULES)[0] == []


def test_sites_are_named_in_the_order_in_which_they_fell() -> None:
    mass = Mass(scope="provider", names=("Icon+",), outages=(down("k1", 0), down("k0", 4), down("k1", 9)), total=8)
    assert (mass.sites, mass.start_ms) == (["k1", "k0"], 0)
