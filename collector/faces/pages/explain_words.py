"""Pure: the page and the file that explain a condition, in words. explain.py fetches what they tell."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collector.accounting.silence import Stay
from collector.accounting.spells import Spell
from collector.alerts.deciding.words import duration
from collector.condition import SILENT_ROWS, Condition, Flip, State
from collector.faces.pages.explain import Explained
from collector.faces.pages.paging import Sheet, wanted_page
from collector.faces.pages.reasons import GroupNow, decimal, exact, groups_of
from collector.faces.pages.shell import Reader
from collector.faces.pages.timeline_words import word_of
from collector.faces.pages.verdict import Note, recomputed, rungs
from collector.faces.pages.view import View
from collector.faces.tables import Cell, written
from collector.figures.periods import local
from collector.judging.groups import OUTSIDE
from collector.judging.judge import SITE, JudgeSettings
from shared.result import OUTCOMES

ROWS = 500
"""Results on one page of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """To whom it is told: `view` in the zone of the site. Whoever may see one regency alone is not told the names of
    agents elsewhere that watch its sites."""

    reader: Reader
    view: View
    settings: JudgeSettings

    def agent(self, name: str, *, outside: bool) -> str:
        return "" if outside and self.reader.who.regency else name


def explain_parts(told: Explained, telling: Telling) -> Mapping[str, Any]:
    """What templates/explain.html lays out."""
    view, say = telling.view, telling.view.texts.say
    window, groups = told.window, groups_of(told.standing)
    asked = telling.reader.query.get("page", "1")
    sheet = Sheet.of(wanted_page(asked, say("site.explain.bad_page", text=asked)), len(told.columns), ROWS)
    word = word_of(told.spell.row, view) if told.spell and cause_of(told.spell) else view.word(told.condition.value)
    span = {"from": exact(window.from_ms, view), "to": exact(window.to_ms, view)}
    again = recomputed(groups, told.condition)
    return {
        "site": told.site,
        "key": "unobserved" if cause_of(told.spell) else told.condition.value,
        "word": word,
        "at": exact(window.at_ms, view),
        "lasts": _lasts(told, view),
        "refined": _refined(told, view),
        "why": "; ".join(dict.fromkeys(one.why for one in (told.flip, told.spell) if one and one.why)),
        "rules": _rules(told, telling),
        "groups": [_group(group, view) for group in groups],
        "rungs": [
            {"word": view.word(c.value), "when": f"site.rung.{c.value}", "said": said}
            for c, said in rungs(groups, told.condition).items()
        ],
        "agrees": say("site.explain.ladder.agrees", word=view.word(again.value))
        if again is told.condition
        else say("site.explain.ladder.differs", word=view.word(again.value), kept=view.word(told.condition.value)),
        "results": list(result_rows(told, telling, range(len(told.columns))[sheet.span])),
        "caption": say("site.explain.results.caption", n=len(told.columns), **span),
        "empty": say("site.explain.results.none", **span),
        "zone": f"{local(window.at_ms, view.timezone):%Z}",
        "flips": [_flip(flip, telling) for flip in told.flips],
        **sheet.parts,
    } | {**_host(told, telling), **_links(told, telling)}


def _host(told: Explained, telling: Telling) -> dict[str, Any]:
    """What the hosts told: the more important, the less was measured."""
    say = telling.view.texts.say
    return {
        "observed": observed(told),
        "stays": [_stay(stay, telling, outside=stay.agent_site != told.site.code) for stay in told.stays],
        "clocks": [
            say(
                "site.explain.host.clock",
                agent=a.name,
                offset=f"{a.clock_offset_ms / 1000:+.1f} s",
                n=told.untrusted.get(a.name, 0),
            )
            for a in told.agents
        ],
    }


def _lasts(told: Explained, view: View) -> str:
    if told.flip is None:
        return view.texts.say("site.explain.nothing_before")
    names = {"word": view.word(told.flip.now), "start": exact(told.flip.at_ms, view)}
    if told.following is None or told.following.at_ms > view.now_ms:
        return view.texts.say("site.explain.since_open", **names)
    return view.texts.say("site.explain.since", end=exact(told.following.at_ms, view), **names)


