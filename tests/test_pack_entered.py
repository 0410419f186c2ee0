"""What people entered stands in the pack as the log of their acts has it; the script names every difference."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collector.acts import CauseCode, Exclusion, ExclusionKind, GivenCause
from collector.contracts import Contract
from collector.followups import FollowUp, FollowUpState, Step
from collector.reports.pack import evidence, register
from collector.reports.pack.recompute.entered import Comparison, Fault, Log, compare
from collector.reports.source import Source
from tests.booked import HOUR, SITE, Office, at, office

HERE, THERE = replace(SITE, contract="K-1"), replace(SITE, code="64.03.06.2001", regency="Berau", contract="K-2")
ENTERED = at("10-20 10:00")
Data = dict[str, Any]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    """Two sites; of each an exclusion, the first of them withdrawn, a cause, a follow-up with a step, a contract."""
    with office(tmp_path) as found:
        store = found.store
        store.put_sites([HERE, THERE])
        for n, site in enumerate((HERE, THERE), 1):
            store.acts.add_exclusion(exclusion(site.code))
            store.acts.give_cause(cause(site.code))
            store.followups.add(followup(site.code))
            store.followups.step(step(n))
        store.acts.withdraw(1, by="sari", why="wrong day", at_ms=ENTERED + HOUR)
        terms = [Contract(number=f"K-{n}", begins=date(2026, 1, 1), sla=Decimal("0.990"), fee=n) for n in (1, 2)]
        store.acts.import_contracts(terms, by="sari", at_ms=ENTERED, detail={})
        yield found


def exclusion(code: str) -> Exclusion:
    return Exclusion(
        id=0,
        scope="site",
        of=code,
        from_ms=ENTERED - HOUR,
        to_ms=ENTERED + HOUR,
        kind=ExclusionKind.MAINTENANCE,
        why="mast",
        by="budi",
        entered_ms=ENTERED,
    )


def cause(code: str) -> GivenCause:
    return GivenCause(
        id=0,
        site=code,
        start_ms=ENTERED - HOUR,
        end_ms=ENTERED,
        code=CauseCode.PENYEDIA,
        note="serat putus",
        by="budi",
        entered_ms=ENTERED,
    )


def followup(code: str) -> FollowUp:
    return FollowUp(id=0, scope="site", of=code, what="genset", owner="", by="budi", entered_ms=ENTERED)


def step(number: int) -> Step:
    return Step(id=0, followup=number, state=FollowUpState.DONE, note="ada", by="sari", entered_ms=ENTERED + HOUR)


def compared(source: Source, tamper: Callable[[Data], object] = lambda data: None) -> Comparison:
    """As the script does it, of the data of the pack with something done to them."""
    made = {
        "exclusions": register.exclusions(source),
        "causes": register.causes(source),
        "followups": register.followups(source),
        "contracts": register.contracts(source)["contracts"],
        "sites": [{"code": one.code, "regency": one.regency, "contract": one.contract} for one in source.sites],
    }
    data: Data = json.loads(json.dumps(made))
    tamper(data)
    return compare(Log.of(evidence.acts(source)), data, data.pop("sites"), source.now_ms)


def test_what_was_entered_is_what_the_log_says(desk: Office) -> None:
    found = compared(desk.source())
    # two exclusions, a withdrawal, two causes, two follow-ups, two steps, two contracts
    assert (found.compared, found.unsure, found.faults) == (11, 0, [])


CHANGES: dict[str, tuple[Callable[[Data], object], Fault]] = {
    "an exclusion": (
        lambda data: data["exclusions"][1].update(to_ms=ENTERED),
        Fault("changed", "exclusion.add", "2", 5),
    ),
    "who withdrew": (
        lambda data: data["exclusions"][0].update(withdrawn_by="budi"),
        Fault("changed", "exclusion.withdraw", "1", 9),
    ),
    "that one was withdrawn": (
        lambda data: data["exclusions"][0].update(withdrawn_ms=None),
        Fault("lost", "exclusion.withdraw", "1", 9),
    ),
    "a cause": (lambda data: data["causes"][0].update(code="listrik"), Fault("changed", "cause.give", "1", 2)),
    "when a follow-up came": (
        lambda data: data["followups"][0].update(entered_ms=ENTERED - 1),
        Fault("changed", "followup.add", "1", 3),
    ),
    "a step that nobody took": (
        lambda data: data["followups"][0]["steps"].append({**data["followups"][0]["steps"][0], "id": 9}),
        Fault("unsaid", "followup.step", "9"),
    ),
    "a step that is gone": (lambda data: data["followups"][1]["steps"].clear(), Fault("lost", "followup.step", "2", 8)),
    "a second row of the same number": (
        lambda data: data["exclusions"].insert(0, {**data["exclusions"][1], "why": "storm"}),
        Fault("changed", "exclusion.add", "2", 5),
    ),
    "the fee of a contract": (
        lambda data: data["contracts"][0].update(fee=9),
        Fault("changed", "contract", "K-1 2026-01-01", 10),
    ),
    "a contract that is gone": (lambda data: data["contracts"].pop(), Fault("lost", "contract", "K-2 2026-01-01", 10)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_in_the_data_alone_is_named_with_its_entry(desk: Office, what: str) -> None:
    tamper, fault = CHANGES[what]
    assert compared(desk.source(), tamper).faults == [fault]


def test_a_contract_that_nobody_imported_is_named(desk: Office) -> None:
    desk.store.register.put_contracts([Contract(number="K-1", begins=date(2026, 6, 1))])
    assert compared(desk.source()).faults == [Fault("unsaid", "contract", "K-1 2026-06-01")]


def test_the_last_entry_of_a_version_counts_until_it_is_taken_out(desk: Office) -> None:
    acts, again = desk.store.acts, Contract(number="K-1", begins=date(2026, 1, 1), fee=7)
    acts.import_contracts([again], by="sari", at_ms=ENTERED, detail={})
    assert compared(desk.source()).faults == []
    acts.remove_contract(again, by="sari", at_ms=ENTERED, detail={})
    assert compared(desk.source()).faults == []


def test_who_sees_all_has_the_whole_log_also_in_a_pack_of_a_part(desk: Office) -> None:
    found = compared(desk.source(scope="regency", of="Berau"))
    assert (found.compared, found.unsure, found.faults) == (5, 0, [])


def test_who_sees_a_part_gets_the_entries_of_its_acts_alone(desk: Office) -> None:
    source = desk.source(scope="regency", of="Berau")
    source.wanted = replace(source.wanted, sites=[THERE])
    found = compared(source)
    # the contract stands in an entry that quotes another one, too
    assert (found.compared, found.unsure, found.faults) == (4, 1, [])
    shown = [told["entry"]["act"] for line in evidence.acts(source) if "entry" in (told := json.loads(line))]
    assert shown == ["exclusion.add", "cause.give", "followup.add", "followup.step"]


def test_a_row_whose_entry_is_there_as_a_digest_only_must_make_that_digest(desk: Office) -> None:
    private = replace(followup(THERE.code), what="token")  # a word that keeps an entry out of packs
    desk.store.followups.add(private)
    source = desk.source()
    assert len(Log.of(evidence.acts(source)).hidden) == 1
    assert compared(source).faults == []
    changed = compared(source, lambda data: data["followups"][2].update(owner="budi"))
    assert changed.faults == [Fault("unsaid", "followup.add", "3")]


def test_what_is_entered_while_the_pack_is_made_is_no_fault(desk: Office) -> None:
    source = desk.source()
    late = replace(exclusion(HERE.code), entered_ms=source.now_ms)
    data = register.exclusions(source)
    desk.store.acts.add_exclusion(late)
    found = compared(source, lambda told: told.update(exclusions=json.loads(json.dumps(data))))
    assert found.faults == []
