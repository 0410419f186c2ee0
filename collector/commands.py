"""What `kentongan-collector` does beside `run`. A command takes a Desk and its options and returns an exit code."""

import csv
import json
import sqlite3
import ssl
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from collector.alerts import CHANNELS
from collector.config import CollectorConfig
from collector.registry import CODE, Site, Token, new_token
from collector.site_import import COLUMNS, BadSheet, Fault, Plan, plan, read_sheet
from collector.sole import Taken, sole_owner
from collector.store import Store, open_store
from collector.upkeep import start_of_hour
from shared.clock import Clock, utc
from shared.settings import BadSettings
from shared.texts import Texts

OK, FOUND_A_PROBLEM, CANNOT_RUN = 0, 1, 2


class CannotRun(Exception):  # noqa: N818  it reads as what it is: `raise CannotRun(...)`
    """The command cannot do what it was asked; the text says why and what to do. Exit code 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where a command talks. `ask` puts a question and waits for yes or no; None when nobody is there to answer."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    ask: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every command works with."""

    config: CollectorConfig
    texts: Texts
    clock: Clock
    terminal: Terminal

    def say(self, name: str, /, **values: object) -> None:
        print(self.texts.say(name, **values), file=self.terminal.out, flush=True)

    def complain(self, name: str, /, **values: object) -> None:
        print(self.texts.say(name, **values), file=self.terminal.err)

    def store(self) -> "closing[Store]":
        return closing(open_store(self.config.store))


def check(desk: Desk, options: Namespace) -> int:
    """Says that the configuration is right (else nothing gets here) and what it means; touches nothing."""
    config = desk.config
    server_tls(config)
    channels = [name for name in CHANNELS if getattr(config.alerts, name) is not None]
    desk.say("collector.config_good", path=options.config or "collector.toml")
    desk.say(
        "collector.config_facts",
        listen=config.listen,
        store=config.store,
        reading=desk.texts.say("collector.reading_open" if config.open_to_read else "collector.reading_token"),
        channels=", ".join(channels) or desk.texts.say("collector.no_channels"),
    )
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


def sites_import(desk: Desk, options: Namespace) -> int:
    """Shows what FILE.csv would change, asks, changes it. Nothing is imported unless every row is right."""
    try:
        wanted = read_sheet(Path(options.file), desk.config.timezone)
    except BadSheet as bad:
        for fault in bad.faults:
            desk.complain("import.fault", where=_where(fault, desk.texts), why=_why(fault, desk.texts))
        desk.complain("import.refused", n=len(bad.faults), file=options.file)
        return CANNOT_RUN
    with desk.store() as store:
        planned = plan(store.sites(), wanted)
        _show(planned, desk)
        if not planned.writes or options.dry_run:
            return OK
        if not options.yes:
            if desk.terminal.ask is None:
                raise CannotRun(desk.texts.say("import.needs_yes"))
            if not desk.terminal.ask(desk.texts.say("import.ask")):
                desk.say("import.not_done")
                return FOUND_A_PROBLEM
        store.put_sites(planned.writes)
        desk.say("import.done", n=len(planned.writes))
    return OK


def _where(fault: Fault, texts: Texts) -> str:
    if not fault.row:
        return fault.value or texts.say("import.file")
    column = texts.say("import.column", column=fault.column) if fault.column else ""
    value = f" ({fault.value!r})" if fault.value else ""
    return texts.say("import.row", row=fault.row) + column + value


def _why(fault: Fault, texts: Texts) -> str:
    return texts.say(f"import.{fault.reason}", detail=fault.detail)


def _show(planned: Plan, desk: Desk) -> None:
    for site in planned.new:
        desk.say("import.new", code=site.code, name=site.name)
    for change in planned.changed:
        fields = ", ".join(f"{name}: {before or '–'} → {after or '–'}" for name, before, after in change.fields)
        desk.say("import.changed", code=change.after.code, name=change.after.name, fields=fields)
    desk.say(
        "import.sum",
        new=len(planned.new),
        changed=len(planned.changed),
        unchanged=len(planned.unchanged),
        staying=len(planned.staying),
    )


