"""`alerts`: what fires, who took note, and whether messages get through."""

import asyncio
import json
from argparse import Namespace
from collections.abc import Collection, Coroutine, Iterable, Mapping
from typing import Any

from collector.acts import BadAct
from collector.alerts import CHANNELS
from collector.alerts.channel import is_alert
from collector.alerts.telling.alertmanager import AlertmanagerSettings
from collector.alerts.telling.morning import morning_message
from collector.alerts.telling.morning_facts import morning_facts
from collector.alerts.telling.receiver_settings import AppriseSettings, ReceiverSettings
from collector.alerts.telling.routes import Route
from collector.alerts.telling.trial import try_alertmanager, try_receiver
from collector.commands.desk import FOUND_A_PROBLEM, OK, CannotRun, Desk, local, login_name, print_table
from collector.followups import Acknowledgement, acknowledged
from collector.registry import Site
from collector.store import SentAlert, Store
from shared.clock import rfc3339
from shared.texts import Texts

Outcomes = Coroutine[Any, Any, list[str]]
"""A trial; gives of each address why it failed, "" if it did not."""


def alerts_list(desk: Desk, options: Namespace) -> int:
    """What fires now, the oldest first, and who took note of it."""
    with desk.store() as store:
        firing = _firing(store)
        noted = _noted(store, firing)
    alerts = sorted(firing.values(), key=lambda alert: (alert.starts_at_ms, alert.key))
    if options.format == "json":
        told = [_as_json(alert, noted.get(alert.key)) for alert in alerts]
        print(json.dumps(told, indent=2, ensure_ascii=False), file=desk.terminal.out)
    elif not alerts:
        desk.say("alerts.none")
    else:
        header = [desk.texts.say(f"alerts.{name}") for name in ("key", "severity", "since", "noted", "summary")]
        rows = [_row(alert, noted.get(alert.key), desk) for alert in alerts]
        print_table([header, *rows], desk.terminal.out)
    return OK


def alerts_ack(desk: Desk, options: Namespace) -> int:
    """Enters who took note of an alert that fires: no reminder and no escalation of it any more."""
    by, now_ms = options.by or login_name(), desk.clock.wall_ms()
    with desk.store() as store:
        firing = _firing(store)
        alert = firing.get(options.key)
        if alert is None:
            desk.complain("alerts.not_firing", key=options.key)
            return FOUND_A_PROBLEM
        if before := _noted(store, firing).get(alert.key):
            desk.complain("alerts.noted_before", by=before.by, at=local(before.entered_ms, desk))
            return FOUND_A_PROBLEM
        draft = Acknowledgement(
            id=0, key=alert.key, starts_at_ms=alert.starts_at_ms, note=options.note, by=by, entered_ms=now_ms
        )
        try:
            store.followups.acknowledge(draft)
        except BadAct as bad:
            raise CannotRun(desk.texts.say(f"acts.{bad.reason}", **bad.values)) from None
    desk.say("alerts.noted_now", key=alert.key, by=by)
    return OK


def alerts_test(desk: Desk, options: Namespace) -> int:
    """Sends a sample by every channel, or one of them. Touches no store: the collector may run."""
    channels = _channels(desk)
    return _tell_outcomes(
        desk, {name: _trial(channels[name], desk) for name in _chosen(desk, options.receiver, channels)}
    )


def alerts_digest(desk: Desk, options: Namespace) -> int:
    """Prints today's morning digest, the whole province's or a receiver's; sends it only if it is told to."""
    config, now_ms = desk.config, desk.clock.wall_ms()
    with desk.store() as store:
        facts = morning_facts(store, config.timezone, config.external_url, now_ms)
        simulated = store.marks.simulated
    receivers = {receiver.name: receiver for receiver in config.alerts.receivers}
    if not options.send:
        names = _chosen(desk, options.receiver, receivers) if options.receiver else []
        route = receivers[names[0]].rules(config.timezone).route if names else Route()
        print("\n".join(morning_message(facts, route, len(facts.sites), desk.texts)), file=desk.terminal.out)
        return OK
    if simulated:
        raise CannotRun(desk.texts.say("alerts.simulated"))
    wanting = [name for name, receiver in receivers.items() if receiver.digest_at]
    names = _chosen(desk, options.receiver, receivers) if options.receiver else wanting
    if not names:
        raise CannotRun(desk.texts.say("alerts.no_digest"))
    said = {name: morning_message(facts, *_asked(receivers[name], desk)) for name in names}
    return _tell_outcomes(desk, {name: try_receiver(receivers[name], *said[name]) for name in names})