def _refined(told: Explained, view: View) -> str:
    """What the books say of a silence beyond the flips."""
    spell = told.spell
    if spell is None or not cause_of(spell):
        return ""
    end = exact(min(spell.end_ms, view.now_ms), view)
    key = "refined" if told.condition is Condition.UNOBSERVED else "hollow"
    start = exact(spell.start_ms, view)
    return view.texts.say(f"site.explain.{key}", word=word_of(spell.row, view), start=start, end=end)


def _rules(told: Explained, telling: Telling) -> list[str]:
    say, settings = telling.view.texts.say, telling.settings
    limits, medium = settings.limits_of(told.site.medium), telling.view.texts.say(f"medium.{told.site.medium}")
    cover_ms = round(settings.coverage_intervals * told.interval_ms)
    return [
        say("site.explain.rule.down", n=settings.fail_after),
        say("site.explain.rule.up", n=settings.recover_after),
        say("site.explain.rule.error"),
        say(
            "site.explain.rule.cover",
            n=decimal(settings.coverage_intervals, telling.view),
            span=duration(cover_ms, telling.view.texts),
        ),
        say("site.explain.rule.group"),
        say("site.explain.rule.intercepted", n=settings.fail_after),
        say(
            "site.explain.rule.degraded",
            loss=decimal(100 * limits.loss_ratio, telling.view),
            rtt=round(limits.rtt_ms),
            medium=medium,
        ),
    ]


def _group(group: GroupNow, view: View) -> dict[str, str]:
    flip = group.flip
    return {
        "name": group.name,
        "state": flip.now,
        "since": exact(flip.at_ms, view),
        "proof": exact(flip.not_earlier_than_ms, view) if flip.was != State.UNOBSERVED else "",
        "targets": view.texts.say("site.explain.group.of", n=group.failing, all=len(group.targets))
        if group.targets
        else "",
    }


def _flip(flip: Flip, telling: Telling) -> dict[str, str]:
    """A condition of the site in its words, a state of others in theirs."""
    view, say = telling.view, telling.view.texts.say
    group, _, target = flip.scope.partition(":")
    agent, _, name = target.partition("/")
    shown = telling.agent(agent, outside=group == OUTSIDE)
    is_site = flip.scope == SITE
    return {
        "at": exact(flip.at_ms, view),
        "who": say("site.explain.flip.site")
        if is_site
        else " · ".join(p for p in (say(f"page.group.{group}"), shown, name) if p),
        "was": view.word(flip.was) if is_site else say(f"page.state.{flip.was}"),
        "now": view.word(flip.now) if is_site else say(f"page.state.{flip.now}"),
        "proof": exact(flip.not_earlier_than_ms, view),
        "kind": "site" if is_site else "target" if target else "group",
    }


def _stay(stay: Stay, telling: Telling, *, outside: bool) -> dict[str, str]:
    view, say = telling.view, telling.view.texts.say
    slept = (
        say("site.explain.host.slept_for", span=duration(stay.slept_ms, view.texts), woke=exact(stay.woke_ms, view))
        if stay.slept_ms
        else ""
    )
    return {
        "agent": telling.agent(stay.agent, outside=outside),
        "first": exact(stay.first_ms, view),
        "last": exact(stay.last_ms, view),
        "booted": _known(stay.booted_ms, view),
        "started": _known(stay.started_ms, view),
        "stop": say(f"status.stop.{stay.last_stop}"),
        "alive": _known(stay.last_alive_ms, view),
        "slept": slept,
    }


def _known(at_ms: int, view: View) -> str:
    return exact(at_ms, view) if at_ms else ""


