"""The results behind a condition: whoever reads them can judge by hand, and comes to the same."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest

from collector.columns import Columns, Series
from collector.condition import ROWS, Condition, Flip
from collector.faces.pages.reasons import groups_of
from collector.faces.pages.timeline_words import word_of
from collector.faces.pages.verdict import LADDER, notes, rungs
from collector.faces.pages.view import View
from collector.people import Role
from shared.result import CODE_OF, Group, Outcome
from shared.texts import LANGUAGES, Texts
from tests.bookkeeping import DAY, HOUR, MINUTE
from tests.measured import NOON, PASER, measured, part, text_of
from tests.test_pages_site import CUT, POWER, words

EXPLAIN = f"/sites/{PASER.code}/explain"
LETTERS = {"o": Outcome.OK, "t": Outcome.TIMEOUT, "i": Outcome.INTERCEPTED, "e": Outcome.ERROR}


def of_one_target(letters: str) -> Columns:
    """One result a minute; an answer takes no time."""
    series = Series(
        site="s", agent="a", agent_site="s", target="t", group=Group.INTERNET, kind="icmp", interval_ms=MINUTE
    )
    n = len(letters)
    outcome = np.array([CODE_OF[LETTERS[letter]] for letter in letters], np.uint8)
    none, us = np.zeros(n, np.uint16), np.zeros(n, np.uint32)
    packets = np.ones(n, np.uint8)
    return Columns((series,), none, np.arange(n, dtype=np.int64) * MINUTE, outcome, packets, packets, us, us, us)


def flip(at: int, was: str, now: str, proof: int, scope: str = "internet:a/t") -> Flip:
    return Flip(site="s", scope=scope, at_ms=at * MINUTE, not_earlier_than_ms=proof * MINUTE, was=was, now=now)


@pytest.mark.parametrize(
    ("letters", "flips", "told"),
    [
        ("oottt", [flip(2, "up", "down", 1)], {1: "proof", 2: "fail_first", 3: "fail", 4: "fail_last"}),
        ("otett", [flip(1, "up", "down", 0)], {0: "proof", 1: "fail_first", 2: "error", 3: "fail", 4: "fail_last"}),
        ("ttoo", [flip(2, "down", "up", 1)], {1: "proof", 2: "ok_first", 3: "ok_last"}),
        ("oo", [flip(0, "unobserved", "up", 0)], {0: "ok_only"}),
        ("oo", [flip(4, "up", "unobserved", 1)], {1: "ends"}),
        ("ttii", [flip(2, "down", "intercepted", 1)], {1: "proof", 2: "kind"}),
        ("oiii", [flip(1, "up", "intercepted", 0)], {0: "proof", 1: "caught_first", 2: "caught", 3: "caught_last"}),
        ("otii", [flip(1, "up", "down", 0)], {0: "proof", 1: "fail_first", 2: "caught", 3: "caught_last"}),
        ("ooto", [], {}),
        ("oottt", [flip(2, "up", "down", 1, "intranet:a/t")], {}),
    ],
)
def test_each_result_is_told_what_it_meant(letters: str, flips: list[Flip], told: dict[int, str]) -> None:
    found = notes(of_one_target(letters), flips, fail_after=3, recover_after=2)
    assert {place: note.key for place, note in sorted(found.items())} == told


def test_the_ladder_says_which_rung_matched_first() -> None:
    standing = [flip(1, "up", "up", 0, "gateway"), flip(1, "up", "down", 0, "internet")]
    said = rungs(groups_of(standing), Condition.LINE_DOWN)
    assert list(said) == list(LADDER)
    assert [said[Condition.LOCAL_DOWN], said[Condition.LINE_DOWN], said[Condition.UP]] == ["no", "yes", "unread"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_rung_and_meaning_has_its_words(language: str) -> None:
    view = View(Texts(language), NOON, PASER.timezone)
    meanings = {
        *(f"{kind}{place}" for kind in ("ok", "fail", "caught") for place in ("", "_first", "_last", "_only")),
        *("proof", "ends", "error", "kind", "kind_back"),
    }
    assert all(word_of(row, view) for row in ROWS)
    assert all(view.texts.say(f"site.rung.{rung}") for rung in LADDER)
    assert all(view.texts.say(f"site.explain.note.{key}", k=1, n=3, at="") for key in meanings)


async def test_the_results_that_decided_are_marked_in_their_order(tmp_path: Path) -> None:
    async with measured(tmp_path, CUT) as face:
        html = words(await text_of(face, f"{EXPLAIN}?at={NOON - 3 * HOUR + MINUTE}"))
    rows = [
        "08:55:02.0 internet internet ✓ answered 4/4 0.8 ms last proof before the change",
        "09:00:02.0 internet internet ✗ no answer 4/0 failure 1 of 3 in a row: the target fails from here",
        "09:05:02.0 internet internet ✗ no answer 4/0 failure 2 of 3 in a row",
        "09:10:02.0 internet internet ✗ no answer 4/0 failure 3 of 3 in a row: decided here",
    ]
    places = [html.find(row) for row in rows]
    assert -1 not in places
    assert places == sorted(places)


async def test_it_tells_the_rules_the_groups_and_the_ladder(tmp_path: Path) -> None:
    async with measured(tmp_path, CUT, judge={"fail_after": 2}) as face:
        html = words(await text_of(face, f"{EXPLAIN}?at={NOON - 3 * HOUR + MINUTE}"))
    assert "A target is down after 2 failures in a row" in html
    assert "a failure too: after 2 in a row a target is intercepted" in html
    assert "intranet ✗ down 09:00:01 WITA 08:55:01 WITA 1 of 1" in html
    assert "provider's line down : internet or intranet down, and neither answers → ✓ matches" in html
    assert "Computed again from the groups above: provider's line down, as was recorded." in html


@pytest.mark.parametrize("at", ["2026-01-08T09:30:00%2B08:00", "2026-01-08T01:30:00Z", str(NOON - 150 * MINUTE)])
async def test_an_instant_is_asked_for_in_any_form(tmp_path: Path, at: str) -> None:
    async with measured(tmp_path, CUT) as face:
        assert "09:30:00 WITA: provider's line down" in words(await text_of(face, f"{EXPLAIN}?at={at}"))


async def test_a_silence_is_explained_by_what_the_host_told(tmp_path: Path) -> None:
    async with measured(tmp_path, POWER) as face:
        html = await text_of(face, f"{EXPLAIN}?at={NOON - 4 * HOUR}")
    told = words(html)
    assert "08:00:00 WITA: power cut" in told
    assert "last result: unobserved from 07:0" in told
    assert "first answer after no observation: proof enough" in told
    assert re.search(r'<details class="more" open>.*the power failed', html, re.DOTALL)


async def test_before_everything_nothing_is_known(tmp_path: Path) -> None:
    async with measured(tmp_path, CUT) as face:
        html = words(await text_of(face, f"{EXPLAIN}?at={NOON - 10 * DAY}"))
    assert "Nothing is known of this site before that." in html
    assert "There is no result from" in html


async def test_a_day_has_pages(tmp_path: Path) -> None:
    window = f"?from={NOON - 26 * HOUR}&to={NOON - 2 * HOUR}"
    async with measured(tmp_path, CUT) as face:
        first = await text_of(face, EXPLAIN + window)
        last = await text_of(face, f"{EXPLAIN}{window}&page=2")
    assert (first.count("4/4</td>") + first.count("4/0</td>"), 'rel="next"' in first) == (500, True)
    assert (last.count("4/4</td>") + last.count("4/0</td>"), 'rel="prev"' in last) == (864 - 500, True)


async def test_the_whole_window_is_taken_along_as_csv(tmp_path: Path) -> None:
    window = f"from={NOON - 26 * HOUR}&to={NOON - 2 * HOUR}"
    async with measured(tmp_path, CUT) as face, face.client.get(f"{EXPLAIN}?{window}&format=csv") as answer:
        rows = list(csv.DictReader(io.StringIO(await answer.text())))
        assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="{PASER.code}-')
    assert len(rows) == 864
    decided = [row for row in rows if row["note"] == "fail_last 3/3"]
    assert [(row["time"], row["target"], row["outcome"]) for row in decided] == [
        ("2026-01-08T09:10:01.000+08:00", "intranet", "timeout"),
        ("2026-01-08T09:10:02.000+08:00", "internet", "timeout"),
    ]


@pytest.mark.parametrize(
    "query",
    [
        "at=yesterday",
        "at=99999999999999999999",
        "at=2026-01-08T09:00:00",
        f"from={NOON}&to={NOON}",
        f"from={NOON - 2 * DAY}&to={NOON}",
        "page=0",
        "page=x",
        "at=x&format=csv",
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(tmp_path: Path, query: str) -> None:
    async with measured(tmp_path, CUT) as face:
        await text_of(face, f"{EXPLAIN}?{query}", status=400)


async def test_the_agent_that_watches_from_elsewhere_has_no_name_for_one_regency(tmp_path: Path) -> None:
    watched = [
        part(5 * HOUR, 2 * HOUR, agent="menara", at="hub"),
        part(2 * HOUR, 0, "router", agent="menara", at="hub"),
    ]
    async with measured(tmp_path, watched) as face:
        paths = [f"/sites/{PASER.code}", EXPLAIN, f"{EXPLAIN}?format=csv"]
        assert all(["menara" in await text_of(face, path) for path in paths])
        face.sign_in(Role.VIEWER, "Paser")
        assert not any(["menara" in await text_of(face, path) for path in paths])
