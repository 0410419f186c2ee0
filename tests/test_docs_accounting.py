"""The printed method is the method: the collector and the oracle compute every example of docs/accounting.md."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from collector.accounting.accounts import Day
from collector.accounting.ledger import CODES, Ledger
from collector.accounting.silence import causes, hollow
from collector.clocks import Boot, Bounds
from collector.condition import ROWS, Row
from collector.figures.indicators import FORMULAS, AccountingSettings, figures
from collector.figures.restitution import AMOUNTS, Promise, fee_of_part
from collector.figures.shares import Choice, Exclusions, Hours
from collector.figures.sums import Sums
from tests import oracle
from tests.scenes import Scene, blocks, duration, listed, scenes, span, time_of
from tests.worlds import (
    KINDS,
    SITE,
    Agreement,
    accounted,
    by_scope,
    cells_of,
    doubts_of,
    judged,
    others_of,
    spelled,
    stays_of,
)

pytestmark = pytest.mark.source
DOCS = Path(__file__).resolve().parent.parent / "docs"
ENGLISH, INDONESIAN = DOCS / "accounting.md", DOCS / "akuntansi.md"
SCENES = list(scenes(ENGLISH)) if ENGLISH.exists() else []


def claims(*words: str) -> list[tuple[Scene, str, str]]:
    return [(scene, subject, text) for scene in SCENES for word, subject, text in scene.claims if word in words]


def name_of(part: object) -> str:
    return part.text.splitlines()[0] if isinstance(part, Scene) else str(part)


def as_told(turns: Sequence[tuple[int, str, str, int]], text: str) -> bool:
    """Whether (date, from, to, proof) of each turn are those of `text`."""
    told = listed(text)
    return len(told) == len(turns) and all(
        (now, at) == (words[0], time_of(words[1])) and words[2:] in ([], [str_time(proof, words[2:])])
        for (at, _, now, proof), words in zip(turns, told, strict=True)
    )


def str_time(at: int, words: list[str]) -> str:
    return words[0] if words and time_of(words[0]) == at else "another"


@pytest.mark.parametrize(("scene", "scope", "text"), claims("flips"), ids=name_of)
def test_flips_are_as_printed(scene: Scene, scope: str, text: str) -> None:
    world = scene.world()
    for found in (by_scope(judged(world)), oracle.judge(world).flips()):
        assert as_told(found[scope], text), found[scope]


@pytest.mark.parametrize(("scene", "_subject", "text"), claims("causes"), ids=name_of)
def test_causes_of_silence_are_as_printed(scene: Scene, _subject: str, text: str) -> None:
    world = scene.world()
    told = [(words[0], *span(words[1])) for words in listed(text)]
    assert [(c.row, c.start_ms, c.end_ms) for c in causes(SITE, stays_of(world))] == told
    for row, start, end in told:
        assert {oracle.silence_at(world.stays, at) for at in (start, end - 1)} == {row}


@pytest.mark.parametrize(("scene", "_subject", "text"), claims("hollow"), ids=name_of)
def test_hollow_time_is_as_printed(scene: Scene, _subject: str, text: str) -> None:
    world = scene.world()
    told = [(words[0], *span(words[1])) for words in listed(text) if words != ["none"]]
    assert [(c.row, c.start_ms, c.end_ms) for c in hollow(SITE, stays_of(world))] == told
    minutes = range(time_of("08:00"), time_of("08:30"), 60_000)
    for at in (*minutes, *(at for _, start, end in told for at in (start - 1, start, end - 1, end))):
        expected = next((row for row, start, end in told if start <= at < end), "")
        assert oracle.hollow_at(world.stays, at) == expected


def spells_of(scene: Scene) -> list[list[oracle.Spell]]:
    """Of the collector and of the oracle, in the oracle's words and cut to the period."""
    world = scene.world()
    found = [oracle.Spell(s.start_ms, s.end_ms, s.row, s.not_earlier_ms) for s in spelled(world, judged(world))]
    return [found, oracle.spells(world, oracle.judge(world).site)]


@pytest.mark.parametrize(("scene", "_subject", "text"), claims("spells"), ids=name_of)
def test_spells_are_as_printed(scene: Scene, _subject: str, text: str) -> None:
    for found in spells_of(scene):
        inside = [s for s in found if scene.period[0] <= s.start < scene.period[1]]
        assert as_told([(s.start, "", s.row, s.proof) for s in inside], text), inside


def ledger_of(scene: Scene) -> Ledger:
    world, terms = scene.world(), scene.terms()
    agreement = Agreement(
        hours=oracle.Hours(zone="UTC", shifts={}), exclusions=terms.exclusions, start=terms.start, end=terms.end
    )
    flips = judged(world)
    return accounted(flips, spelled(world, flips), agreement, [scene.service or scene.period])


def cell(words: Sequence[str]) -> tuple[tuple[str, bool, str], int]:
    """`line_down outside planned 1min`; inside service hours and not excluded if nothing else is said."""
    kind = next((word for word in words if word in KINDS), "plain")
    return (words[0], "outside" not in words, kind), duration(words[-1])


@pytest.mark.parametrize(("scene", "_subject", "text"), claims("cells"), ids=name_of)
def test_cells_are_as_printed(scene: Scene, _subject: str, text: str) -> None:
    told = dict(map(cell, listed(text)))
    assert cells_of(ledger_of(scene)) == told == oracle.ledger(spells_of(scene)[1], scene.terms())
    assert sum(told.values()) == scene.period[1] - scene.period[0]


