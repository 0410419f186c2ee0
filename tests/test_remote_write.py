"""What remote-write stores are told: a function of the results, on a grid, with an end where the knowledge ends."""

import math
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from collector.accounting.days import ends_ms
from collector.columns import Columns
from collector.condition import Condition, Flip
from collector.live import Live
from collector.registry import AgentState
from collector.remote_write import RemoteWriteSettings
from collector.remote_write.address import Away, halves
from collector.remote_write.history import CODES, CONDITION, STALE, UP, Values, corrected, history, keys_of
from collector.remote_write.message import Series, write_request
from collector.remote_write.sink import HOUR_MS, Sink, series_of
from collector.store import StoreError
from collector.store.outbox import Resend
from collector.store.sqlite import SqliteStore
from tests.bookkeeping import HOUR, MINUTE, MONDAY, SITE, Office

RTT = ("kentongan_history_rtt_seconds", "internet", "0.5")
LOSS = ("kentongan_history_loss_ratio", "internet", "")
INTERNET = ("kentongan_history_group_up", "internet", "")


def flip(at_ms: int, now: str, scope: str = "site") -> Flip:
    return Flip(site="x", scope=scope, at_ms=at_ms, not_earlier_than_ms=at_ms, was="", now=now)


def told(*turns: tuple[int, str], scope: str = "site", to_min: int = 6) -> list[float | None]:
    """`kentongan_history_site_up` minute by minute; None: nothing, -1: the marker of its end."""
    flips = [flip(round(at * MINUTE), now, scope) for at, now in turns]
    values = [values.get(UP) for _, values in history([], flips, Columns.empty(), 0, to_min * MINUTE, MINUTE)]
    return [None if value is None else -1.0 if math.isnan(value) else value for value in values]


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([], [None] * 6),
        ([(0, "up")], [1] * 6),
        ([(-9, "up"), (2, "line_down"), (4, "up")], [1, 1, 0, 0, 1, 1]),
        (
            [(0, "up"), (2.5, "line_down"), (2.9, "up")],
            [1] * 6,
        ),  # between two instants: the account has it, a graph not
        ([(0, "degraded"), (3, "unobserved")], [1, 1, 1, -1, None, None]),
        ([(0, "up"), (2, "unobserved"), (4, "line_down")], [1, 1, -1, None, 0, 0]),
    ],
)
def test_a_site_is_told_minute_by_minute(turns: list[tuple[int, str]], expected: list[float | None]) -> None:
    assert told(*turns) == expected


def test_conditions_have_numbers_that_never_change() -> None:
    assert list(CODES) == [c for c in Condition if c in CODES]
    assert (CODES["up"], CODES["line_down"], CODES["unreachable"]) == (0, 4, 7)
    assert "unobserved" not in CODES


def test_the_marker_of_an_end_has_the_bits_that_prometheus_knows() -> None:
    assert struct.pack(">d", STALE).hex() == "7ff0000000000002"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.store.close()


def heard(office: Office, from_ms: int, to_ms: int) -> dict[int, Values]:
    step_ms, store, code = 5 * MINUTE, office.store, SITE.code
    opening = store.state_at(code, from_ms - step_ms - 1)
    flips = store.flips(code, from_ms - step_ms, to_ms)
    columns = store.read(code, from_ms - 2 * step_ms, to_ms)
    return dict(history(opening, flips, columns, from_ms, to_ms, step_ms))


def test_latency_and_loss_are_told_of_what_is_up(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + HOUR)
    office.deliver(MONDAY + HOUR, MONDAY + 2 * HOUR, "line")
    said = heard(office, MONDAY, MONDAY + 2 * HOUR)
    up, down = said[MONDAY + 30 * MINUTE], said[MONDAY + 90 * MINUTE]
    assert (up[UP], up[INTERNET], up[LOSS]) == (1, 1, 0)
    assert up[RTT] > 0
    assert (down[UP], down[CONDITION], down[INTERNET]) == (0, CODES["line_down"], 0)
    assert LOSS not in down
    assert RTT not in down


def test_in_parts_the_same_is_told_as_at_once(office: Office) -> None:
    office.deliver(MONDAY, MONDAY + HOUR)
    office.deliver(MONDAY + HOUR, MONDAY + 2 * HOUR, "router")
    whole = heard(office, MONDAY, MONDAY + 3 * HOUR)
    parts = [heard(office, MONDAY + n * 25 * MINUTE, MONDAY + (n + 1) * 25 * MINUTE) for n in range(7)]
    joined = {at: values for part in parts for at, values in part.items()}
    assert {at: repr(joined[at]) for at in joined} == {at: repr(whole[at]) for at in joined}