def _links(told: Explained, telling: Telling) -> dict[str, str]:
    """Earlier and later windows of the same length, and to the other of begin and instant."""
    window, path = told.window, f"sites/{told.site.code}/explain"
    length_ms, reader = window.to_ms - window.from_ms, telling.reader

    def moved(from_ms: int, to_ms: int) -> str:
        return reader.href(path, at=window.at_ms, **{"from": from_ms, "to": to_ms})

    outside = not window.from_ms <= window.at_ms < window.to_ms
    half_ms = max(length_ms // 2, 60_000)
    ends = told.following and window.to_ms < told.following.at_ms <= telling.view.now_ms
    return {
        "earlier": moved(window.from_ms - length_ms, window.from_ms),
        "later": moved(window.to_ms, window.to_ms + length_ms) if window.to_ms < telling.view.now_ms else "",
        "around": moved(window.at_ms - half_ms, window.at_ms + half_ms) if outside else "",
        "end": reader.href(path, at=told.following.at_ms) if told.following and ends else "",
        "begin": reader.href(path, at=window.at_ms) if window.chosen else "",
        "download": reader.href(path, at=window.at_ms, **{"from": window.from_ms, "to": window.to_ms, "format": "csv"}),
    }


def result_rows(told: Explained, telling: Telling, places: range) -> Iterator[dict[str, Any]]:
    """Results as the table shows them."""
    c, view, say = told.columns, telling.view, telling.view.texts.say
    several = len({series.agent for series in c.series}) > 1
    for place in places:
        series, note = c.series[c.index[place]], told.notes.get(place)
        outcome = OUTCOMES[c.outcome[place]].value
        received = int(c.received[place])
        yield {
            "time": f"{local(int(c.at_ms[place]), view.timezone):%H:%M:%S.%f}"[:-5],
            "target": series.target,
            "agent": telling.agent(series.agent, outside=series.outside) if several else "",
            "group": OUTSIDE if series.outside else series.group.value,
            "outcome": outcome,
            "mark": MARKS.get(outcome, "✗"),
            "packets": f"{int(c.sent[place])}/{received}",
            "rtt": f"{decimal(int(c.avg_us[place]) / 1000, view)} ms" if received else "",
            "note": say(f"site.explain.note.{note.key}", **_values(note, view)) if note else "",
            "decisive": bool(note and note.decisive),
        }


MARKS = {"ok": "✓", "intercepted": "⇄", "error": "–"}


def _values(note: Note, view: View) -> dict[str, object]:
    return {"k": note.k, "n": note.n, "at": exact(note.at_ms, view) if note.at_ms else ""}


CSV_COLUMNS = (
    "time",
    "site",
    "agent",
    "target",
    "group",
    "kind",
    "address",
    "interval_s",
    "outcome",
    "sent",
    "received",
    "rtt_avg_ms",
    "rtt_min_ms",
    "rtt_max_ms",
    "note",
)
"""`note` is the key of what the page says, so that a program can read it; new columns go to the end."""


def csv_of(told: Explained, telling: Telling) -> bytes:
    """All results of the window, by time, with the milliseconds and the offset of the site."""
    return written(CSV_COLUMNS, (_csv_row(told, telling, place) for place in range(len(told.columns))))


def _csv_row(told: Explained, telling: Telling, place: int) -> list[Cell]:
    c, note = told.columns, told.notes.get(place)
    series = c.series[c.index[place]]
    answered = bool(c.received[place])
    return [
        local(int(c.at_ms[place]), told.site.timezone).isoformat(timespec="milliseconds"),
        told.site.code,
        telling.agent(series.agent, outside=series.outside),
        series.target,
        OUTSIDE if series.outside else series.group.value,
        series.kind,
        series.address,
        series.interval_ms / 1000,
        OUTCOMES[c.outcome[place]].value,
        int(c.sent[place]),
        int(c.received[place]),
        *(int(us[place]) / 1000 if answered else None for us in (c.avg_us, c.min_us, c.max_us)),
        f"{note.key} {note.k}/{note.n}" if note and note.n else note.key if note else "",
    ]


def cause_of(spell: Spell | None) -> str:
    """The row that the books refine a silence by; empty for what is none."""
    return spell.row.value if spell and spell.row in SILENT_ROWS else ""


def observed(told: Explained) -> bool:
    """Whether something was measured at the instant: else the host has the word."""
    return any(group.flip.now != State.UNOBSERVED for group in groups_of(told.standing)) and not cause_of(told.spell)