@pytest.mark.parametrize(("scene", "_subject", "text"), claims("doubt"), ids=name_of)
def test_doubt_is_as_printed(scene: Scene, _subject: str, text: str) -> None:
    told: dict[tuple[str, str, bool, str], int] = {}
    for words in listed(text):
        row, _, maybe = words[0].partition(">")
        told[row, maybe, True, "plain"] = told.get((row, maybe, True, "plain"), 0) + duration(words[1])
    assert doubts_of(ledger_of(scene)) == told == oracle.doubts(spells_of(scene)[1], scene.terms())


@pytest.mark.parametrize(("scene", "subject", "text"), claims("others"), ids=name_of)
def test_what_stands_beside_the_site_is_as_printed(scene: Scene, subject: str, text: str) -> None:
    told = dict(map(cell, listed(text)))
    expected = oracle.others(oracle.judge(scene.world()), spells_of(scene)[1], scene.terms())
    assert others_of(ledger_of(scene))[subject] == told == expected[subject]


@pytest.mark.parametrize(("scene", "_subject", "text"), claims("downs"), ids=name_of)
def test_outages_are_as_printed(scene: Scene, _subject: str, text: str) -> None:
    told = [(words[0], *span(words[1])) for words in listed(text)]
    assert [(down.row, down.start_ms, down.end_ms) for down in ledger_of(scene).downs] == told


@pytest.mark.parametrize(("_scene", "subject", "text"), claims("day"), ids=name_of)
def test_days_are_as_long_as_printed(_scene: Scene, subject: str, text: str) -> None:
    zone, day = subject.split()
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    length = (start + timedelta(days=1)).timestamp() - start.timestamp()
    assert length * 1000 == duration(text)


@pytest.mark.parametrize(("scene", "subject", "text"), claims("clock result"), ids=name_of)
def test_clocks_are_corrected_as_printed(scene: Scene, subject: str, text: str) -> None:
    zero, base = time_of(scene.clock["zero"]), time_of(scene.clock["base"])
    low, high = (zero + duration(scene.clock[name]) for name in ("low", "high"))
    boot = Boot(buckets={0: Bounds(low_ms=low, high_ms=high)})
    assert boot.correction(base).true_ms(base + duration(subject)) == time_of(text)


def sums_of(scene: Scene, text: str) -> Sums:
    """The sums of a site that spent in each row what `text` says."""
    cells = np.zeros((len(ROWS), 2, CODES), np.int64)
    for row, ms in (listed_row for words in listed(text) for listed_row in [(words[0], duration(words[1]))]):
        cells[ROWS.index(Row(row)), 1, 0] = ms
    ledger = Ledger(from_ms=0, to_ms=int(cells.sum()), cells=cells, doubt={}, others={}, downs=[])
    sums = Sums(1)
    sums.add(0, [Day(site="s", ledger=ledger, latency={})], lambda start, end: [(start, end)])
    return sums


def figures_told() -> list[tuple[Scene, str, str]]:
    return claims("figure")


@pytest.mark.parametrize(("scene", "subject", "text"), figures_told(), ids=name_of)
def test_figures_are_as_printed(scene: Scene, subject: str, text: str) -> None:
    rows = next(told for word, _, told in scene.claims if word == "rows")
    [found] = figures(sums_of(scene, rows), Choice(Hours.ALL, Exclusions.WITHOUT), AccountingSettings())
    value = found.availability[subject].value if subject in found.availability else getattr(found, subject)
    expected = None if text == "not enough data" else int(text.split("/")[0]) / int(text.split("/")[1])
    assert value == (expected if expected is None else pytest.approx(expected))


def test_formulas_are_those_that_are_computed() -> None:
    told = dict(line.split(" = ", 1) for block in blocks(ENGLISH, "formulas") for line in block.splitlines())
    assert told == {name: FORMULAS[name] for name in told}
    assert {"line", "experienced", "coverage", "known", "mttr", "mtbf"} <= set(told)


@pytest.mark.parametrize(
    "example", [text for block in blocks(ENGLISH, "restitution") for text in block.strip().split("\n\n")]
)
def test_restitution_is_as_printed(example: str) -> None:
    given, printed = (dict(zip(line.split()[::2], line.split()[1::2], strict=True)) for line in example.splitlines())
    hours = duration(given["hours"])
    told = Promise(
        hours_ms=hours,
        charged_ms=duration(given["charged"]),
        answerable_ms=duration(given["answerable"]),
        sla=None if given["sla"] == "none" else Fraction(given["sla"]),
        fee=fee_of_part(int(given["fee"]), hours, duration(given["month"])),
    )
    assert told.budget_ms == (None if printed["budget"] == "none" else duration(printed["budget"]))
    assert {True: "yes", False: "no", None: "unknown"}[told.kept] == printed["kept"]
    for formula in AMOUNTS:
        assert str(told.restitution(formula)).lower() == printed[formula]


def test_both_languages_have_the_same_examples_and_formulas() -> None:
    for kind in ("example", "formulas", "restitution"):
        assert blocks(ENGLISH, kind) == blocks(INDONESIAN, kind) != []