def test_a_correction_takes_back_what_was_told_and_is_dated_later() -> None:
    before = [(0, {UP: 1.0, INTERNET: 1.0})]
    now = list(corrected([(0, {UP: 0.0})], keys_of(["internet"])))
    series = {dict(one.labels)["__name__"]: one.samples for one in series_of("x", now, 2, {})}
    assert series["kentongan_history_site_up"] == ((2, 0.0),)
    [(at_ms, value)] = series["kentongan_history_group_up"]
    assert at_ms == 2
    assert math.isnan(value)
    assert before[0][0] < at_ms < MINUTE


def test_a_request_is_the_message_that_the_protocol_describes() -> None:
    series = Series.of({"site": "64.01", "__name__": "up", "group": ""}, [(1000, 1.0)])
    label = b"\x0a\x0e\x0a\x08__name__\x12\x02up" + b"\x0a\x0d\x0a\x04site\x12\x0564.01"
    sample = b"\x12\x0c\x09" + struct.pack("<d", 1.0) + b"\x10\xe8\x07"
    assert write_request([series]) == b"\x0a" + bytes([len(label + sample)]) + label + sample


def test_halving_ends_at_single_samples_and_loses_none() -> None:
    parts = [[Series.of({"a": str(n)}, [(at, 1.0) for at in range(3)]) for n in range(3)]]
    singles = []
    while parts:
        part = parts.pop()
        if sum(len(one.samples) for one in part) == 1:
            singles += [(one.labels, one.samples) for one in part]
        else:
            parts += halves(part)
    assert len(set(singles)) == len(singles) == 9


def test_what_is_owed_survives_a_restart_and_is_another_round_when_it_changes_meanwhile(tmp_path: Path) -> None:
    path = str(tmp_path / "x.db")
    store = SqliteStore(path)
    store.outbox.owe("a", [("x", 0), ("x", HOUR_MS)])
    store.close()
    store = SqliteStore(path)
    first = store.outbox.due("a", 10)
    assert first == [Resend("x", HOUR_MS, 1), Resend("x", 0, 1)]
    store.outbox.owe("a", [("x", 0)])  # while the first round was under way
    store.outbox.sent("a", first)
    assert store.outbox.due("a", 10) == [Resend("x", 0, 2)]
    assert store.outbox.due("b", 10) == []
    store.close()


@pytest.mark.parametrize("told_ms", [None, 0])
def test_nothing_older_than_the_store_takes_is_owed_to_it(office: Office, told_ms: int | None) -> None:
    """A last day of 1990 that was a mistake, and is taken back."""
    store, live, now_ms = office.store, Live(), office.clock.wall_ms()
    closed, heard = replace(SITE, until=date(1990, 1, 1)), AgentState(name="pc", site=SITE.code, heard_at_ms=now_ms)
    sink = Sink(RemoteWriteSettings(url="http://127.0.0.1:9/x"), store=store, live=live, clock=office.clock)
    if told_ms is not None:
        store.outbox.put_sent_until("default", [(SITE.code, told_ms)])
    live.set_registry([closed], [heard])
    assert [one.to_ms for one in sink._growth()] == ([] if told_ms is None else [ends_ms(closed)])
    assert store.outbox.due("default", 10) == []
    live.set_registry([SITE], [heard])
    assert [now_ms - one.from_ms for one in sink._growth()] == [31 * 24 * HOUR]


async def test_what_could_not_be_noted_is_noted_later(office: Office, tmp_path: Path) -> None:
    store, told = office.store, office.clock.wall_ms()
    sink = Sink(RemoteWriteSettings(url="http://127.0.0.1:9/x"), store=store, live=Live(), clock=office.clock)
    store.outbox.put_sent_until("default", [(SITE.code, told)])
    sink.touched(SITE.code, told - HOUR_MS, told - HOUR_MS)
    with sqlite3.connect(tmp_path / "k.db") as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON resends BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(StoreError):
        await sink.close()
    with sqlite3.connect(tmp_path / "k.db") as other:
        other.execute("DROP TRIGGER full")
    await sink.close()
    assert [one.site for one in store.outbox.due("default", 10)] == [SITE.code]


def test_a_store_cannot_send_us_away_for_ever() -> None:
    assert (Away("busy", 7.0).retry_s, Away("busy", float("9" * 400)).retry_s) == (7.0, 3600.0)
