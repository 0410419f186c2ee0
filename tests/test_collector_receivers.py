"""Pure: whom to tell what and when."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from collector.alerts.telling.quiet import QuietHours, digest_day, minute_of, quiet_span
from collector.alerts.telling.receivers import ReceiverRules, Told, after, turn
from collector.alerts.telling.routes import Route
from collector.followups import Acknowledgement
from collector.registry import Site
from collector.store import SentAlert

WITA = "Asia/Makassar"
MINUTE = 60_000
NIGHT = QuietHours(from_min=22 * 60, to_min=6 * 60)


def at(text: str) -> int:
    """Milliseconds of a WITA wall clock on Sunday, 22 November 2026, or of another `day hh:mm` of that month."""
    day, _, clock = text.rpartition(" ")
    hour, minute = map(int, clock.split(":"))
    return round(datetime(2026, 11, int(day or 22), hour, minute, tzinfo=ZoneInfo(WITA)).timestamp() * 1000)


def alert(name: str = "SiteDown", site: str = "1", since: str = "12:00", **labels: str) -> SentAlert:
    given = {"alertname": name, "severity": "critical", "regency": "Paser", "provider": "Icon+"} | labels
    return SentAlert(
        key=f"{name}/{site}", labels=given | {"site": site}, annotations={"summary": name}, starts_at_ms=at(since)
    )


def mass(sites: int) -> SentAlert:
    return SentAlert(
        key="MassOutage/provider/Icon+",
        labels={"alertname": "MassOutage", "severity": "critical", "scope": "provider", "of": "Icon+"},
        annotations={"summary": "massal", "sites": str(sites)},
        starts_at_ms=at("12:00"),
    )


def over(one: SentAlert, at_text: str = "12:30") -> SentAlert:
    return replace(one, ends_at_ms=at(at_text))


DOWN = alert()
WARNING = alert("SiteDegraded", severity="warning")


class Ear:
    """A receiver that is told at once whatever it should be told; `hears` gives that as {part: keys}."""

    def __init__(self, **rules: object) -> None:
        self.rules = ReceiverRules(timezone=WITA, **rules)  # type: ignore[arg-type]  # what a test gives is what it has
        self.told: Mapping[str, Told] = {}

    def hears(self, clock: str, *alerts: SentAlert, noted_by: str = "") -> dict[str, list[str]]:
        """At `clock`; `noted_by` took note of everything that fires."""
        given = {
            a.key: Acknowledgement(id=1, key=a.key, starts_at_ms=0, note="", by=noted_by, entered_ms=0)
            for a in alerts
            if noted_by and a.ends_at_ms is None
        }
        now = turn(self.told, {a.key: a for a in alerts}, given, at(clock), self.rules)
        self.noted = now.noted
        self.told = after(now, now.known)
        parts = {part: [a.key for a in getattr(now, part)] for part in ("begin", "grown", "remind", "over", "unsaid")}
        return {part: keys for part, keys in parts.items() if keys}


def test_what_fires_is_told_once_and_its_end_once() -> None:
    ear = Ear()
    assert ear.hears("12:01", DOWN) == {"begin": [DOWN.key]}
    assert ear.hears("12:02", DOWN) == {}
    assert ear.hears("12:31", over(DOWN)) == {"over": [DOWN.key]}
    assert ear.hears("12:32", over(DOWN)) == {}


def test_what_is_over_before_it_was_told_is_not_told() -> None:
    assert Ear().hears("12:31", over(DOWN)) == {}


def test_an_alert_that_nobody_remembers_any_more_is_forgotten() -> None:
    ear = Ear()
    ear.hears("12:01", DOWN)
    assert (ear.hears("12:02"), ear.told) == ({}, {})


@pytest.mark.parametrize(
    ("route", "taken"),
    [
        (Route(), ["SiteDown/1", "SiteDegraded/1", "AgentUnwell/x", "MassOutage/provider/Icon+"]),
        (Route(regencies=frozenset({"Paser"})), ["SiteDown/1", "SiteDegraded/1", "MassOutage/provider/Icon+"]),
        (Route(regencies=frozenset({"Berau"})), ["MassOutage/provider/Icon+"]),
        (Route(providers=frozenset({"Icon+"}), severities=frozenset({"warning"})), ["SiteDegraded/1"]),
        (Route(alertnames=frozenset({"AgentUnwell"})), ["AgentUnwell/x"]),
    ],
)
def test_a_receiver_is_told_of_what_it_asked_for(route: Route, taken: list[str]) -> None:
    unwell = replace(DOWN, key="AgentUnwell/x", labels={"alertname": "AgentUnwell", "severity": "warning"})
    assert Ear(route=route).hears("12:01", DOWN, WARNING, unwell, mass(9)).get("begin", []) == taken


def of_regencies(regencies: str) -> SentAlert:
    notes = {"description": "A (1), B (2)", "names": "A (1), B (2)", "regencies": regencies, "call": "Hubungi 1"}
    return replace(mass(20), annotations=mass(20).annotations | notes)


def test_a_mass_outage_of_several_regencies_is_told_where_its_sites_are_without_the_names_of_the_others() -> None:
    route = Route(regencies=frozenset({"Paser"}))
    assert not route.takes(of_regencies("Berau 12, Kutai Barat 8"))
    assert route.takes(of_regencies("Berau 12, Paser 8"))
    narrowed = route.narrowed(of_regencies("Berau 12, Paser 8")).annotations
    assert narrowed == {"summary": "massal", "description": "massal. Paser 8. Hubungi 1", "sites": "8"}
    assert Route().narrowed(of_regencies("Berau 12, Paser 8")) == of_regencies("Berau 12, Paser 8")


def test_a_mass_outage_that_reaches_a_regency_later_is_told_there_then() -> None:
    ear = Ear(route=Route(regencies=frozenset({"Paser"})))
    assert ear.hears("12:00", of_regencies("Berau 12")) == {}
    assert ear.hears("12:01", of_regencies("Berau 12, Paser 2")) == {"begin": [mass(1).key]}
    assert ear.hears("12:02", of_regencies("Berau 30, Paser 3")) == {}
    assert ear.hears("12:03", of_regencies("Berau 30, Paser 4")) == {"grown": [mass(1).key]}


def test_a_receiver_that_was_told_hears_the_end_also_after_its_filters_changed() -> None:
    ear = Ear()
    ear.hears("12:01", DOWN)
    ear.rules = ReceiverRules(route=Route(regencies=frozenset({"Berau"})))
    assert ear.hears("12:31", over(DOWN)) == {"over": [DOWN.key]}


def test_the_digest_covers_the_sites_that_the_filters_name() -> None:
    here = Site(code="1", name="A", regency="Paser", provider="Icon+")
    assert Route(regencies=frozenset({"Paser"})).covers(here)
    assert not Route(regencies=frozenset({"Paser"}), providers=frozenset({"Telkom"})).covers(here)


# quiet hours


@pytest.mark.parametrize(
    ("clock", "weekdays", "quiet"),
    [
        ("21:59", range(7), False),
        ("22:00", range(7), True),
        ("05:59", range(7), True),
        ("06:00", range(7), False),
        ("23:00", range(5), False),  # a Sunday evening is no evening of Monday to Friday
        ("23 01:00", range(5), False),  # and its night goes on into Monday
        ("21 05:00", range(5), True),  # the night of Friday ends on Saturday
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(clock: str, weekdays: range, quiet: bool) -> None:
    assert replace(NIGHT, weekdays=frozenset(weekdays)).at(at(clock), WITA) is quiet


def test_hours_within_one_day() -> None:
    noon = QuietHours(from_min=minute_of("12:00"), to_min=minute_of("13:00"))
    assert [noon.at(at(clock), WITA) for clock in ("11:59", "12:00", "12:59", "13:00")] == [False, True, True, False]


@pytest.mark.parametrize("text", ["22-06", "25:00-06:00", "22:00", "06:00-06:00"])
def test_quiet_hours_that_nobody_can_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        quiet_span(text)


def test_in_quiet_hours_only_what_is_critical_wakes_somebody_and_its_end_is_told_too() -> None:
    ear = Ear(quiet=NIGHT)
    assert ear.hears("22:01", DOWN, WARNING) == {"begin": [DOWN.key]}
    assert ear.hears("22:30", over(DOWN), WARNING) == {"over": [DOWN.key]}


def test_what_waited_through_the_night_is_told_in_the_morning_if_it_is_still_true() -> None:
    ear, gone = Ear(quiet=NIGHT), alert("SiteDegraded", "2", severity="warning")
    assert ear.hears("22:01", WARNING, gone) == {}
    assert ear.hears("23 05:59", WARNING, over(gone)) == {}
    assert ear.hears("23 06:00", WARNING, over(gone)) == {"begin": [WARNING.key]}


def test_the_end_of_what_was_told_in_the_evening_is_told_in_the_morning() -> None:
    ear = Ear(quiet=NIGHT)
    ear.hears("21:50", WARNING)
    assert ear.hears("23:00", over(WARNING)) == {}
    assert ear.hears("23 06:00", over(WARNING)) == {"over": [WARNING.key]}


def test_who_wants_to_hear_nothing_at_night_hears_nothing() -> None:
    assert Ear(quiet=NIGHT, loud=frozenset()).hears("22:01", DOWN) == {}


# reminders, escalation, taking note


def test_what_nobody_took_note_of_is_told_again_and_again() -> None:
    ear = Ear(remind_every_ms=60 * MINUTE)
    heard = [ear.hears(clock, DOWN) for clock in ("12:01", "13:00", "13:01", "14:00", "14:01")]
    assert heard == [{"begin": [DOWN.key]}, {}, {"remind": [DOWN.key]}, {}, {"remind": [DOWN.key]}]
    assert ear.hears("15:02", DOWN, noted_by="piket") == {}


def test_reminders_of_what_is_not_critical_wait_for_the_morning() -> None:
    ear = Ear(remind_every_ms=60 * MINUTE, quiet=NIGHT)
    ear.hears("21:30", WARNING)
    assert ear.hears("22:31", WARNING) == {}
    assert ear.hears("23 06:00", WARNING) == {"remind": [WARNING.key]}


def test_escalation_tells_only_what_fired_for_long_and_nobody_took_note_of() -> None:
    boss = Ear(escalate_after_ms=30 * MINUTE)
    assert boss.hears("12:01", DOWN) == {}
    assert boss.hears("12:30", DOWN) == {}
    assert boss.hears("12:31", DOWN) == {"begin": [DOWN.key]}
    assert boss.hears("12:40", over(DOWN)) == {"over": [DOWN.key]}


def test_escalation_counts_from_when_it_was_seen_not_from_when_the_silence_began() -> None:
    silent = alert("SiteSilent", since="06:00")
    boss = Ear(escalate_after_ms=30 * MINUTE)
    assert boss.hears("12:00", silent) == {}
    assert boss.hears("12:30", silent) == {"begin": [silent.key]}


def test_what_somebody_took_note_of_is_not_escalated_and_its_end_is_not_told() -> None:
    boss = Ear(escalate_after_ms=30 * MINUTE)
    boss.hears("12:01", DOWN)
    assert boss.hears("12:40", DOWN, noted_by="piket") == {}
    assert (boss.hears("12:50", over(DOWN)), boss.told) == ({}, {})


def test_escalation_counts_anew_for_what_comes_back() -> None:
    boss = Ear(escalate_after_ms=30 * MINUTE)
    boss.hears("12:01", DOWN)
    boss.hears("12:20", over(DOWN))
    assert boss.hears("12:40", alert(since="12:35")) == {}


def test_who_took_note_is_known_to_the_end_and_not_beyond() -> None:
    ear = Ear(remind_every_ms=10 * MINUTE)
    ear.hears("12:01", DOWN)
    ear.hears("12:02", DOWN, noted_by="piket")
    assert (ear.hears("12:20", over(DOWN)), ear.noted) == ({"over": [DOWN.key]}, {DOWN.key: "piket"})
    assert ear.hears("12:30", DOWN) == {"begin": [DOWN.key]}
    assert ear.noted == {}


def test_another_beginning_under_the_same_key_is_reminded_of_although_somebody_took_note_of_the_first() -> None:
    ear = Ear(remind_every_ms=10 * MINUTE)
    ear.hears("12:01", DOWN)
    ear.hears("12:02", DOWN, noted_by="piket")
    assert ear.hears("12:20", alert(since="12:15")) == {"remind": [DOWN.key]}


# mass outages


def test_a_mass_outage_that_grows_is_told_when_it_doubled_or_after_ten_minutes() -> None:
    ear = Ear()
    told = [
        ear.hears(c, mass(n)) for c, n in (("12:00", 10), ("12:01", 19), ("12:02", 20), ("12:11", 21), ("12:12", 21))
    ]
    key = mass(1).key
    assert told == [{"begin": [key]}, {}, {"grown": [key]}, {}, {"grown": [key]}]


def test_a_mass_outage_that_shrinks_is_not_told_until_it_is_over() -> None:
    ear = Ear()
    ear.hears("12:00", mass(20))
    assert ear.hears("12:30", mass(5)) == {}
    assert ear.hears("12:40", over(mass(1))) == {"over": [mass(1).key]}


def test_a_village_that_was_told_before_the_mass_outage_has_its_end_told_while_that_lasts() -> None:
    ear = Ear()
    ear.hears("12:00", DOWN)
    ear.hears("12:01", DOWN, mass(40))
    assert ear.hears("12:30", over(DOWN), mass(39)) == {"over": [DOWN.key]}


# one trouble after another


def test_the_end_of_one_trouble_goes_unsaid_while_another_of_the_site_is_told() -> None:
    ear, silent = Ear(), alert("SiteSilent")
    ear.hears("12:00", DOWN)
    assert ear.hears("12:10", over(DOWN), silent) == {"begin": [silent.key], "unsaid": [DOWN.key]}
    assert ear.hears("12:20", over(silent)) == {"over": [silent.key]}


def test_trouble_that_this_receiver_does_not_hear_of_silences_no_good_news() -> None:
    ear, silent = Ear(route=Route(alertnames=frozenset({"SiteDown"}))), alert("SiteSilent")
    ear.hears("12:00", DOWN)
    assert ear.hears("12:10", over(DOWN), silent) == {"over": [DOWN.key]}


# the morning digest


@pytest.mark.parametrize(
    ("clock", "last_day", "due"),
    [
        ("06:59", "2026-11-21", None),
        ("07:00", "2026-11-21", "2026-11-22"),
        ("07:00", "2026-11-22", None),
        ("09:59", "", "2026-11-22"),
        ("10:00", "2026-11-21", None),  # the collector slept too long: at noon it is no morning digest
    ],
)
def test_a_digest_is_due_once_a_day_and_not_when_the_morning_is_over(
    clock: str, last_day: str, due: str | None
) -> None:
    assert digest_day(at(clock), minute_of("07:00"), last_day, WITA) == due
