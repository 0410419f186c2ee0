"""Forty villages of one provider fall within 20 s: one mass alert, and the judging of it can fail."""

import os
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.rig import netns, peers
from tests.rig.mass import EARLY, FALL_WITHIN_S, STORIES, VILLAGES, falls, render, tell, village
from tests.rig.mass_verdict import Limits, Message, Seen, broken
from tests.rig.peers import Word

LACKING = netns.missing() or peers.missing()
needs_rig = pytest.mark.skipif(bool(LACKING) and os.environ.get("CI") != "true", reason=LACKING or "has all")

T = 1_000_000
LIMITS = Limits(told_s=45, over_s=60, early_over_s=45)
MENDED = T + 60_000


def mass(at_ms: int, sites: int, status: str = "firing") -> Word:
    names = ", ".join(f"Desa {n} (d{n})" for n in range(1, 13)) + f" ... dan {sites - 12} lagi"
    notes = {"sites": str(sites), "regencies": f"Paser {sites}", "summary": "Gangguan massal", "description": names}
    return Word(at_ms, status, "then", {"alertname": "MassOutage", "provider": "Rig"}, notes)


def one(at_ms: int, code: str = "d1", status: str = "firing", name: str = "SiteDown") -> Word:
    return Word(at_ms, status, "before", {"alertname": name, "site": code}, {})


LOOKED = (one(T - 9_000), mass(T + 20_000, 25), mass(T + 30_000, 40))
DELIVERED = (
    one(T - 9_000),
    mass(T + 20_000, 25),
    one(MENDED + 9_000, status="resolved"),
    mass(MENDED + 40_000, 40, "resolved"),
)
SAID = (
    Message(at_ms=T - 9_000, title="Desa 1 (d1): internet putus", text="Desa 1 (d1): internet putus."),
    Message(at_ms=T + 21_000, title="Gangguan massal: 25 lokasi", text="Lokasi: Desa 1 (d1)"),
    Message(at_ms=T + 31_000, title="Meluas: Gangguan massal: 40 lokasi", text="40 lokasi"),
    Message(at_ms=MENDED + 9_000, title="Desa 1 (d1): pulih", text="Desa 1 (d1): pulih."),
    Message(at_ms=MENDED + 41_000, title="Gangguan massal berakhir: 40 lokasi", text="Sebelumnya: Gangguan massal."),
)
GOOD = Seen(
    provider="Rig",
    regencies={f"d{n}": "Paser" for n in range(1, 41)},
    fell_ms={"d1": T - 20_000} | {f"d{n}": T + n * 100 - 200 for n in range(2, 41)},
    early={"d1": "SiteDown"},
    controls=["stay"],
    mended_ms=dict.fromkeys((f"d{n}" for n in range(1, 41)), MENDED),
    silent=False,
    looked=LOOKED,
    delivered=DELIVERED,
    messages=SAID,
)


