"""The account of one site, day by day, from its raw results: in the form in which kept accounts are written."""

import csv
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .counters import Device, restarts
from .judging import Judgement, judge
from .latency import AVAILABLE, latency, within
from .ledger import Terms, doubts, ledger, others
from .records import OUTAGES, Probe, Spell, Stay, Target, Turn, World
from .silence import Silence, merged_spans
from .spells import PROBE, spells

EXCLUDED = {"plain": "none", "planned": "planned", "majeure": "force_majeure", "late": "late"}
UPTIME = "uptime"

Key = tuple[str, str, str, str, str, str, str, str]
"""What tells series apart: site, agent, target, group, kind, interval, address, the agent's site."""


@dataclass
class Results:
    """The results of one site, of as many days as were taken in."""

    series: dict[Key, list[Probe]] = field(default_factory=dict)
    readings: dict[tuple[str, str, str], list[tuple[int, int]]] = field(default_factory=dict)
    """Of devices of the site, by agent, target and address."""
    lines: int = 0

    def take(self, text: Iterable[str]) -> list[int]:
        """Lines as the pack has them, days in order of time; returns the numbers of those that cannot be read."""
        unread: list[int] = []
        for number, line in enumerate(csv.reader(text), 1):
            try:
                site, agent, target, group, kind, interval, address, agent_site, *values = line
                at, outcome, sent, got, mean_us, _, max_us = values
                key = (site, agent, target, group, kind, str(int(interval)), address, agent_site)
                probe = Probe(
                    at=int(at),
                    outcome=outcome,
                    rtt=int(mean_us if kind == UPTIME else max_us) // 1000,
                    sent=int(sent),
                    got=int(got),
                    mean_us=int(mean_us),
                )
                read_ms = (int(max_us) - int(mean_us)) * 1000
            except ValueError:
                unread.append(number)
                continue
            self.lines += 1
            self.series.setdefault(key, []).append(probe)
            if kind == UPTIME and outcome == "ok" and probe.got and (agent_site != site or group == "gateway"):
                device = self.readings.setdefault((agent, target, address), [])
                device.append((probe.at + probe.average_us // 1000, read_ms))
        return unread

    def targets(self) -> list[Target]:
        return [_target(key, probes) for key, probes in sorted(self.series.items())]

    def devices(self) -> list[Device]:
        return [Device(sorted(found)) for _, found in sorted(self.readings.items())]


def _target(key: Key, probes: Sequence[Probe]) -> Target:
    site, agent, target, group, kind, interval, _, agent_site = key
    return Target(
        group=group,
        agent=agent,
        name=target,
        interval=int(interval),
        probes=sorted(probes, key=lambda probe: probe.at),
        kind=kind,
        watcher="" if agent_site == site else agent_site,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the judging of a site goes by."""

    loss: float
    rtt: float
    fail_after: int
    recover_after: int
    covers: float


class History:
    """One site over all the time that the pack has results of: judged once, accounted for day by day."""

    def __init__(
        self,
        results: Results,
        stays: Sequence[Stay],
        blind: Mapping[str, list[tuple[int, int]]],
        rules: Rules,
    ) -> None:
        world = World(
            targets=tuple(results.targets()),
            blind=dict(blind),
            stays=tuple(stays),
            loss=rules.loss,
            rtt=rules.rtt,
            fail_after=rules.fail_after,
            recover_after=rules.recover_after,
            covers=rules.covers,
        )
        self.targets = world.targets
        self.judgement: Judgement = judge(world)
        told = restarts(results.devices(), self.judgement.site, watched_only=Silence(stays).watched_only)
        known = World(stays=world.stays, restarts=told)
        self.spells = spells(known, self.judgement.site)
        self._ends = [spell.end for spell in self.spells]
        self._stamps = [[probe.at for probe in target.probes] for target in self.targets]

    @property
    def site(self) -> list[Turn]:
        return self.judgement.site

    def around(self, start: int, end: int) -> list[Spell]:
        """The spells that touch [start, end), with those whose bars may reach in."""
        first = max(0, bisect_left(self._ends, start) - 1)
        while first and self.spells[first].end - self.spells[first].start < PROBE:
            first -= 1
        last = first
        while last < len(self.spells) and self.spells[last].proof < end:
            last += 1
        return self.spells[max(0, first - 1) : last + 1]

    def day(self, terms: Terms) -> dict[str, Any]:
        """The account of [terms.start, terms.end)."""
        found = self.around(terms.start, terms.end)
        beside = others(self.judgement, found, terms)
        return {
            "from_ms": terms.start,
            "to_ms": terms.end,
            "cells": _named(ledger(found, terms)),
            "doubt": _named(doubts(found, terms)),
            "others": {
                subject: _named(cells)
                for subject, cells in beside.items()
                if any(standing != "unobserved" for standing, _, _ in cells)
            },
            "downs": list(_downs(found, terms)),
            "latency": self._latency(found, terms),
        }

    def _latency(self, found: Sequence[Spell], terms: Terms) -> dict[str, Any]:
        available = [(max(s.start, terms.start), min(s.end, terms.end)) for s in found if s.row in AVAILABLE]
        excluded = within(merged_spans((a, b) for a, b, _ in terms.exclusions))
        counts = within([span for span in available if span[0] < span[1]])
        mine = [self._of_day(place, terms) for place in range(len(self.targets))]
        told = latency(mine, lambda at: counts(at) and not excluded(at), lambda at: terms.cell(at)[0])
        for echoes in told.values():
            echoes["buckets"] = {str(bucket): n for bucket, n in sorted(echoes["buckets"].items())}
        return {
            slot: {name: n for name, n in echoes.items() if n or name == "buckets"} for slot, echoes in told.items()
        }

    def _of_day(self, place: int, terms: Terms) -> Target:
        target, stamps = self.targets[place], self._stamps[place]
        mine = target.probes[bisect_left(stamps, terms.start) : bisect_left(stamps, terms.end)]
        return Target(**{**vars(target), "probes": mine})


def _named(cells: Mapping[Any, int]) -> dict[str, int]:
    """`up/inside/none` -> milliseconds."""
    return {
        "/".join([*words, "inside" if service else "outside", EXCLUDED[kind]]): ms
        for (*words, service, kind), ms in cells.items()
        if ms
    }


def _downs(found: Sequence[Spell], terms: Terms) -> Iterator[dict[str, Any]]:
    """Section 11, cut at the edges of the day, and where an exclusion begins or ends."""
    for place, spell in enumerate(found):
        start, end = max(spell.start, terms.start), min(spell.end, terms.end)
        if spell.row not in (*OUTAGES, "power") or start >= end:
            continue
        opens, closes = place > 0 and spell.start >= terms.start, place + 1 < len(found) and spell.end <= terms.end
        for a, b in terms.excluded_pieces(start, end):
            first, final = opens and a == start, closes and b == end
            yield {
                "row": spell.row,
                "start_ms": a,
                "end_ms": b,
                "not_earlier_ms": max(spell.proof, found[place - 1].start) if first else a,
                "end_not_earlier_ms": max(found[place + 1].proof, spell.start) if final else b,
                "opens": first,
                "closes": final,
                "excluded": EXCLUDED[terms.cell(a)[1]],
            }
