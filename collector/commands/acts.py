"""`exclusions`, `causes`, `audit`: what people say about the account. Nothing of it is ever deleted."""

import csv
import json
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import TypeVar

from collector.acts import (
    SCOPES,
    AuditEntry,
    BadAct,
    CauseCode,
    Exclusion,
    ExclusionKind,
    GivenCause,
    check_cause,
    check_exclusion,
)
from collector.alerts.deciding.words import duration
from collector.commands.desk import (
    FOUND_A_PROBLEM,
    OK,
    CannotRun,
    Desk,
    instant,
    local,
    login_name,
    must_be_there,
    print_table,
)
from collector.registry import Site
from collector.store import Store
from shared.clock import rfc3339

T = TypeVar("T")

SHOWN_SITES = 10
"""So many sites of an exclusion are named, the rest are counted."""


def exclusions_add(desk: Desk, options: Namespace) -> int:
    """Shows what would be excluded, asks, enters it."""
    scope = next(scope for scope in SCOPES if getattr(options, scope))
    of = "" if scope == "all" else getattr(options, scope)
    with desk.store() as store:
        sites = store.sites()
        timezone = next((s.timezone for s in sites if scope == "site" and s.code == of), desk.config.timezone)
        draft = Exclusion(
            id=0,
            scope=scope,
            of=of,
            from_ms=instant(options.begin, timezone, desk),
            to_ms=instant(options.end, timezone, desk),
            kind=ExclusionKind(options.kind),
            why=options.why,
            by=options.by or login_name(),
            entered_ms=desk.clock.wall_ms(),
        )
        _told(desk, lambda: check_exclusion(draft, sites))
        _show_exclusion(desk, draft, [site for site in sites if draft.takes_out(site)])
        if not _agreed(desk, options):
            return FOUND_A_PROBLEM
        added = _told(desk, lambda: store.acts.add_exclusion(draft))
    desk.say("exclusions.added", id=added.id)
    return OK


def _show_exclusion(desk: Desk, draft: Exclusion, touched: Sequence[Site]) -> None:
    names = ", ".join(f"{site.name} ({site.code})" for site in touched[:SHOWN_SITES])
    desk.say("exclusions.touches", n=len(touched), names=names + (", …" if len(touched) > SHOWN_SITES else ""))
    desk.say(
        "exclusions.period",
        start=local(draft.from_ms, desk),
        end=local(draft.to_ms, desk),
        lasted=duration(draft.to_ms - draft.from_ms, desk.texts),
    )
    desk.say(f"exclusions.{_standing(draft)}_means")


def _standing(exclusion: Exclusion) -> str:
    """How it counts: planned, late, force_majeure, or withdrawn."""
    if exclusion.withdrawn_ms is not None:
        return "withdrawn"
    if exclusion.kind is ExclusionKind.FORCE_MAJEURE:
        return "force_majeure"
    return "late" if exclusion.late else "planned"


def exclusions_list(desk: Desk, options: Namespace) -> int:
    """All that were ever entered, also those that were withdrawn."""
    with desk.store() as store:
        exclusions = store.acts.exclusions()
    rows = [
        (str(e.id), e.scope, e.of or "–", local(e.from_ms, desk), local(e.to_ms, desk), *_entered(desk, e))
        for e in exclusions
    ]
    header = ("id", "scope", "of", "start", "end", "counts", "by", "entered", "why")
    _print(desk, options, _records(exclusions, Exclusion), [f"acts.head.{name}" for name in header], rows)
    return OK


def _entered(desk: Desk, exclusion: Exclusion) -> tuple[str, ...]:
    counts = desk.texts.say(f"exclusions.{_standing(exclusion)}")
    return counts, exclusion.by, local(exclusion.entered_ms, desk), _in_one_line(exclusion.why)


def exclusions_withdraw(desk: Desk, options: Namespace) -> int:
    """Shows the exclusion, asks, withdraws it: it stands in the list, and counts no more."""
    with desk.store() as store:
        sites = store.sites()
        for found in (e for e in store.acts.exclusions() if e.id == options.id and e.withdrawn_ms is None):
            _show_exclusion(desk, found, [site for site in sites if found.takes_out(site)])
            if not _agreed(desk, options):
                return FOUND_A_PROBLEM
        by, now_ms = options.by or login_name(), desk.clock.wall_ms()
        _told(desk, lambda: store.acts.withdraw(options.id, by=by, why=options.why, at_ms=now_ms))
    desk.say("exclusions.withdrawn_now", id=options.id)
    return OK