def test_a_good_telling_keeps_all_limits() -> None:
    assert broken(GOOD, LIMITS) == []
    assert "25 after 20.0 s, 40 after 30.0 s" in render(STORIES["internet"], GOOD, [])


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (replace(GOOD, looked=()), "Alertmanager knew 0 mass alerts instead of one"),
        (replace(GOOD, looked=(*LOOKED, replace(LOOKED[1], starts_at="later"))), "Alertmanager knew 2 mass alerts"),
        (replace(GOOD, delivered=(*DELIVERED, DELIVERED[1])), "told 2 times instead of once that a mass outage is fir"),
        (replace(GOOD, delivered=DELIVERED[:3]), "told 0 times instead of once that a mass outage is resolved"),
        (
            replace(GOOD, messages=SAID[2:]),
            "the receiver was told 0 times instead of once that a mass outage is firing",
        ),
        (
            replace(GOOD, messages=SAID[:4]),
            "the receiver was told 0 times instead of once that a mass outage is resolv",
        ),
        (replace(GOOD, provider="Other"), "not of the provider Other"),
        (replace(GOOD, looked=LOOKED[::2]), "it did not grow: [40]"),
        (replace(GOOD, looked=LOOKED[:2]), "it counted 25 villages at last, not 40"),
        (replace(GOOD, regencies={"d1": "Berau"}), "it counted 'Paser 40' by regency, not 'Berau 1'"),
        (replace(GOOD, fell_ms=dict(list(GOOD.fell_ms.items())[5:])), "it named d1, d2, d3, d4, d5, which did not"),
        (
            replace(GOOD, looked=(*LOOKED, replace(LOOKED[2], annotations={"sites": "40"}))),
            "of 40 villages it named 0 and",
        ),
        (
            replace(GOOD, delivered=(*DELIVERED[:3], mass(MENDED, 39, "resolved"))),
            "over it counted 39 villages, not 40",
        ),
        (replace(GOOD, silent=True), "it claims to know what is wrong: 'Gangguan massal'"),
    ],
)
def test_a_wrong_mass_alert_breaks_a_limit(seen: Seen, says: str) -> None:
    assert any(says in line for line in broken(seen, LIMITS))


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (replace(GOOD, delivered=DELIVERED[::3]), "d1: the webhook was told ['firing'] of SiteDown"),
        (replace(GOOD, delivered=(one(T + 1), *DELIVERED[1:])), "d1: SiteDown was not told before the others fell"),
        (replace(GOOD, mended_ms={**GOOD.mended_ms, "d1": T}), "d1: SiteDown was resolved 69.0 s after it was mended"),
        (replace(GOOD, messages=SAID[:2]), "d1: 0 messages said that SiteDown is over"),
        (replace(GOOD, looked=(*LOOKED, one(T, "d7"))), "there was an alert SiteDown d7 (a village that fell)"),
        (replace(GOOD, delivered=(*DELIVERED, one(T, "stay"))), "there was an alert SiteDown stay (a control)"),
        (replace(GOOD, delivered=(*DELIVERED, one(T, "d2", name="SiteSilent"))), "there was an alert SiteSilent d2"),
        (replace(GOOD, firing=frozenset({"SiteDown"})), "SiteDown still fires at the end"),
        (replace(GOOD, faults=["not within 90 s"]), "not within 90 s"),
    ],
)
def test_what_else_is_told_of_the_villages_breaks_a_limit(seen: Seen, says: str) -> None:
    assert any(says in line for line in broken(seen, LIMITS))


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (replace(LIMITS, told_s=19), "the mass alert came to Alertmanager after 20.0 s, later than 19 s"),
        (replace(LIMITS, told_s=20), "the mass alert came to the receiver after 21.0 s, later than 20 s"),
        (replace(LIMITS, over_s=39), "it was over 40.0 s after the last mending, later than 39 s"),
        (replace(LIMITS, early_over_s=8), "d1: SiteDown was resolved 9.0 s after it was mended"),
    ],
)
def test_what_comes_late_breaks_a_limit(limits: Limits, says: str) -> None:
    assert any(says in line for line in broken(GOOD, limits))


@pytest.mark.parametrize(("sites", "is_enough"), [(40, True), (39, True), (38, False)])
def test_of_a_silence_no_more_is_said_than_that_there_is_no_word(sites: int, is_enough: bool) -> None:
    """Of forty, one was told to be down before it fell silent."""
    told = replace(LOOKED[2], annotations={**LOOKED[2].annotations, "summary": f"Tidak ada kabar dari {sites} lokasi"})
    assert (broken(replace(GOOD, silent=True, looked=(*LOOKED[:2], told)), LIMITS) == []) is is_enough


def test_the_many_fall_within_the_time_and_the_same_way_every_time() -> None:
    drawn = falls(Random(1))
    assert drawn == falls(Random(1)) != falls(Random(2))
    assert {code for _, code in drawn} == {village(n) for n in range(EARLY + 1, VILLAGES + 1)}
    assert drawn[0][0] == 0
    assert drawn[-1][0] <= FALL_WITHIN_S


@pytest.mark.rig
@needs_rig
def test_forty_villages_that_fall_at_once_are_one_alert(tmp_path: Path) -> None:
    story = STORIES["internet"]
    seen = tell(story, 3, tmp_path, print)
    found = broken(seen, story.limits)
    print(render(story, seen, found))
    assert found == []
