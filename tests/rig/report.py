"""The table, and which limits were broken. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.clock import utc
from tests.rig.evidence import Evidence
from tests.rig.lines import TERRESTRIAL
from tests.rig.scenarios import SCENARIOS, Alarm
from tests.rig.truth import Account, MeasuredOutage, Pair, match

DATED_WITHIN_S, DATED_WITHIN_VSAT_S = 3.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmFound:
    """What became of an alarm: seconds from its cause to Alertmanager, and from its end to the delivered "resolved"."""

    site: str
    scenario: str
    alarm: Alarm
    after_s: float | None
    resolved_after_s: float | None
    started_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The findings, and one line for every limit that was broken."""

    pairs: Sequence[Pair]
    invented: Sequence[MeasuredOutage]
    alarms: Sequence[AlarmFound]
    accounts: Sequence[Account]
    broken: Sequence[str]


def judge(evidence: Evidence) -> Report:
    """Compare the truth with what was measured."""
    pairs, invented = match(evidence.true_outages(), evidence.outages)
    alarms = list(_alarms(evidence))
    broken = [
        *_wrong_outages(evidence, pairs, invented),
        *_unseen(evidence),
        *_wrong_alarms(evidence, alarms),
        *_wrong_accounts(evidence),
        *evidence.faults,
    ]
    return Report(pairs=pairs, invented=invented, alarms=alarms, accounts=evidence.accounts, broken=broken)


def _wrong_outages(evidence: Evidence, pairs: Sequence[Pair], invented: Sequence[MeasuredOutage]) -> Iterator[str]:
    lines = {site.name: site.line for site in evidence.plan.sites}
    for pair in pairs:
        what = f"{pair.true.site} {pair.true.scenario}"
        if pair.measured is None:
            yield f"{what}: the outage was not found"
            continue
        if pair.measured.condition != pair.true.condition:
            yield f"{what}: {pair.measured.condition} instead of {pair.true.condition}"
        usual_s = DATED_WITHIN_S if lines[pair.true.site] is TERRESTRIAL else DATED_WITHIN_VSAT_S
        within_s = SCENARIOS[pair.true.scenario].dated_within_s or usual_s
        for end, error_s in (("start", pair.start_error_s), ("end", pair.end_error_s)):
            if error_s is None:
                yield f"{what}: the outage has no {end}"
            elif abs(error_s) > within_s:
                yield f"{what}: {end} is {error_s:+.1f} s off, more than {within_s:.0f} s"
    for outage in invented:
        yield f"{outage.site}: invented {outage.condition} from {_clock(outage.start_ms)} to {_clock(outage.end_ms)}"


def _unseen(evidence: Evidence) -> Iterator[str]:
    """Conditions that had to be seen and were not."""
    for site, name in dict.fromkeys((h.site, h.scenario) for h in evidence.happened):
        for span in SCENARIOS[name].seen:
            start_ms, end_ms = (evidence.when(site, name, action) for action in (span.begins, span.ends))
            if not any(
                s == site and start_ms - 30_000 <= at <= end_ms and c == span.condition for s, at, c in evidence.flips
            ):
                yield f"{site} {name}: {span.condition} was not seen"


def _alarms(evidence: Evidence) -> Iterator[AlarmFound]:
    for site, name in dict.fromkeys((h.site, h.scenario) for h in evidence.happened):
        alarm = SCENARIOS[name].alarm
        if alarm is None:
            continue
        begun_ms, ended_ms = (evidence.when(site, name, action) for action in (alarm.begins, alarm.ends))
        wanted = (alarm.name, site, alarm.condition)
        seen = [a for a in evidence.alerts if (a.name, a.site, a.condition) == wanted and a.seen_ms >= begun_ms]
        over = [at for at, status, what in evidence.deliveries if (status, what) == ("resolved", wanted)]
        resolved = [at for at in over if at >= begun_ms]
        yield AlarmFound(
            site=site,
            scenario=name,
            alarm=alarm,
            after_s=(seen[0].seen_ms - begun_ms) / 1000 if seen else None,
            resolved_after_s=(resolved[-1] - ended_ms) / 1000 if resolved else None,
            started_once=len({a.starts_at for a in seen}) <= 1,
        )


def _wrong_alarms(evidence: Evidence, alarms: Iterable[AlarmFound]) -> Iterator[str]:
    for found in alarms:
        what = f"{found.site} {found.scenario}: {found.alarm.name}"
        if found.after_s is None:
            yield f"{what} did not reach Alertmanager"
        elif found.after_s > found.alarm.within_s:
            yield f"{what} came after {found.after_s:.1f} s, later than {found.alarm.within_s:.0f} s"
        if found.resolved_after_s is None:
            yield f"{what} was never delivered as resolved"
        if not found.started_once:
            yield f"{what} has several startsAt: it was sent as several alerts"
    true = {(outage.site, outage.condition) for outage in evidence.true_outages()}
    for alert in evidence.alerts:
        if alert.name == "SiteDown" and (alert.site, alert.condition) not in true:
            yield f"{alert.site}: alert {alert.name} {alert.condition} at {_clock(alert.seen_ms)}, which never was"


def _wrong_accounts(evidence: Evidence) -> Iterator[str]:
    for account in evidence.accounts:
        if account.lost:
            yield f"{account.agent}: {account.lost} results lost"
        if account.twice:
            yield f"{account.agent}: {account.twice} results stored twice"
        if account.dropped:
            yield f"{account.agent}: {account.dropped} results dropped"
    if any(SCENARIOS[h.scenario].duplicates for h in evidence.happened) and not evidence.duplicates:
        yield "no result was pushed twice: the scenario of lost answers did not happen"


def render(report: Report) -> str:
    """Markdown."""
    return "\n".join(
        [
            *table(
                "site|scenario|true|measured|start|end|start error|end error|bars hold", map(_outage_row, report.pairs)
            ),
            *table(
                "site|invented|start|end",
                ([o.site, o.condition, _clock(o.start_ms), _clock(o.end_ms)] for o in report.invented),
            ),
            *table(
                "site|scenario|alert|in Alertmanager after|resolved delivered after",
                (
                    [a.site, a.scenario, a.alarm.name, _seconds(a.after_s), _seconds(a.resolved_after_s)]
                    for a in report.alarms
                ),
            ),
            *table(
                "agent|made|stored|twice|lost|dropped|still in the spool",
                (
                    [a.agent, *map(str, (a.made, a.stored, a.twice, a.lost, a.dropped, a.waiting))]
                    for a in report.accounts
                ),
            ),
            *(f"BROKEN  {line}" for line in report.broken),
            f"{len(report.broken)} limits broken" if report.broken else "all limits kept",
        ]
    )


def _outage_row(pair: Pair) -> list[str]:
    m = pair.measured
    return [
        pair.true.site,
        pair.true.scenario,
        pair.true.condition,
        m.condition if m else "not found",
        _clock(pair.true.start_ms),
        _clock(pair.true.end_ms),
        _seconds(pair.start_error_s, sign=True),
        _seconds(pair.end_error_s, sign=True),
        "yes" if pair.bars_hold else "no",
    ]


def table(head: str, rows: Iterable[list[str]]) -> list[str]:
    """A Markdown table with aligned columns; nothing when there are no rows."""
    table = [head.split("|"), *rows]
    if len(table) == 1:
        return []
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:], ""]


def _clock(at_ms: int | None) -> str:
    return "lasts" if at_ms is None else f"{utc(at_ms):%H:%M:%S.%f}"[:-5]


def _seconds(seconds: float | None, *, sign: bool = False) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:+.1f} s" if sign else f"{seconds:.1f} s"
