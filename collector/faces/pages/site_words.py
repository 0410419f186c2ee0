"""Pure: the page of one site in words. site.py fetches what it tells."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.accounting.ledger import account, coverage
from collector.accounting.spells import Spell
from collector.acts import Exclusion
from collector.alerts.deciding.words import duration
from collector.condition import SILENT_ROWS, Flip, Row
from collector.faces.answers import AgentAnswer, SiteDetail, TargetAnswer
from collector.faces.pages.outage_rows import cause_text, not_charged
from collector.faces.pages.reasons import Case, decimal, planned, reasons
from collector.faces.pages.shell import Reader
from collector.faces.pages.timeline import GROUPS
from collector.faces.pages.timeline_words import word_of
from collector.faces.pages.view import DAY_MS, View, percent
from collector.figures import recap
from collector.figures.indicators import Echo, Figures, Stretches
from collector.figures.shares import Ratio
from collector.judging.groups import OUTSIDE
from collector.judging.quality import Limits
from collector.live import SiteNow
from collector.people import Role
from collector.reports.writing.words import hundreds

OUTAGES = 10
"""Outages that are shown at once; others are folded."""
MAX_OUTAGES = 100
"""Outages on the page; the page of outages tells the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The month so far, from `from_ms` to `to_ms`; `service` None: service is always due, so it would say the same."""

    from_ms: int
    to_ms: int
    all: Figures
    service: Figures | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What was fetched for the page of one site: its present, its last thirty days, and its month. `opening` is the
    last flip of scope `site` before the last seven days, `flips` are those in them; `charge_ms`: what an outage must
    last to be charged."""

    case: Case
    detail: SiteDetail
    opening: Flip | None
    flips: Sequence[Flip]
    outages: Sequence[recap.Case]
    spells: Sequence[Spell]
    exclusions: Sequence[Exclusion]
    charge_ms: int
    month: Month | None

    @property
    def now(self) -> SiteNow:
        return self.case.now

    @property
    def limits(self) -> Limits:
        return self.case.limits


def site_parts(story: Story, reader: Reader, view: View) -> Mapping[str, Any]:
    """What templates/site.html lays out, the timeline aside; `view` in the zone of the site."""
    now, site, say = story.now, story.now.site, view.texts.say
    facts = (site.opd, site.district, site.regency, site.provider, say(f"medium.{site.medium}"), site.contract)
    code = site.code
    rows = sorted((*_outages(story, reader, view), *_power_cuts(story, reader, view)), key=lambda row: -row["at"])
    closed = now.closed_ms is not None
    groups, targets = story.detail.groups, story.detail.targets
    watchers = sorted({t.agent for t in targets if t.group == OUTSIDE})
    return {
        "site": site,
        "row": view.row(now),
        "facts": [fact for fact in facts if fact],
        "reasons": reasons(story.case, view),
        "excluded": planned(now.excluded, view) if now.excluded else "",
        "why": now.why,
        "explain_href": reader.href(f"sites/{code}/explain", at=now.closed_ms or now.since_ms or ""),
        "groups": groups,
        "sums": [] if closed else [_sum(story, days, view) for days in (1, 7)],
        "power_cuts": sum(row["is_power_cut"] for row in rows),
        "outages": [part for part in (rows[:OUTAGES], rows[OUTAGES:MAX_OUTAGES]) if part],
        "more_outages": max(0, len(rows) - MAX_OUTAGES),
        "outages_href": reader.href("outages", q=code),
        "month_title": say("site.month.last" if closed else "site.month"),
        "month": month_rows(story.month, story.limits, view) if story.month else [],
        "month_has_service": bool(story.month and story.month.service),
        "month_caption": say(
            "site.month.caption", **{"from": view.at(story.month.from_ms), "to": view.at(story.month.to_ms)}
        )
        if story.month
        else "",
        "indicators_href": reader.href("indicators", scope="site", of=code, period=_last_month(now)),
        "targets": [_target(target, reader, view) for target in targets],
        "agents": [_agent(agent, view) for agent in story.detail.agents],
        "watchers": say("site.agents.outside", agents=", ".join(watchers))
        if watchers and not reader.who.regency
        else "",
        "fleet_href": reader.href("fleet", site=code),
        "may_enter": reader.who.may(Role.OPERATOR),
    }


def _last_month(now: SiteNow) -> str:
    """Of a site that is closed; "" of others."""
    return f"{now.site.until:%Y-%m}" if now.closed_ms is not None else ""


