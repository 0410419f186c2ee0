"""`check`: says that the configuration is right, and what it means."""

import ssl
from argparse import Namespace
from pathlib import Path

from collector.accounting.calendar_files import load_calendars
from collector.alerts import CHANNELS
from collector.commands.alerts import tell_unknown_places
from collector.commands.desk import OK, Desk
from collector.commands.sites import tell_unknown_calendars
from collector.config import SQLITE, CollectorConfig
from collector.faces.oidc import check_oidc
from shared.settings import BadSettings


def check(desk: Desk, options: Namespace) -> int:
    """Says that the configuration is right (else nothing gets here) and what it means. Touches nothing; of a store
    that is there it looks whether the calendars of its sites are known."""
    config = desk.config
    server_tls(config)
    check_oidc(config.people.oidc)
    calendars = load_calendars(config.calendars, config.default_calendar)
    channels = [name for name in CHANNELS if getattr(config.alerts, name) is not None]
    channels += [receiver.name for receiver in config.alerts.receivers]
    desk.say("collector.config_good", path=options.config or "collector.toml")
    desk.say(
        "collector.config_facts",
        listen=config.listen,
        store=config.store,
        reading=desk.texts.say("collector.reading_open" if config.open_to_read else "collector.reading_token"),
        channels=", ".join(channels) or desk.texts.say("collector.no_channels"),
    )
    if config.calendars:
        desk.say("collector.calendars", names=", ".join(calendars))
    if Path(config.store.removeprefix(SQLITE)).exists():
        with desk.store() as store:
            tell_unknown_calendars(store.sites(), desk)
            tell_unknown_places(store.sites(), desk)
    return OK


def server_tls(config: CollectorConfig) -> ssl.SSLContext | None:
    """The TLS context of the server; None without [tls]. Raises BadSettings."""
    if config.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.tls.cert, config.tls.key)
    except (OSError, ssl.SSLError) as error:
        raise BadSettings([f"tls: {config.tls.cert} and {config.tls.key} cannot be used: {error}"]) from None
    return context
