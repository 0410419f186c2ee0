"""The recap of downtime: what outages cost, what the provider answers for, and what people said."""

from collector.acts import CauseCode, Exclusion, ExclusionKind, GivenCause
from collector.condition import Condition, Outage
from collector.figures.recap import Basis, by_site, cases, recap
from collector.registry import Site

MINUTE = 60_000
SITE, OTHER = Site(code="a", name="A", provider="Icon+"), Site(code="b", name="B")
SITES = {site.code: site for site in (SITE, OTHER)}


def down(start: int, end: int | None, condition: str = "line_down", site: str = "a") -> Outage:
    """From minute to minute."""
    return Outage(
        site=site,
        condition=Condition(condition),
        start_ms=start * MINUTE,
        start_not_earlier_than_ms=start * MINUTE,
        end_ms=None if end is None else end * MINUTE,
        end_not_earlier_than_ms=None if end is None else end * MINUTE,
    )


def out(start: int, end: int, **more: object) -> Exclusion:
    known: dict[str, object] = {"id": 1, "scope": "site", "of": "a", "kind": ExclusionKind.MAINTENANCE, "why": "w"}
    known |= {"by": "x", "entered_ms": 0, "from_ms": start * MINUTE, "to_ms": end * MINUTE} | more
    return Exclusion(**known)  # type: ignore[arg-type]  # the fields by name


def said(start: int, end: int, code: CauseCode, number: int = 1) -> GivenCause:
    return GivenCause(
        id=number, site="a", start_ms=start * MINUTE, end_ms=end * MINUTE, code=code, note="", by="x", entered_ms=0
    )


def basis(*exclusions: Exclusion, given: tuple[GivenCause, ...] = (), period: tuple[int, int] = (0, 100)) -> Basis:
    return Basis(
        period=(period[0] * MINUTE, period[1] * MINUTE),
        now_ms=100 * MINUTE,
        charge_after_ms=5 * MINUTE,
        given={"a": given},
        exclusions=exclusions,
    )


def test_only_what_lies_in_the_period_is_lost() -> None:
    [case] = cases([down(10, 40)], SITES, basis(period=(20, 30)))
    assert (case.lost_ms, case.charged_ms) == (10 * MINUTE, 10 * MINUTE)


def test_what_lasts_is_counted_up_to_now() -> None:
    [case] = cases([down(90, None)], SITES, basis())
    assert (case.open, case.lost_ms) == (True, 10 * MINUTE)


def test_short_or_local_outages_are_listed_and_not_charged() -> None:
    found = cases([down(0, 4), down(10, 20, "local_down"), down(30, 40, "internet_down")], SITES, basis())
    assert [case.charged_ms // MINUTE for case in found] == [0, 0, 10]


def test_an_outage_is_charged_by_its_whole_length() -> None:
    [case] = cases([down(0, 8)], SITES, basis(period=(6, 100)))
    assert case.charged_ms == 2 * MINUTE


def test_excluded_time_is_not_charged_even_where_exclusions_overlap() -> None:
    [case] = cases([down(0, 50)], SITES, basis(out(10, 20), out(15, 30), out(45, 60)))
    assert (case.lost_ms, case.charged_ms) == (50 * MINUTE, 25 * MINUTE)


def test_a_withdrawn_or_foreign_exclusion_takes_nothing_out() -> None:
    [case] = cases([down(0, 50)], SITES, basis(out(0, 50, withdrawn_ms=1), out(0, 50, of="b")))
    assert case.charged_ms == 50 * MINUTE


def test_the_newest_cause_that_touches_it_counts() -> None:
    given = (said(0, 20, CauseCode.LISTRIK), said(5, 9, CauseCode.PENYEDIA, 2), said(60, 70, CauseCode.ADMINISTRASI, 3))
    [case] = cases([down(0, 20)], SITES, basis(given=given))
    assert case.cause is not None
    assert case.cause.code is CauseCode.PENYEDIA


def test_sums_add_up() -> None:
    found = cases([down(0, 20), down(30, 33), down(90, None, site="b")], SITES, basis())
    told = recap(found)
    assert (told.n, told.sites, told.open, told.unexplained) == (3, 2, 1, 3)
    assert (told.lost_ms, told.charged, told.charged_ms) == (33 * MINUTE, 2, 30 * MINUTE)
    assert told.longest_ms == 20 * MINUTE


def test_of_nothing_everything_is_nothing() -> None:
    assert recap([]).longest_ms == recap([]).n == 0


def test_the_most_frequent_site_stands_first() -> None:
    told = by_site(cases([down(0, 40, site="b"), down(0, 1), down(2, 3)], SITES, basis()))
    assert [(site.code, sums.n) for site, sums in told] == [("a", 2), ("b", 1)]
