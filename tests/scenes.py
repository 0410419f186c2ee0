"""The examples of docs/accounting.md as records: a scene is what stands between two empty lines of an `example` block.

Times are times of day on DAY, UTC. `claims` are (word, subject, text) of the lines that tell what must come out; all
other lines tell what was measured.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from tests import oracle

DAY = datetime(2026, 1, 5, tzinfo=UTC)
LETTERS = {"o": "ok", "t": "timeout", "i": "intercepted", "e": "error"}
UNITS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RESULTS = re.compile(
    r"(gateway|intranet|internet|service|outside) (\w+)(?:@(\w+))?/(\w+) (\S+)((?: \w+ \S+)*): ([otie.]+)"
)
CLAIM = re.compile(
    r"(flips|causes|hollow|spells|cells|doubt|others|downs|figure|rows|clock result|day)(?: (.*?))?: (.+)"
)


@dataclass
class Scene:
    """One example. `text` is how it stands in the document."""

    text: str
    every: int = 60_000
    targets: dict[str, oracle.Target] = field(default_factory=dict)
    blind: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    stays: list[oracle.Stay] = field(default_factory=list)
    restarts: list[tuple[int, int]] = field(default_factory=list)
    limits: tuple[float, float] = (0.1, 300.0)
    period: tuple[int, int] = (0, 0)
    service: tuple[int, int] | None = None
    exclusions: list[tuple[int, int, str]] = field(default_factory=list)
    clock: dict[str, str] = field(default_factory=dict)
    claims: list[tuple[str, str, str]] = field(default_factory=list)

    def world(self) -> oracle.World:
        return oracle.World(
            targets=tuple(self.targets.values()),
            blind=self.blind,
            stays=tuple(self.stays),
            restarts=tuple(self.restarts),
            loss=self.limits[0],
            rtt=self.limits[1],
        )

    def terms(self) -> oracle.Terms:
        start, end = self.service or self.period
        return oracle.Terms(
            start=self.period[0],
            end=self.period[1],
            service_at=lambda at: start <= at < end,
            edges=(start, end),
            exclusions=tuple(self.exclusions),
        )


def blocks(document: Path, kind: str) -> list[str]:
    return [body for found, body in BLOCK.findall(document.read_text(encoding="utf-8")) if found == kind]


def scenes(document: Path) -> Iterator[Scene]:
    for block in blocks(document, "example"):
        for text in block.strip().split("\n\n"):
            scene = Scene(text)
            for line in text.splitlines():
                read(scene, line)
            yield scene


def read(scene: Scene, line: str) -> None:
    """Takes one line into the scene; ValueError if it is none that we know."""
    word, _, rest = line.partition(" ")
    if found := RESULTS.fullmatch(line):
        take_results(scene, *found.groups())
    elif line.startswith("clock boot"):
        take_clock(scene, rest)
    elif claim := CLAIM.fullmatch(line):
        scene.claims.append((claim[1], claim[2] or "", claim[3]))
    elif word == "every":
        scene.every = duration(rest)
    elif word == "limits":
        scene.limits = (float(rest.split()[1]), float(duration(rest.split()[3])))
    elif word == "blind":
        scene.blind.setdefault(rest.split()[0], []).append(span(rest.split()[1]))
    elif word == "stay":
        take_stay(scene, rest)
    elif word == "restart":
        scene.restarts.append((time_of(rest.split()[2]), time_of(rest.split()[4])))
    elif word == "period":
        scene.period = span(rest)
    elif word == "service":
        scene.service = span(rest)
    elif word == "exclude":
        scene.exclusions.append((*span(rest.split()[1]), rest.split()[0]))
    else:
        raise ValueError(line)


def take_results(
    scene: Scene, group: str, agent: str, site: str | None, name: str, start: str, more: str, letters: str
) -> None:
    said = dict(zip(more.split()[::2], more.split()[1::2], strict=True))
    every, rtt, got = (
        duration(said.get("every", f"{scene.every}ms")),
        duration(said.get("rtt", "0s")),
        int(said.get("got", 4)),
    )
    probes = tuple(
        oracle.Probe(
            at=time_of(start) + i * every,
            outcome=LETTERS[letter],
            rtt=rtt if letter == "o" else 0,
            got=got if letter == "o" else 0,
        )
        for i, letter in enumerate(letters)
        if letter != "."
    )
    key = f"{group}:{agent}/{name}"
    known = scene.targets.get(key)
    scene.targets[key] = (
        replace(known, probes=(*known.probes, *probes))
        if known
        else oracle.Target(
            group="intranet" if group == "outside" else group,
            agent=agent,
            name=name,
            watcher=site or "",
            interval=every,
            probes=probes,
        )
    )


def take_stay(scene: Scene, text: str) -> None:
    who, _, boot, _, booted, _, run, between, *more = text.split()
    agent, _, site = who.partition("@")
    said = dict(zip(more[::2], more[1::2], strict=True))
    first, last = span(between)
    scene.stays.append(
        oracle.Stay(
            agent=agent,
            inside=not site,
            boot=boot,
            booted=time_of(booted),
            run=time_of(run),
            first=first,
            last=last,
            stop=said.get("stop", "unknown"),
            alive=time_of(said["alive"]) if "alive" in said else 0,
            slept=duration(said.get("slept", "0s")),
            woke=time_of(said["woke"]) if "woke" in said else 0,
        )
    )


def take_clock(scene: Scene, text: str) -> None:
    found = re.fullmatch(r"boot zero (\S+) base (.+) exchange (\S+)\.\.(\S+)", text)
    if found is None:
        raise ValueError(text)
    scene.clock = dict(zip(("zero", "base", "low", "high"), found.groups(), strict=True))


def time_of(text: str) -> int:
    """`08:00`, `08:00:20`, `08:00:20.5` on DAY, or a date and a time, in wall milliseconds."""
    date, _, clock = text.rpartition(" ")
    day = datetime.fromisoformat(date).replace(tzinfo=UTC) if date else DAY
    parts = [*clock.split(":"), "0"][:3]
    seconds = int(parts[0]) * 3600 + int(parts[1]) * 60 + float(parts[2])
    return round((day.timestamp() + seconds) * 1000)


def duration(text: str) -> int:
    """`30s`, `0.6s`, `8min`, `900ms`, `24h` in milliseconds."""
    found = re.fullmatch(r"([\d.]+)(ms|s|min|h)", text)
    if found is None:
        raise ValueError(text)
    return round(float(found[1]) * UNITS[found[2]])


def span(text: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    return time_of(start), time_of(end)


def listed(text: str) -> list[list[str]]:
    """`up 08:00, down 08:02 (08:01)` as words."""
    return [part.replace("(", "").replace(")", "").split() for part in text.split(", ")]
