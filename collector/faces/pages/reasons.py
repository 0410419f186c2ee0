"""Pure: why we think that a site is in its condition, in a sentence for people, made from flips and not from their
English evidence line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from collector.accounting.latency import ERROR
from collector.acts import Exclusion
from collector.alerts.deciding.words import duration
from collector.columns import Columns
from collector.condition import Condition, Flip, State
from collector.faces.pages.view import View, key_of
from collector.figures.periods import local
from collector.judging.ladder import LADDER_GROUPS
from collector.judging.quality import Limits, is_echo
from collector.live import SiteNow

FAILING = (State.DOWN, State.INTERCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNow:
    """A group at an instant: its flip, and the standing flips of its targets that are observed."""

    name: str
    flip: Flip
    targets: Sequence[Flip]

    @property
    def failing(self) -> int:
        """How many of its targets fail."""
        return sum(target.now in FAILING for target in self.targets)


def groups_of(standing: Sequence[Flip]) -> list[GroupNow]:
    """The groups that the ladder looks at, from the standing flips of all scopes of a site."""
    by_scope = {flip.scope: flip for flip in standing}
    return [
        GroupNow(
            name=name,
            flip=by_scope[name],
            targets=[f for f in standing if f.scope.startswith(f"{name}:") and f.now != State.UNOBSERVED],
        )
        for name in LADDER_GROUPS
        if name in by_scope
    ]


def exact(at_ms: int, view: View) -> str:
    """`10:32:07 WITA`, to the second, with the date before it when that is not today's."""
    at, now = local(at_ms, view.timezone), local(view.now_ms, view.timezone)
    return f"{at:%H:%M:%S %Z}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M:%S %Z}"


def because(key: str, groups: Sequence[GroupNow], view: View) -> str:
    """`We say "line down" because the gateway answers (1 of 1 targets), ...`; empty where no group was observed."""
    clauses = [_clause(group, view) for group in groups if group.flip.now != State.UNOBSERVED]
    if not clauses:
        return ""
    return view.texts.say("site.why.because", condition=view.word(key), clauses=listed(clauses, view))


def listed(parts: Sequence[str], view: View) -> str:
    """`a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return view.texts.say("site.why.list", first=", ".join(parts[:-1]), last=parts[-1])


def _clause(group: GroupNow, view: View) -> str:
    fails, all_ = group.failing, len(group.targets)
    names = {"group": view.texts.say(f"page.group.{group.name}"), "all": max(all_, 1)}
    if group.flip.now == State.DOWN:
        return view.texts.say("site.why.fails", n=fails or all_ or 1, since=exact(group.flip.at_ms, view), **names)
    if group.flip.now == State.INTERCEPTED:
        return view.texts.say("site.why.intercepted", n=fails, since=exact(group.flip.at_ms, view), **names)
    return view.texts.say("site.why.answers", n=max(all_ - fails, 1), **names)


def proof(since_ms: int, not_earlier_ms: int, view: View) -> str:
    """The last proof of the opposite as an error bar; empty where it is less than a second away."""
    if since_ms - not_earlier_ms < 1000:
        return ""
    span = duration(since_ms - not_earlier_ms, view.texts)
    return view.texts.say("site.why.proof", proof=exact(not_earlier_ms, view), since=exact(since_ms, view), span=span)


def quality(columns: Columns, since_ms: int, limits: Limits, medium: str, view: View) -> str:
    """How bad a degraded line is since `since_ms`, against what its medium may be; empty without echoes."""
    mine = [is_echo(series) for series in columns.series]
    rows = columns.take(
        np.array([*mine, False])[columns.index] & (columns.outcome != ERROR) & (columns.at_ms >= since_ms)
    )
    sent, received = int(rows.sent.sum()), int(rows.received.sum())
    if not received:
        return ""
    return view.texts.say(
        "site.why.quality",
        loss=decimal(100 * (sent - received) / sent, view),
        rtt=round(float(rows.avg_us[rows.received > 0].mean()) / 1000),
        loss_limit=decimal(100 * limits.loss_ratio, view),
        rtt_limit=round(limits.rtt_ms),
        medium=view.texts.say(f"medium.{medium}"),
    )


def decimal(value: float, view: View) -> str:
    """With one decimal if it has any, as the language writes it."""
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if view.texts.language == "id" else text


def known_of_silence(now: SiteNow, before: Condition, view: View) -> list[str]:
    """Of a silent site: what we know, and what we do not."""
    say = view.texts.say
    heard = exact(now.heard_at_ms, view)
    known = [say("site.silent.known", heard=heard, lasted=view.ago(now.heard_at_ms), before=view.word(before.value))]
    if not now.in_service:
        known.append(say("site.silent.closed"))
    return [*known, say("site.silent.unknown")]


def planned(exclusion: Exclusion, view: View) -> str:
    """By whom it is taken out of the account, until when, and why."""
    return view.texts.say(
        f"site.excluded.{exclusion.kind}", until=view.at(exclusion.to_ms), by=exclusion.by, why=exclusion.why
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of a site now, for its sentence. `before`: what it was in when it was last heard."""

    now: SiteNow
    standing: Sequence[Flip]
    recent: Columns
    limits: Limits
    before: Condition


def reasons(case: Case, view: View) -> list[str]:
    """Sentences, the most important first: in what it is, and how sure that is."""
    return [sentence for sentence in _reasons(case, replace(view, timezone=case.now.site.timezone)) if sentence]


def _reasons(case: Case, view: View) -> Iterator[str]:
    now = case.now
    if now.closed_ms is not None:
        yield view.texts.say("site.closed", until=now.site.until)
    elif now.silent:
        yield from known_of_silence(now, case.before, view)
    elif now.condition is Condition.UNOBSERVED:
        never = not now.heard_at_ms
        yield view.texts.say("site.never_heard") if never else view.explanation("unobserved")
    else:
        yield because(key_of(now), groups_of(case.standing), view)
        if now.condition is Condition.DEGRADED:
            yield quality(case.recent, now.since_ms, case.limits, now.site.medium.value, view)
        yield proof(now.since_ms, now.since_not_earlier_ms, view)
        yield view.explanation(key_of(now))
