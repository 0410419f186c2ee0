"""*Explain*, `/sites/{code}/explain`: the results behind a condition, and the rule, so that it can be judged by hand.

`?at=` an instant (milliseconds or RFC 3339): the results around the last change before it. `?from=` and `to=`: those of
a window. `&format=csv`: the same results to take along.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from collector.accounting.accounts import Accounts
from collector.accounting.evidence import spells_of
from collector.accounting.silence import Stay
from collector.accounting.spells import Spell
from collector.alerts.deciding.words import duration
from collector.columns import Columns
from collector.condition import SILENT_ROWS, Condition, Flip
from collector.faces.guard import Refused
from collector.faces.pages.verdict import Note, notes
from collector.faces.pages.view import View
from collector.figures.periods import BadPeriod, Period, bound, local
from collector.judging.judge import SITE, JudgeSettings
from collector.registry import AgentState, Site
from collector.store import Store

LONGEST_MS = 86_400_000
"""A window: a day of a site that measures much is some megabytes of CSV."""
AROUND_MS = 30 * 60_000
FOREVER_MS = 1 << 62
USUAL_INTERVAL_MS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What is explained: the instant `at_ms`, by the results in [from_ms, to_ms). `chosen`: by the reader."""

    at_ms: int
    from_ms: int
    to_ms: int
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Everything that is known of a site in a window. `flip` is the last of scope `site` at or before the instant,
    `following` the one after it; `standing` holds of all scopes at the instant, `flips` lie in the window."""

    site: Site
    window: Window
    flip: Flip | None
    following: Flip | None
    standing: Sequence[Flip]
    flips: Sequence[Flip]
    columns: Columns
    notes: Mapping[int, Note]
    spell: Spell | None
    stays: Sequence[Stay]
    agents: Sequence[AgentState]
    untrusted: Mapping[str, int]
    interval_ms: int

    @property
    def condition(self) -> Condition:
        return Condition(self.flip.now) if self.flip else Condition.UNOBSERVED


def explained(
    store: Store, accounts: Accounts, site: Site, query: Mapping[str, str], settings: JudgeSettings, view: View
) -> Explained:
    """What `query` asks of `site` (blocks); Refused if it cannot be understood."""
    code = site.code
    asked = _asked(query, view)
    accounts.make(code, asked.at_ms - 1, asked.at_ms)  # so that its flips are complete
    standing = store.state_at(code, asked.at_ms)
    flip = next((f for f in standing if f.scope == SITE), None)
    following = next(iter(store.flips(code, asked.at_ms + 1, FOREVER_MS, SITE)), None)
    spells = spells_of(store, code, asked.at_ms, asked.at_ms + 1) if flip else ()
    spell = next((one for one in spells if one.start_ms <= asked.at_ms < one.end_ms), None)
    interval_ms = _interval_ms(store.read(code, asked.at_ms - AROUND_MS, asked.at_ms + AROUND_MS))
    window = asked if asked.chosen else _around(spell, following, asked.at_ms, interval_ms)
    columns = _by_time(store.read(code, window.from_ms, window.to_ms))
    flips = store.flips(code, window.from_ms, window.to_ms)
    beyond = store.flips(code, window.to_ms, window.to_ms + 10 * interval_ms)  # a last result is told by its end
    return Explained(
        site=site,
        window=window,
        flip=flip,
        following=following,
        standing=standing,
        flips=flips,
        columns=columns,
        notes=notes(columns, [*standing, *flips, *beyond], settings.fail_after, settings.recover_after),
        spell=spell,
        stays=store.stays(code, window.from_ms, window.to_ms),
        agents=[agent for agent in store.agents() if agent.site == code],
        untrusted=store.untrusted(),
        interval_ms=interval_ms,
    )


def _asked(query: Mapping[str, str], view: View) -> Window:
    from_ms, to_ms = (instant(query.get(name, ""), view) for name in ("from", "to"))
    at_ms = instant(query.get("at", ""), view) or from_ms or view.now_ms
    if from_ms is None and to_ms is None:
        return Window(at_ms=at_ms, from_ms=at_ms, to_ms=at_ms, chosen=False)
    start_ms = from_ms if from_ms is not None else (to_ms or 0) - AROUND_MS
    end_ms = to_ms if to_ms is not None else start_ms + AROUND_MS
    if not 0 < end_ms - start_ms <= LONGEST_MS:
        raise Refused(
            400, "bad-window", view.texts.say("site.explain.bad_window", most=duration(LONGEST_MS, view.texts))
        )
    return Window(at_ms=at_ms, from_ms=start_ms, to_ms=end_ms, chosen=True)


def instant(text: str, view: View) -> int | None:
    """Milliseconds, or RFC 3339, or a date at the site; None for nothing."""
    if not text:
        return None
    try:
        at_ms = int(text) if text.isascii() and text.isdigit() else Period("", bound(text), 0).span(view.timezone)[0]
        local(at_ms, view.timezone)  # what no calendar has cannot be told either
    except (BadPeriod, ValueError, OverflowError, OSError):
        raise Refused(400, "bad-time", view.texts.say("site.explain.bad_at", text=text)) from None
    return at_ms


def _interval_ms(columns: Columns) -> int:
    return max((series.interval_ms for series in columns.series), default=USUAL_INTERVAL_MS)


def _around(spell: Spell | None, following: Flip | None, at_ms: int, interval_ms: int) -> Window:
    """From before the last proof to behind the decision; to the end as well where that is near, or where there is
    nothing in between."""
    if spell is None:
        return Window(at_ms=at_ms, from_ms=at_ms - AROUND_MS, to_ms=at_ms + AROUND_MS, chosen=False)
    proof_ms = max(min(spell.not_earlier_ms, spell.start_ms), spell.start_ms - LONGEST_MS // 4)
    to_ms = spell.start_ms + 3 * interval_ms
    if spell.row in SILENT_ROWS:
        to_ms = max(to_ms, min(spell.end_ms + 3 * interval_ms, proof_ms + LONGEST_MS // 2))
    elif following and following.at_ms < spell.start_ms + 6 * interval_ms:
        to_ms = max(to_ms, following.at_ms + 2 * interval_ms)
    return Window(at_ms=at_ms, from_ms=proof_ms - 2 * interval_ms, to_ms=to_ms, chosen=False)


def _by_time(columns: Columns) -> Columns:
    return columns.take(np.argsort(columns.at_ms, kind="stable"))
