"""What the API answers: the structs, and how records become them. openapi.py describes exactly these.

Times are RFC 3339 in UTC; durations are seconds; a ratio is between 0 and 1; null means "not known", never zero.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated

import msgspec

from collector.acts import GivenCause, cause_of
from collector.columns import Columns
from collector.condition import Flip, Outage, State
from collector.contracts import Contract
from collector.judging.groups import OUTSIDE
from collector.judging.judge import SITE
from collector.live import SiteNow
from collector.registry import RAI_CODE, AgentState, Details
from shared.clock import utc
from shared.result import OUTCOMES

Time = datetime
Ratio = Annotated[float, msgspec.Meta(ge=0, le=1)]


class RegisterAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of a site's line; nothing personal. `contract_in_force` and `sla`: of the version that is
    in force today; null: none that is known, and none promised."""

    description: str
    agency: str
    unit: str
    network: str | None
    ownership: str | None
    owner: str
    bandwidth_mbps: float | None
    use: str | None
    facility: str
    rai: str
    latitude: float | None
    longitude: float | None
    contract_in_force: str | None
    sla: Ratio | None


class SiteAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A site of the registry and what it is in now. `since_not_earlier_than`: the last proof of what was before.
    `excluded`: maintenance or force_majeure while an exclusion takes it out of the account. `until`: its last day;
    once that is over it is `closed`: it is in no list of sites, and nothing is said of what it is in now."""

    code: str
    name: str
    kind: str
    opd: str
    regency: str
    district: str
    provider: str
    medium: str
    contract: str
    timezone: str
    calendar: str
    until: date | None
    closed: bool
    condition: str
    since: Time | None
    since_not_earlier_than: Time | None
    why: str
    heard_at: Time | None
    silent: bool
    silent_since: Time | None
    coverage_today: Ratio | None
    excluded: str | None
    register: RegisterAnswer


class SitesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of sites by code. `total` counts all that match; ask again with `after=next` until `next` is null."""

    sites: list[SiteAnswer]
    total: int
    next: str | None


class TargetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A target and its last result of the last minutes. `group` is `outside` if it watches the site from another."""

    agent: str
    name: str
    group: str
    kind: str
    address: str
    state: str
    outcome: str
    at: Time
    rtt_ms: float | None
    sent: int
    received: int


class GroupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a group of targets is in, and since when."""

    name: str
    state: str
    since: Time


class AgentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent said of itself in its last push. `cloned`: two hosts push with its token; what they measure is kept
    apart, under names with the boot behind. `untrusted`: its results that nobody can date; they are in no account."""

    name: str
    heard_at: Time | None
    push_interval_s: float
    clock_offset_s: float
    booted_at: Time | None
    started_at: Time | None
    last_stop: str
    version: str
    spool_results: int
    dropped: int
    set_aside: int
    cloned: bool
    untrusted: int


class SiteDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One site with everything that is known of it now; of one that is closed no `groups` and no `targets`."""

    site: SiteAnswer
    groups: list[GroupAnswer]
    targets: list[TargetAnswer]
    agents: list[AgentAnswer]


class FlipAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`scope` (site, a group, or group:agent/target) changed from `was` to `now` at `at`.

    `not_earlier_than` is the last proof of `was`.
    """

    site: str
    scope: str
    at: Time
    not_earlier_than: Time
    was: str
    now: str
    why: str


class FlipsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Flips with from <= at < to, by time. JSON has `from` and `to`."""

    from_: Time = msgspec.field(name="from")
    to: Time
    flips: list[FlipAnswer]


class GivenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says an outage came from."""

    cause: str
    note: str
    by: str
    entered: Time


class OutageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A maximal interval of a site in one down condition.

    It is told whole, also what lies outside the period. `end` null: it lasts still, and `duration_s` counts to now.
    `condition` and `why` were measured; `given` is what a person said of it, null if nobody did.
    """

    site: str
    name: str
    condition: str
    start: Time
    start_not_earlier_than: Time
    end: Time | None
    end_not_earlier_than: Time | None
    duration_s: float
    why: str
    given: GivenAnswer | None


class OutagesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Outages that touch the period, by site and start. With `limit`: ask again with `after=next` until it is null."""

    from_: Time = msgspec.field(name="from")
    to: Time
    outages: list[OutageAnswer]
    next: str | None = None


def time_or_none(at_ms: int | None) -> Time | None:
    """0 and None both say "never" in our records."""
    return utc(at_ms) if at_ms else None


def register_answer(details: Details, in_force: Contract | None) -> RegisterAnswer:
    told = {name: getattr(details, name) for name in details.__slots__ if name not in ("code", "contact", "phone")}
    return RegisterAnswer(
        **told | {"rai": details.rai or RAI_CODE},
        contract_in_force=in_force.number if in_force else None,
        sla=None if in_force is None or in_force.sla is None else float(in_force.sla),
    )


def site_answer(now: SiteNow, register: RegisterAnswer) -> SiteAnswer:
    return SiteAnswer(
        register=register,
        **{name: getattr(now.site, name) for name in now.site.__slots__},
        closed=now.closed_ms is not None,
        condition=now.condition,
        since=time_or_none(now.since_ms),
        since_not_earlier_than=time_or_none(now.since_not_earlier_ms),
        why=now.why,
        heard_at=time_or_none(now.heard_at_ms),
        silent=now.silent,
        silent_since=time_or_none(now.silent_since_ms),
        coverage_today=None if now.coverage_today is None else round(now.coverage_today, 4),
        excluded=now.excluded.kind if now.excluded else None,
    )


def flip_answer(flip: Flip) -> FlipAnswer:
    return FlipAnswer(
        site=flip.site,
        scope=flip.scope,
        at=utc(flip.at_ms),
        not_earlier_than=utc(flip.not_earlier_than_ms),
        was=flip.was,
        now=flip.now,
        why=flip.why,
    )


def outage_answer(outage: Outage, name: str, now_ms: int, given: Iterable[GivenCause] = ()) -> OutageAnswer:
    """`given` are all causes that people gave at the site."""
    end_ms = now_ms if outage.end_ms is None else outage.end_ms
    said = cause_of(outage.start_ms, end_ms, given)
    return OutageAnswer(
        site=outage.site,
        name=name,
        condition=outage.condition,
        start=utc(outage.start_ms),
        start_not_earlier_than=utc(outage.start_not_earlier_than_ms),
        end=time_or_none(outage.end_ms),
        end_not_earlier_than=time_or_none(outage.end_not_earlier_than_ms),
        duration_s=max(0, end_ms - outage.start_ms) / 1000,
        why=outage.why,
        given=GivenAnswer(cause=said.code, note=said.note, by=said.by, entered=utc(said.entered_ms)) if said else None,
    )


def agent_answer(agent: AgentState, untrusted: int) -> AgentAnswer:
    return AgentAnswer(
        name=agent.name,
        heard_at=time_or_none(agent.heard_at_ms),
        push_interval_s=agent.push_interval_ms / 1000,
        clock_offset_s=agent.clock_offset_ms / 1000,
        booted_at=time_or_none(agent.boot_at_ms),
        started_at=time_or_none(agent.run_at_ms),
        last_stop=agent.last_stop,
        version=agent.version,
        spool_results=agent.spool_results,
        dropped=agent.dropped,
        set_aside=agent.set_aside,
        cloned=agent.cloned,
        untrusted=untrusted,
    )


def group_answers(states: Iterable[Flip]) -> list[GroupAnswer]:
    """The groups among the last flips of every scope of a site."""
    groups = (flip for flip in states if flip.scope != SITE and ":" not in flip.scope)
    return [GroupAnswer(name=flip.scope, state=flip.now, since=utc(flip.at_ms)) for flip in groups]


def target_answers(columns: Columns, states: Iterable[Flip]) -> list[TargetAnswer]:
    """The last result of every target in `columns`, by agent, group, name; `states`: the last flips of every scope."""
    state_of: Mapping[str, str] = {flip.scope: flip.now for flip in states}
    last = {int(series): row for row, series in enumerate(columns.index)}  # sorted by time: the last wins
    answers = [_target_answer(columns, row, state_of) for row in last.values()]
    return sorted(answers, key=lambda target: (target.agent, target.group, target.name))


def without_watchers(told: SiteDetail) -> SiteDetail:
    """`told` without the names of agents elsewhere that watch the site: they may be another regency's."""
    targets = [msgspec.structs.replace(one, agent="") if one.group == OUTSIDE else one for one in told.targets]
    return msgspec.structs.replace(told, targets=targets)


def _target_answer(columns: Columns, row: int, state_of: Mapping[str, str]) -> TargetAnswer:
    series = columns.series[columns.index[row]]
    received = int(columns.received[row])
    group = OUTSIDE if series.outside else series.group
    return TargetAnswer(
        agent=series.agent,
        name=series.target,
        group=group,
        kind=series.kind,
        address=series.address,
        state=state_of.get(f"{group}:{series.agent}/{series.target}", State.UNOBSERVED),
        outcome=OUTCOMES[columns.outcome[row]],
        at=utc(int(columns.at_ms[row])),
        rtt_ms=round(int(columns.avg_us[row]) / 1000, 3) if received else None,
        sent=int(columns.sent[row]),
        received=received,
    )
