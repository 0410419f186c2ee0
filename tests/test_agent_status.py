"""What a technician reads."""

import pytest

from agent.doubt import State
from agent.status import AgentNow, PushNow, SpoolNow, Status, TargetNow, told
from shared.clock import utc
from shared.result import Group, Outcome
from shared.texts import Texts

NOW_MS = 1_790_000_000_000
GOOD_SPOOL = SpoolNow(results=0, bytes=0, oldest_ms=None, dropped={"age": 0}, set_aside=0, writable=True)
GOOD_PUSH = PushNow(
    url="https://kolektor.example",
    last_success_ms=NOW_MS - 12_000,
    problem="",
    offset_ms=-300.0,
    attempts=5,
    failures={},
    bytes=900,
    results=80,
)


def target(name: str, state: State, outcome: Outcome | None = Outcome.OK, site: str = "") -> TargetNow:
    answered = outcome is Outcome.OK
    return TargetNow(
        name=name,
        group=Group.INTERNET,
        site=site,
        where="192.0.2.1",
        state=state,
        since_ms=None if state is State.UNKNOWN else NOW_MS - 3 * 3_600_000,
        outcome=outcome,
        reason="" if answered else "no reply",
        rtt_ms=20.44 if answered else None,
        loss=None if outcome is None else 0.0 if answered else 1.0,
    )


def lines(*targets: TargetNow, spool: SpoolNow = GOOD_SPOOL, push: PushNow | None = GOOD_PUSH, lang: str = "en") -> str:
    agent = AgentNow(
        version="0.1.0",
        name="",
        stream="0123456789abcdef",
        now_ms=NOW_MS,
        started_ms=NOW_MS - 300_000,
        boot_at_ms=0,
        last_stop="power",
        gateway=None,
        jumps={},
        spool=spool,
        push=push,
    )
    return "\n".join(told(Status(agent=agent, targets=list(targets)), Texts(lang)))


def clock(at_ms: int) -> str:
    return f"{utc(at_ms).astimezone():%H:%M:%S}"


def test_each_target_is_a_row_with_its_state_in_words() -> None:
    rows = lines(target("a", State.UP), target("b", State.DOWN, Outcome.TIMEOUT), target("c", State.UNKNOWN, None))
    table = [row.split("  ") for row in rows.splitlines()[:4]]
    assert [[cell.strip() for cell in row if cell.strip()][:3] for row in table] == [
        ["TARGET", "GROUP", "STATE"],
        ["a", "internet", "up"],
        ["b", "internet", "down (no answer)"],
        ["c", "internet", "not known yet"],
    ]
    assert "20.4 ms" in rows
    assert "100%" in rows


def test_the_same_in_indonesian() -> None:
    rows = lines(target("a", State.UP), target("b", State.DOWN, Outcome.REFUSED), lang="id")
    assert "putus (ditolak)" in rows
    assert "(3 jam)" in rows
    assert "sebelumnya berhenti: listrik padam atau komputer dimatikan paksa" in rows


def test_targets_at_other_sites_that_are_up_are_only_counted() -> None:
    watched = [target(f"v{n}", State.UP, site=f"64.07.{n}") for n in range(998)]
    rows = lines(target("a", State.UP), *watched, target("v998", State.DOWN, Outcome.TIMEOUT, site="64.07.998"))
    assert rows.splitlines().index("") == 4
    assert "v998" in rows
    assert "998 more targets at other sites are up." in rows


def test_what_waits_to_be_sent_is_told_with_its_age() -> None:
    waiting = SpoolNow(
        results=7,
        bytes=300,
        oldest_ms=NOW_MS - 600_000,
        dropped={"age": 0, "size": 2},
        set_aside=1,
        writable=False,
    )
    rows = lines(target("a", State.UP), spool=waiting)
    assert f"7 results are waiting to be sent, the oldest from {clock(NOW_MS - 600_000)} (10 min)." in rows
    assert "2 results were lost (size 2)." in rows
    assert "1 results were refused by the collector and set aside." in rows
    assert "the disk cannot be written" in rows


@pytest.mark.parametrize(
    ("push", "said"),
    [
        (None, "there is no [collector]"),
        (GOOD_PUSH, f"last accepted {clock(NOW_MS - 12_000)} (12 s)"),
        (GOOD_PUSH, "differs from the collector's by -0.3 s"),
    ],
)
def test_how_sending_goes_is_told(push: PushNow | None, said: str) -> None:
    assert said in lines(target("a", State.UP), push=push)


def test_a_failing_push_says_why() -> None:
    failing = PushNow(
        url="https://kolektor.example",
        last_success_ms=None,
        problem="connect: refused",
        offset_ms=None,
        attempts=1,
        failures={"connect": 1},
        bytes=0,
        results=0,
    )
    rows = lines(target("a", State.UP), push=failing)
    assert "Collector https://kolektor.example: has never accepted anything." in rows
    assert "the last attempt failed: connect: refused." in rows