def tell_unknown_places(sites: Iterable[Site], desk: Desk) -> None:
    """Says which regencies and providers receivers name that no site has: a slip of the pen, and nobody is told."""
    known = list(sites)
    regencies, providers = {site.regency for site in known}, {site.provider for site in known}
    for receiver in desk.config.alerts.receivers if known else ():
        for value in sorted({*receiver.regencies} - regencies | {*receiver.providers} - providers):
            desk.complain("alerts.unknown_place", name=receiver.name, value=value)


def _asked(receiver: ReceiverSettings, desk: Desk) -> tuple[Route, int, Texts]:
    texts = Texts(receiver.language) if receiver.language else desk.texts
    return receiver.rules(desk.config.timezone).route, receiver.max_lines, texts


def _firing(store: Store) -> dict[str, SentAlert]:
    return {alert.key: alert for alert in store.sent_alerts() if is_alert(alert) and alert.ends_at_ms is None}


def _noted(store: Store, firing: Mapping[str, SentAlert]) -> dict[str, Acknowledgement]:
    since_ms = min((alert.starts_at_ms for alert in firing.values()), default=0)
    began = {key: alert.starts_at_ms for key, alert in firing.items()}
    return acknowledged(began, store.followups.acknowledgements(since_ms))


def _row(alert: SentAlert, noted: Acknowledgement | None, desk: Desk) -> list[str]:
    by = desk.texts.say("alerts.noted_by", by=noted.by, at=local(noted.entered_ms, desk)) if noted else "–"
    severity = alert.labels.get("severity", "–")
    return [alert.key, severity, local(alert.starts_at_ms, desk), by, alert.annotations.get("summary", "")]


def _as_json(alert: SentAlert, noted: Acknowledgement | None) -> dict[str, object]:
    taken = {"by": noted.by, "at": rfc3339(noted.entered_ms), "note": noted.note} if noted else None
    return {
        "key": alert.key,
        "since": rfc3339(alert.starts_at_ms),
        "labels": alert.labels,
        "annotations": alert.annotations,
        "acknowledged": taken,
    }


def _channels(desk: Desk) -> dict[str, AlertmanagerSettings | AppriseSettings]:
    """The settings of every channel, by name."""
    alerts = desk.config.alerts
    tables = {name: getattr(alerts, name) for name in CHANNELS} | {one.name: one for one in alerts.receivers}
    return {name: settings for name, settings in tables.items() if settings is not None}


def _chosen(desk: Desk, asked: str | None, names: Collection[str]) -> list[str]:
    """The names of `names` that are meant; CannotRun if there is none, or none of that name."""
    if not names:
        raise CannotRun(desk.texts.say("alerts.no_receivers"))
    if asked and asked not in names:
        raise CannotRun(desk.texts.say("alerts.no_receiver", name=asked, known=", ".join(names)))
    return [asked] if asked else [*names]


def _trial(settings: AlertmanagerSettings | AppriseSettings, desk: Desk) -> Outcomes:
    title, body = desk.texts.say("alerts.test_title"), desk.texts.say("alerts.test_body")
    if isinstance(settings, AppriseSettings):
        return try_receiver(settings, title, body)
    return try_alertmanager(settings, title, body, desk.clock, desk.config.external_url)


def _tell_outcomes(desk: Desk, trials: Mapping[str, Outcomes]) -> int:
    """Runs each in turn and says of every address by its number what became of it: the address itself is a secret."""
    failed = 0
    for name, trial in trials.items():
        for number, fault in enumerate(asyncio.run(trial), 1):
            failed += bool(fault)
            if fault:
                desk.complain("alerts.failed", name=name, number=number, why=_why(fault, desk))
            else:
                desk.say("alerts.sent", name=name, number=number)
    return FOUND_A_PROBLEM if failed else OK


def _why(fault: str, desk: Desk) -> str:
    if fault.isdecimal():
        return desk.texts.say("alerts.why_status", status=fault)
    return desk.texts.say(f"alerts.why_{fault}")
