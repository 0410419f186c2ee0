"""The minutes of a review: findings follow from rules, what was to be done stands beside what became of it."""

from pathlib import Path

from collector.acts import Exclusion, ExclusionKind
from collector.followups import FollowUp, FollowUpState, Step
from collector.reports.document import Facts, Prose
from tests.desk_of_reports import FIBER, HOUR, ReportDesk, marks, report_desk, rows
from tests.faces import TASUK
from tests.kept_days import keep

DAY = 24 * HOUR
JULY = 1_783_000_000_000
AUGUST = JULY + 40 * DAY


def enter(desk: ReportDesk, what: str, at_ms: int, of: str = TASUK.code, due_ms: int | None = None) -> int:
    draft = FollowUp(id=0, scope="site", of=of, what=what, owner="", by="budi", entered_ms=at_ms, due_ms=due_ms)
    return desk.store.followups.add(draft).id


def step(desk: ReportDesk, of: int, state: FollowUpState, note: str, at_ms: int) -> None:
    desk.store.followups.step(Step(id=0, followup=of, state=state, note=note, by="sari", entered_ms=at_ms))


def test_a_site_with_many_outages_is_found_with_what_is_done_about_it(tmp_path: Path) -> None:
    with report_desk(tmp_path) as desk:
        number = enter(desk, "ganti radio", AUGUST)
        found = rows(desk.document("tinjauan").table("recurrent"))
    assert [(one["code"], one["outages"], one["followups"]) for one in found] == [
        (TASUK.code, 31, str(number)),
        (FIBER.code, 31, "belum ada"),
    ]


def test_a_site_that_nobody_measured_is_a_finding_about_the_monitoring(tmp_path: Path) -> None:
    with report_desk(tmp_path) as desk:
        document = desk.document("tinjauan")
        [found], others = rows(document.table("unseen_offices")), rows(document.table("unseen"))
    assert (found["code"], found["known_service"], others) == ("64.72.opd.01", None, [])


def test_an_office_that_is_known_in_its_service_hours_is_no_finding(tmp_path: Path) -> None:
    with report_desk(tmp_path) as desk:
        [office] = [site for site in desk.store.sites() if site.kind == "opd"]
        keep(desk.store, office, office=True)
        document, whole = desk.document("tinjauan"), desk.source().figures("site")[office.code]
    assert not whole.enough_data
    assert (rows(document.table("unseen")), rows(document.table("unseen_offices"))) == ([], [])


def test_what_was_open_when_the_period_began_stands_with_what_became_of_it(tmp_path: Path) -> None:
    with report_desk(tmp_path) as desk:
        done, late = enter(desk, "ganti kabel", JULY), enter(desk, "genset", JULY, due_ms=JULY + DAY)
        finished = enter(desk, "lama", JULY)
        step(desk, finished, FollowUpState.DONE, "selesai sebelum Agustus", JULY + DAY)
        step(desk, done, FollowUpState.DONE, "kabel diganti", AUGUST)
        table = desk.document("tinjauan").table("followups_before")
        found, told = rows(table), marks(table)
    assert [(one["id"], one["last"], one["by"]) for one in found] == [
        (done, "kabel diganti", "sari"),
        (late, None, None),
    ]
    assert told == ["good", "bad"]


def test_what_was_reopened_and_finished_again_was_not_open_in_between_for_nothing(tmp_path: Path) -> None:
    with report_desk(tmp_path) as desk:
        number = enter(desk, "ganti kabel", JULY)
        step(desk, number, FollowUpState.DONE, "dikira selesai", JULY + DAY)
        step(desk, number, FollowUpState.OPEN, "putus lagi", JULY + 2 * DAY)
        step(desk, number, FollowUpState.DONE, "selesai", AUGUST)
        found = rows(desk.document("tinjauan").table("followups_before"))
    assert [one["last"] for one in found] == ["selesai"]


def test_follow_ups_of_the_period_are_told_apart_from_those_before(tmp_path: Path) -> None:
    with report_desk(tmp_path) as desk:
        enter(desk, "lama", JULY)
        new = enter(desk, "baru", AUGUST)
        document = desk.document("tinjauan")
        assert [one["id"] for one in rows(document.table("followups_new"))] == [new]


def test_maintenance_that_was_entered_late_is_a_finding(tmp_path: Path) -> None:
    with report_desk(tmp_path) as desk:
        for entered_ms in (AUGUST - DAY, AUGUST + DAY):
            desk.store.acts.add_exclusion(
                Exclusion(
                    id=0,
                    scope="site",
                    of=TASUK.code,
                    from_ms=AUGUST,
                    to_ms=AUGUST + HOUR,
                    kind=ExclusionKind.MAINTENANCE,
                    why="radio",
                    by="budi",
                    entered_ms=entered_ms,
                )
            )
        [found] = rows(desk.document("tinjauan").table("late"))
    assert (found["of"], found["by"]) == (f"{TASUK.name} ({TASUK.code})", "budi")


def test_what_people_decide_is_left_for_people_to_write(tmp_path: Path) -> None:
    with report_desk(tmp_path, reports={"city": "Samarinda"}) as desk:
        document = desk.document("tinjauan", language="en")
    prose = {one.name: one for one in document.sections if isinstance(one, Prose)}
    assert all(prose[name].fill_in for name in ("meeting", "decisions", "signatures"))
    assert prose["meeting"].paragraphs[1] == "Place: Samarinda"


def test_the_key_figures_are_those_of_the_whole_scope(tmp_path: Path) -> None:
    with report_desk(tmp_path) as desk:
        source = desk.source()
        [key] = [one for one in desk.parts.press.document("tinjauan", source).sections if isinstance(one, Facts)]
        whole = source.figures("all")[""]
    assert {one.name: one.value for one in key.facts}["outages"] == whole.outages.n == 62