def causes_set(desk: Desk, options: Namespace) -> int:
    """Gives an outage a cause: the one that lies at --at, or the span from --from to --to."""
    with desk.store() as store:
        site = next((site for site in store.sites() if site.code == options.site), None)
        if site is None:
            raise CannotRun(desk.texts.say("acts.unknown_site", of=options.site))
        start_ms, end_ms = _span(desk, options, store, site)
        draft = GivenCause(
            id=0,
            site=site.code,
            start_ms=start_ms,
            end_ms=end_ms,
            code=CauseCode(options.cause),
            note=options.note,
            by=options.by or login_name(),
            entered_ms=desk.clock.wall_ms(),
        )
        _told(desk, lambda: check_cause(draft, [site]))
        span = {"start": local(start_ms, desk), "end": local(end_ms, desk)}
        desk.say("causes.of", name=site.name, code=site.code, **span, cause=_word(desk, draft.code))
        if not _agreed(desk, options):
            return FOUND_A_PROBLEM
        given = _told(desk, lambda: store.acts.give_cause(draft))
    desk.say("causes.given", id=given.id)
    return OK


def _span(desk: Desk, options: Namespace, store: Store, site: Site) -> tuple[int, int]:
    """The outage that is meant; one that lasts still ends now."""
    if options.at is None:
        if not (options.begin and options.end):
            raise CannotRun(desk.texts.say("causes.which"))
        return instant(options.begin, site.timezone, desk), instant(options.end, site.timezone, desk)
    at_ms, now_ms = instant(options.at, site.timezone, desk), desk.clock.wall_ms()
    for outage in store.outages([site.code], at_ms, at_ms + 1, now_ms):
        return outage.start_ms, outage.end_ms or now_ms
    raise CannotRun(desk.texts.say("causes.no_outage", name=site.name, at=local(at_ms, desk)))


def _word(desk: Desk, code: CauseCode) -> str:
    return desk.texts.say(f"cause.{code.value}")


def causes_list(desk: Desk, options: Namespace) -> int:
    """All that were ever given; the newest of an outage counts."""
    with desk.store() as store:
        causes = store.acts.given_causes(options.site or "")
    rows = [(str(c.id), c.site, local(c.start_ms, desk), local(c.end_ms, desk), *_given(desk, c)) for c in causes]
    header = ("id", "site", "start", "end", "cause", "by", "entered", "note")
    _print(desk, options, _records(causes, GivenCause), [f"acts.head.{name}" for name in header], rows)
    return OK


def _given(desk: Desk, cause: GivenCause) -> tuple[str, ...]:
    return _word(desk, cause.code), cause.by, local(cause.entered_ms, desk), _in_one_line(cause.note) or "–"


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def audit_list(desk: Desk, options: Namespace) -> int:
    """The log of all human acts, by number."""
    with desk.store() as store:
        entries = store.acts.audit_log(options.after, options.limit)
    rows = [[str(e.id), local(e.at_ms, desk), e.by, e.act, e.subject, e.detail] for e in entries]
    header = ("id", "at", "by", "act", "subject", "detail")
    _print(desk, options, _records(entries, AuditEntry), [f"acts.head.{name}" for name in header], rows)
    return OK


def audit_verify(desk: Desk, _options: Namespace) -> int:
    """Whether the log adds up, and the tables say what it says. Prints its last digest, to be kept elsewhere."""
    must_be_there(desk)
    with desk.store() as store:
        faults, last = store.acts.faults(), store.acts.version()
        entries = store.acts.audit_log(last - 1, 1)
    for fault in faults:
        desk.say("audit.fault", fault=fault)
    if faults:
        desk.say("audit.broken", n=len(faults))
        return FOUND_A_PROBLEM
    desk.say("audit.whole", n=last, digest=entries[0].digest if entries else "–")
    return OK


def _told(desk: Desk, act: Callable[[], T]) -> T:
    """What `act` returns; CannotRun in words if it is refused."""
    try:
        return act()
    except BadAct as bad:
        raise CannotRun(desk.texts.say(f"acts.{bad.reason}", **bad.values)) from None


def _agreed(desk: Desk, options: Namespace) -> bool:
    if options.yes:
        return True
    if desk.terminal.ask is None:
        raise CannotRun(desk.texts.say("acts.needs_yes"))
    if desk.terminal.ask(desk.texts.say("acts.ask")):
        return True
    desk.say("import.not_done")
    return False


def _records(records: Sequence[object], kind: type) -> list[dict[str, object]]:
    """As CSV and JSON tell them: times as RFC 3339, named without their unit."""
    names = [field.name for field in fields(kind)]
    told = []
    for record in records:
        known = asdict(record)  # type: ignore[call-overload]  # `kind` is a dataclass
        told.append({name.removesuffix("_ms"): _plain(name, known[name]) for name in names})
    return told


def _plain(name: str, value: object) -> object:
    return rfc3339(value) if name.endswith("_ms") and isinstance(value, int) else value


def _print(
    desk: Desk,
    options: Namespace,
    records: Sequence[Mapping[str, object]],
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> None:
    """`records` as CSV or JSON, or `rows` as a table under the sentences `header`."""
    out = desk.terminal.out
    if options.format == "json":
        print(json.dumps(records, indent=2, ensure_ascii=False), file=out)
    elif options.format == "table":
        print_table([[desk.texts.say(name) for name in header], *rows], out)
    elif records:
        writer = csv.DictWriter(out, [*records[0]], lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