def _sum(story: Story, days: int, view: View) -> str:
    """Number and length of the outages of the last `days`, never without the coverage."""
    from_ms = view.now_ms - days * DAY_MS
    before = [flip for flip in story.flips if flip.at_ms < from_ms]
    flips = [flip for flip in story.flips if from_ms <= flip.at_ms < view.now_ms]
    spent = account(flips, before[-1] if before else story.opening, from_ms, view.now_ms)
    return view.texts.say(
        "page.sum",
        days=days,
        n=sum(one.open or (one.outage.end_ms or 0) > from_ms for one in story.outages),
        lasted=duration(sum(ms for condition, ms in spent.items() if condition.is_down), view.texts),
        coverage=percent(coverage(spent)),
    )


def _outages(story: Story, reader: Reader, view: View) -> Iterator[dict[str, Any]]:
    for one in story.outages:
        outage, end_ms = one.outage, one.outage.end_ms or view.now_ms
        yield _times(outage.start_ms, outage.start_not_earlier_than_ms, None if one.open else end_ms, view) | {
            "is_power_cut": False,
            "key": outage.condition.value,
            "word": view.word(outage.condition.value),
            "charged": not_charged(one, story.charge_ms, view) or view.texts.say("site.outages.charged.yes"),
            "given": cause_text(one, view),
            "note": one.cause.note if one.cause else "",
            "found": found_cause(outage.start_ms, end_ms, story.spells, view),
            "explain": reader.href(f"sites/{outage.site}/explain", at=outage.start_ms),
            "edit": reader.href(f"outages/{outage.site}/{outage.start_ms}"),
        }


def _power_cuts(story: Story, reader: Reader, view: View) -> Iterator[dict[str, Any]]:
    """Nobody's line was down, but people had no internet. A cut inside an outage is that outage's cause."""
    for spell in story.spells:
        start_ms, end_ms = spell.start_ms, min(spell.end_ms, view.now_ms)
        known = [one.outage for one in story.outages]
        inside = any(o.start_ms < end_ms and (o.end_ms or view.now_ms) > start_ms for o in known)
        if spell.row is Row.POWER and not inside:
            lasts = spell.end_ms >= view.now_ms
            yield _times(start_ms, spell.not_earlier_ms, None if lasts else end_ms, view) | {
                "is_power_cut": True,
                "key": "unobserved",
                "word": word_of(Row.POWER, view),
                "charged": view.texts.say("site.outages.charged.other"),
                "given": "",
                "note": "",
                "found": word_of(Row.POWER, view),
                "explain": reader.href(f"sites/{story.now.site.code}/explain", at=start_ms),
                "edit": "",
            }


def _times(start_ms: int, not_earlier_ms: int, end_ms: int | None, view: View) -> dict[str, Any]:
    blur_ms = start_ms - not_earlier_ms
    return {
        "at": start_ms,
        "start": view.at(start_ms),
        "blur": view.texts.say("site.outages.begin", span=duration(blur_ms, view.texts)) if blur_ms >= 1000 else "",
        "end": view.texts.say("page.lasts") if end_ms is None else view.at(end_ms),
        "lasted": duration((end_ms or view.now_ms) - start_ms, view.texts),
    }


def found_cause(start_ms: int, end_ms: int, spells: Sequence[Spell], view: View) -> str:
    """What the books say of [start, end) beside the condition: why nothing was measured, the longest first, and that it
    is in no figure as an outage: what a result covers ended when its host stopped."""
    spent: Counter[Row] = Counter()
    for spell in spells:
        ms = min(spell.end_ms, end_ms) - max(spell.start_ms, start_ms)
        if spell.row in SILENT_ROWS and ms > 0:
            spent[spell.row] += ms
    return "; ".join(
        view.texts.say("site.outages.hollow", word=word_of(row, view), lasted=duration(ms, view.texts))
        for row, ms in spent.most_common()
    )


def month_rows(month: Month, limits: Limits, view: View) -> list[dict[str, Any]]:
    """A label and what it says of all time and, where there are service hours, of those."""
    columns = [figures for figures in (month.all, month.service) if figures]
    told = [dict(_figures(figures, limits, view)) for figures in columns]
    return [
        {"label": label, "cells": [column.get(label, ("–", "")) for column in told]}
        for label in dict.fromkeys(label for column in told for label in column)
    ]


