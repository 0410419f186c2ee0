"""What people enter about outages, and the alerts about them: for the page of one, and of a mass outage."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web

from collector.acts import BadAct, CauseCode, GivenCause, check_text
from collector.condition import Outage
from collector.faces.followups_api import alerts_seen
from collector.faces.guard import Refused
from collector.faces.pages.followups import all_sites
from collector.faces.pages.forms import Form
from collector.faces.pages.outage_rows import key_of
from collector.faces.pages.outages import cases_of, mass_rules
from collector.faces.pages.shell import PageParts, Reader
from collector.faces.pages.view import View
from collector.figures import mass
from collector.figures.mass import Mass
from collector.figures.recap import Case
from collector.followups import Acknowledgement, acknowledged
from collector.registry import Site
from collector.store import SentAlert

ONE = r"/outages/{code}/{start_ms:\d{1,15}}"
"""The address of an outage: its site, and when it began or an instant in it."""
AROUND_MS = 3_600_000
"""So far around the beginning of an outage is looked for others of the same mass outage."""
WHOLE = 0, 1 << 62


def asked_for(request: web.Request) -> tuple[str, int]:
    """Site and instant."""
    return request.match_info["code"], int(request.match_info["start_ms"])


def find_case(parts: PageParts, reader: Reader, code: str, start_ms: int) -> Case:
    """The outage that lay there when the address was made: late results may have moved its beginning."""
    now = parts.site(reader, code)
    found = cases_of(parts, {code: now.site}, (start_ms, start_ms + 1), reader.view.now_ms, WHOLE)
    if not found:
        view = replace(reader.view, timezone=now.site.timezone)
        raise Refused(404, "no-outage", view.texts.say("outage.none", name=now.site.name, at=view.at(start_ms)))
    return found[0]


def mass_of(parts: PageParts, outage: Outage, around: Sequence[Outage], sites: Mapping[str, Site]) -> Mass | None:
    """The mass outage that `outage` is part of, if it is; `around` are those that began near it, too."""
    masses, _ = mass.fold(around, sites, mass_rules(parts))
    return next((one for one in masses if key_of(outage) in map(key_of, one.outages)), None)


def enter_causes(parts: PageParts, reader: Reader, chosen: Sequence[Case], form: Form) -> None:
    """One cause for all that were chosen, or mistakes in `form`. Of one that lasts it is said up to now."""
    now_ms = reader.view.now_ms
    code = form.one_of("cause", [*CauseCode], reader.view.texts)
    form.check(reader.view.texts, lambda: check_text("note", form.text("note")))
    if not form.good:
        return
    drafts = [
        GivenCause(
            id=0,
            site=case.site.code,
            start_ms=case.outage.start_ms,
            end_ms=now_ms if case.outage.end_ms is None else case.outage.end_ms,
            code=CauseCode(code),
            note=form.text("note"),
            by=reader.who.name,
            entered_ms=now_ms,
        )
        for case in chosen
    ]
    try:
        parts.store.acts.give_causes(drafts)
    except BadAct as bad:
        form.refused(bad, reader.view.texts)


def take_alert(parts: PageParts, reader: Reader, chosen: Sequence[Case], form: Form) -> None:
    """Whose name is on the form takes care of the alert that it names, or there is a mistake in `form`."""
    alert = {one.key: one for one in _firing(parts, reader, [case.site.code for case in chosen])}.get(form.value("key"))
    if alert is None:
        form.mistakes["key"] = reader.view.texts.say("outage.alert_over")
        return
    draft = Acknowledgement(
        id=0,
        key=alert.key,
        starts_at_ms=alert.starts_at_ms,
        note=form.text("seen_note"),
        by=reader.who.name,
        entered_ms=reader.view.now_ms,
    )
    try:
        parts.store.followups.acknowledge(draft)
    except BadAct as bad:
        form.mistakes["key"] = reader.view.texts.say(f"acts.{bad.reason}", **bad.values)


def alert_cards(parts: PageParts, reader: Reader, codes: Sequence[str], view: View) -> list[dict[str, Any]]:
    """Those that fire about the sites, and who takes care of them."""
    firing = _firing(parts, reader, codes)
    since = {alert.key: alert.starts_at_ms for alert in firing}
    noted = acknowledged(since, parts.store.followups.acknowledgements(min(since.values(), default=0)))
    return [
        {
            "key": alert.key,
            "of_many": "site" not in alert.labels,
            "said": alert.annotations.get("summary", alert.key),
            "noted": view.texts.say("outage.noted", by=noted[alert.key].by, at=view.at(noted[alert.key].entered_ms))
            if alert.key in noted
            else "",
            "note": noted[alert.key].note if alert.key in noted else "",
        }
        for alert in firing
    ]


def _firing(parts: PageParts, reader: Reader, codes: Sequence[str]) -> list[SentAlert]:
    """The alerts about these sites, and about mass outages that they are members of."""
    alerts, wanted = parts.alerts, {*codes}
    known = alerts_seen(alerts, reader.who, all_sites(parts))
    return [
        alert
        for key, alert in sorted(known.items())
        if alert.labels.get("site") in wanted or wanted.intersection(alerts.members(key))
    ]


def cause_choices(view: View) -> list[tuple[str, str]]:
    """The causes that may be given, in words."""
    return [(code.value, view.texts.say(f"cause.{code.value}")) for code in CauseCode]