def sites_list(desk: Desk, options: Namespace) -> int:
    """The registered sites as a table, CSV (which `sites import` reads again) or JSON."""
    with desk.store() as store:
        sites = sorted(store.sites(), key=lambda site: site.code)
    rows = [{name: str(getattr(site, name)) for name in COLUMNS} for site in sites]
    if options.format == "csv":
        writer = csv.DictWriter(desk.terminal.out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif options.format == "json":
        print(json.dumps(rows, indent=2, ensure_ascii=False), file=desk.terminal.out)
    elif rows:
        shown = ("code", "name", "kind", "regency", "provider", "medium")
        print_table([shown, *([row[name] for name in shown] for row in rows)], desk.terminal.out)
    else:
        desk.say("sites.none")
    return OK


def tokens_create(desk: Desk, options: Namespace) -> int:
    """Makes a token, prints its secret once, keeps its hash."""
    with desk.store() as store:
        if not options.read:
            _check_agent(options.agent, options.site, store.sites(), store.tokens(), desk.texts)
        kind, agent, site = ("read", "", "") if options.read else ("agent", options.agent, options.site)
        token, secret = new_token(kind, agent, site, desk.clock.wall_ms())
        store.put_token(token)
    if options.quiet:
        print(secret, file=desk.terminal.out)
    elif options.read:
        desk.say("tokens.read_created", id=token.id, secret=secret)
    else:
        desk.say("tokens.created", id=token.id, agent=agent, site=site, secret=secret, url=desk.config.url)
    return OK


def _check_agent(agent: str, code: str, sites: Iterable[Site], tokens: Iterable[Token], texts: Texts) -> None:
    """CannotRun unless `agent` may be an agent of the site `code`."""
    if not CODE.fullmatch(agent):
        raise CannotRun(texts.say("tokens.bad_agent", agent=agent))
    if code not in {site.code for site in sites}:
        raise CannotRun(texts.say("tokens.no_site", site=code))
    elsewhere = [t for t in tokens if t.agent == agent and t.site != code and t.revoked_at_ms is None]
    if elsewhere:  # two machines under one name would be taken for one that lies about its clock
        raise CannotRun(texts.say("tokens.elsewhere", agent=agent, site=elsewhere[0].site, id=elsewhere[0].id))


def tokens_list(desk: Desk, _options: Namespace) -> int:
    """Every token, also the revoked ones."""
    with desk.store() as store:
        tokens, agents = sorted(store.tokens(), key=lambda t: (t.created_at_ms, t.id)), store.agents()
    heard = {agent.name: agent.heard_at_ms for agent in agents}
    header = [desk.texts.say(f"tokens.{name}") for name in ("id", "kind", "agent", "site", "made", "revoked", "heard")]
    rows = [
        [t.id, t.kind, t.agent, t.site]
        + [_local(at_ms, desk) for at_ms in (t.created_at_ms, t.revoked_at_ms, heard.get(t.agent))]
        for t in tokens
    ]
    print_table([header, *rows], desk.terminal.out)
    return OK


def tokens_revoke(desk: Desk, options: Namespace) -> int:
    """Ends a token; a running collector knows within seconds."""
    with desk.store() as store:
        found = next((token for token in store.tokens() if token.id == options.id), None)
        if found is None:
            raise CannotRun(desk.texts.say("tokens.unknown", id=options.id))
        if found.revoked_at_ms is None:
            store.put_token(replace(found, revoked_at_ms=desk.clock.wall_ms()))
    desk.say("tokens.revoked_now", id=options.id)
    return OK


def compact(desk: Desk, _options: Namespace) -> int:
    """Folds the log into hourly chunks, up to the present hour."""
    with alone(desk), desk.store() as store:
        rows = store.compact(before_ms=start_of_hour(desk.clock.wall_ms()))
        desk.say("compact.done", rows=rows, mib=f"{store.size_bytes() / 2**20:.1f}")
    return OK


@contextmanager
def alone(desk: Desk) -> Iterator[None]:
    """Nobody else works with the store while the block runs; CannotRun if somebody does."""
    try:
        with sole_owner(desk.config.store):
            yield
    except Taken:
        raise CannotRun(desk.texts.say("collector.store_taken", store=desk.config.store)) from None
    except sqlite3.Error as error:
        raise CannotRun(desk.texts.say("collector.no_store", error=error)) from None


def print_table(rows: Sequence[Sequence[str]], out: TextIO) -> None:
    """Left-aligned columns, two spaces between them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), file=out)


def _local(at_ms: int | None, desk: Desk) -> str:
    return f"{utc(at_ms).astimezone(ZoneInfo(desk.config.timezone)):%Y-%m-%d %H:%M %Z}" if at_ms else "–"