def _figures(figures: Figures, limits: Limits, view: View) -> Iterator[tuple[str, tuple[str, str]]]:
    """(label, (what it says, what is said of it))."""
    say = view.texts.say
    for name in ("line", "experienced"):
        yield say(f"site.month.{name}"), _ratio(figures, figures.availability.get(name), view)
    yield say("site.month.coverage"), (share(figures.coverage, view) if figures.coverage is not None else "–", "")
    yield say("site.month.outages"), (str(figures.outages.n), "")
    yield say("site.month.downtime"), (duration(figures.downtime_ms, view.texts), "")
    yield say("site.month.longest"), (duration(figures.outages.longest_ms, view.texts), "")
    yield say("site.month.charged"), (_times_of(figures.charged, view), _charged_remark(figures, view))
    yield say("site.month.power"), (_times_of(figures.power_cuts, view), "")
    for group in GROUPS:
        if group in figures.latency:
            yield from _echo(group, figures.latency[group], limits, view)


def _ratio(figures: Figures, ratio: Ratio | None, view: View) -> tuple[str, str]:
    """Never a number alone: with its bars, or the sentence that there is not enough data."""
    if ratio is None or ratio.value is None or not figures.enough_data:
        return view.texts.say("site.month.too_little"), ""
    if ratio.low is None or ratio.high is None:
        return share(ratio.value, view), ""
    told, low, high = share(ratio.value, view), share(ratio.low, view), share(ratio.high, view)
    return told, "" if low == told == high else view.texts.say("site.month.between", low=low, high=high)


def _charged_remark(figures: Figures, view: View) -> str:
    """More is charged than lowers the availability of the line: without the internet a line may answer still."""
    both = figures.charged.total_ms and figures.rows[Row.INTERNET_DOWN]
    return view.texts.say("site.month.charged_without_line") if both else ""


def share(ratio: float, view: View) -> str:
    """In percent, as reports print it: rounded, but 100 % means all of it; without decimals that say nothing."""
    said = hundreds(ratio, view.texts)
    return f"{said.rstrip('0').rstrip('.,')} %"


def _times_of(stretches: Stretches, view: View) -> str:
    if not stretches.n and not stretches.total_ms:
        return "0"
    return view.texts.say("site.month.times", n=stretches.n, lasted=duration(stretches.total_ms, view.texts))


def _echo(group: str, echo: Echo, limits: Limits, view: View) -> Iterator[tuple[str, tuple[str, str]]]:
    """Against what the medium may be."""
    say, name = view.texts.say, view.texts.say(f"page.group.{group}")
    over = say("site.month.over")
    if echo.p50_ms is None or echo.p95_ms is None or echo.loss is None:
        return
    yield say("site.month.p50", group=name), (f"{decimal(echo.p50_ms, view)} ms", "")
    label = say("site.month.p95", group=name, limit=f"{limits.rtt_ms:g}")
    yield label, (f"{decimal(echo.p95_ms, view)} ms", over if echo.p95_ms > limits.rtt_ms else "")
    label = say("site.month.loss", group=name, limit=decimal(100 * limits.loss_ratio, view))
    yield label, (f"{decimal(100 * echo.loss, view)} %", over if echo.loss > limits.loss_ratio else "")


def _target(target: TargetAnswer, reader: Reader, view: View) -> dict[str, str]:
    agent = "" if target.group == OUTSIDE and reader.who.regency else target.agent
    return {
        "name": target.name,
        "about": " · ".join(part for part in (agent, target.kind, target.address) if part),
        "group": target.group,
        "state": target.state,
        "outcome": target.outcome,
        "packets": f"{target.received}/{target.sent}",
        "rtt": "" if target.rtt_ms is None else f"{decimal(target.rtt_ms, view)} ms",
        "at": view.when(target.at),
    }


def _warnings(agent: AgentAnswer, view: View) -> Iterator[str]:
    if agent.cloned:
        yield view.texts.say("page.cloned")
    if agent.untrusted:
        yield view.texts.say("page.untrusted", n=agent.untrusted)


def _agent(agent: AgentAnswer, view: View) -> dict[str, Any]:
    return {
        "name": agent.name,
        "heard": view.when(agent.heard_at),
        "version": agent.version,
        "clock": f"{agent.clock_offset_s:+.1f} s",
        "warnings": list(_warnings(agent, view)),
        "waiting": str(agent.spool_results),
        "dropped": str(agent.dropped) if agent.dropped else view.texts.say("site.agents.dropped.none"),
    }
