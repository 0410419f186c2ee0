"""Pure: what should have been told in a month whose truth is known, against what was told.

A *trouble* is a time in which something was truly wrong at a site, and in which the collector could have known:

* a partial fault (the internet or the intranet alone, somebody else answering), while the host was awake: it is told as
  SiteDown. It must have been seen for SHORTEST_MS without a break. Two that follow each other without a moment of all
  being well are one trouble: the second is told, but the site was told of already.
* a time in which nothing came from the site: its line or its own network was down, its host had no power, was switched
  off, asleep or stopped. Nobody can tell these apart until it is back, so it is told as SiteSilent. It must have lasted
  for its allowance (one and a half pushes) and a third of that (it may wait for its company), and a step of this bench,
  within the service hours of the site; a PC that was off when they began, for half an hour of them.
* a line that is down at a place that is watched from outside: SiteDown, `unreachable`.

What is shorter, or outside service hours, is not expected, and no mistake if it is told. Nothing is under maintenance
here and the collector's host never stops. The first half hour of the month is left out: agents start then.

A trouble is *missed* if no alert of its site, nor a mass outage with it as a member, fired in it beyond its first four
minutes (or at its end, if it was shorter): one that was on its way out as it began does not tell of it. An
alert is *false* if nothing of its kind was truly so at its site when it was told, or less than LATE_MS before; a mass
outage, if that is so of a tenth of its members, or if fewer than three of four began within WINDOW_MS of each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.alerts_month import PUSH_MS, START_MS, STEP_MS, Life, Month
from collector.accounting.calendars import service_spans
from collector.alerts.deciding.rules import AGENT_UNWELL, MASS_OUTAGE, SITE_DOWN, SITE_SILENT
from collector.simulate.parcels import UNREACHED
from collector.simulate.pieces import PARTIAL, Kind
from collector.simulate.province import Role, Timekeeping
from collector.simulate.world import Story

ALLOWANCE_MS = PUSH_MS * 3 // 2
SHORTEST_MS = 240_000
"""Three failures of targets that are asked every minute, and settling, and waiting for company."""
SILENT_MS = ALLOWANCE_MS + ALLOWANCE_MS // 3 + 2 * STEP_MS
SERVICE_GRACE_MS = 1_800_000
LATE_MS = 60_000
WINDOW_MS = PUSH_MS + 120_000
SETTLED_MS = START_MS + 1_800_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something wrong at a site from `start_ms` to `end_ms`; `expected`: it must have been told."""

    site: str
    what: str
    start_ms: int
    end_ms: int
    expected: bool
    due_ms: int
    """From when on it could be known; delays count from `start_ms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How one expected trouble was told: by its own alert or in a mass outage, and after how long; None: it was told of
    before it began, by an alert that went on."""

    trouble: Trouble
    by: str
    delay_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The whole month."""

    troubles: Sequence[Trouble]
    told: Sequence[Told]
    missed: Sequence[Trouble]
    false: Sequence[Life]


def verdict(month: Month) -> Verdict:
    """What was told against what was so."""
    by_site = {code: list(_troubles(month, story)) for code, story in month.province.stories.items()}
    lives = _lives_by_site(month.lives)
    found: list[Told] = []
    missed: list[Trouble] = []
    for code, troubles in by_site.items():
        for trouble in (one for one in troubles if one.expected):
            told = _first(trouble, lives.get(code, []))
            if told is None:
                missed.append(trouble)
            else:
                found.append(told)
    false = [life for life in month.lives if not _is_true(life, month, by_site)]
    return Verdict(troubles=[t for ts in by_site.values() for t in ts], told=found, missed=missed, false=false)


# what was so


def _troubles(month: Month, story: Story) -> Iterator[Trouble]:
    if story.place.role is Role.WATCHED:
        for start_ms, end_ms, kind in story.pieces:
            if kind is Kind.LINE_DOWN:
                yield _trouble(story, "unreachable", start_ms, end_ms, SHORTEST_MS)
        return
    for stretch in story.stretches:
        for start_ms, end_ms, kind in story.pieces:
            first_ms, last_ms = max(start_ms, stretch.from_ms), min(end_ms, stretch.to_ms)
            if kind in PARTIAL and first_ms < last_ms:
                yield _trouble(story, kind.value, first_ms, last_ms, SHORTEST_MS)
    for start_ms, end_ms in _unheard(story, month.province.span.end_ms):
        due_ms = _due_ms(month, story, start_ms, end_ms)
        yield Trouble(
            site=story.place.site.code,
            what="silent",
            start_ms=start_ms,
            end_ms=end_ms,
            expected=due_ms is not None and start_ms >= SETTLED_MS and end_ms < month.province.span.to_ms,
            due_ms=due_ms or end_ms,
        )


def _trouble(story: Story, what: str, start_ms: int, end_ms: int, least_ms: int) -> Trouble:
    expected = end_ms - start_ms >= least_ms and start_ms >= SETTLED_MS
    code = story.place.site.code
    return Trouble(site=code, what=what, start_ms=start_ms, end_ms=end_ms, expected=expected, due_ms=start_ms)


def _unheard(story: Story, end_ms: int) -> Iterator[tuple[int, int]]:
    """When nothing could come from the place."""
    at_ms = START_MS
    for stretch in story.stretches:
        for start, end, kind in story.pieces:
            first_ms, last_ms = max(start, stretch.from_ms), min(end, stretch.to_ms)
            if kind in UNREACHED or first_ms >= last_ms:
                continue
            if first_ms > at_ms:
                yield at_ms, first_ms
            at_ms = last_ms
    if at_ms < end_ms:
        yield at_ms, end_ms


def _due_ms(month: Month, story: Story, start_ms: int, end_ms: int) -> int | None:
    """When a silence is to be told at the latest; None: it is not."""
    site = story.place.site
    spans = service_spans(month.calendar_of(site), site.timezone, start_ms - 86_400_000, end_ms)
    for opens_ms, closes_ms in spans:
        within = opens_ms <= start_ms
        due_ms = start_ms + SILENT_MS if within else opens_ms + max(SILENT_MS, SERVICE_GRACE_MS + 2 * STEP_MS)
        if start_ms < closes_ms and due_ms < min(closes_ms, end_ms):
            return due_ms
    return None


# what was told


def _lives_by_site(lives: Sequence[Life]) -> Mapping[str, list[tuple[int, int, Life]]]:
    """(from, to, alert) in which a site was known to be in trouble."""
    found: dict[str, list[tuple[int, int, Life]]] = {}
    for life in lives:
        over_ms = life.over_ms or 1 << 62
        name = life.alert.labels["alertname"]
        if name in (SITE_DOWN, SITE_SILENT):
            found.setdefault(life.alert.labels["site"], []).append((life.told_ms, over_ms, life))
        for code, at_ms in life.members.items():
            found.setdefault(code, []).append((at_ms, over_ms, life))
    return found


def _first(trouble: Trouble, lives: Sequence[tuple[int, int, Life]]) -> Told | None:
    lasts_ms = min(trouble.end_ms, trouble.start_ms + SHORTEST_MS)
    fitting = [one for one in lives if one[0] <= trouble.end_ms + STEP_MS and one[1] >= lasts_ms]
    if not fitting:
        return None
    at_ms, _, life = min(fitting, key=lambda one: one[0])
    delay_ms = at_ms - trouble.start_ms if at_ms >= trouble.start_ms else None
    return Told(trouble=trouble, by=life.alert.labels["alertname"], delay_ms=delay_ms)


def _is_true(life: Life, month: Month, by_site: Mapping[str, Sequence[Trouble]]) -> bool:
    labels, name = life.alert.labels, life.alert.labels["alertname"]
    if name == SITE_DOWN:
        return _is_so(by_site[labels["site"]], labels["condition"], life.told_ms)
    if name == SITE_SILENT:
        return _is_so(by_site[labels["site"]], "silent", life.told_ms)
    if name == MASS_OUTAGE:
        return _is_mass(life, by_site)
    if name == AGENT_UNWELL:
        story = month.province.stories[labels["site"]]
        return labels["reason"] == "clock" and story.place.clock is not Timekeeping.GOOD
    return False


def _is_so(troubles: Sequence[Trouble], what: str, at_ms: int) -> bool:
    return any(one.what == what and one.start_ms <= at_ms <= one.end_ms + LATE_MS for one in troubles)


def _is_mass(life: Life, by_site: Mapping[str, Sequence[Trouble]]) -> bool:
    began = []
    for code, at_ms in life.members.items():
        mine = [one.start_ms for one in by_site[code] if one.start_ms <= at_ms <= one.end_ms + LATE_MS]
        began += [max(mine)] if mine else []
    if len(began) * 10 < len(life.members) * 9:
        return False
    return max(sum(abs(other - one) <= WINDOW_MS for other in began) for one in began) * 4 >= len(life.members) * 3
