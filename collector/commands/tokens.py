"""`tokens`: who may push and read."""

from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace

from collector.acts import BadAct
from collector.commands.desk import OK, CannotRun, Desk, local, login_name, print_table
from collector.people import check_regency
from collector.registry import CODE, Site, Token, new_token
from shared.texts import Texts


def tokens_create(desk: Desk, options: Namespace) -> int:
    """Makes a token, prints its secret once, keeps its hash."""
    with desk.store() as store:
        kind = "read" if options.read else "operator" if options.operator else "agent"
        agent, site = options.agent or options.operator or "", options.site if kind == "agent" else ""
        if kind == "agent":
            _check_agent(agent, site, store.sites(), store.tokens(), desk.texts)
        elif kind == "operator" and not CODE.fullmatch(agent):
            raise CannotRun(desk.texts.say("tokens.bad_operator", name=agent))
        _check_regency(kind, options.regency, store.sites(), desk.texts)
        now_ms = desk.clock.wall_ms()
        token, secret = new_token(kind, agent, site, now_ms, options.regency)
        store.acts.put_token(token, by=login_name(), at_ms=now_ms)
    if options.quiet:
        print(secret, file=desk.terminal.out)
    elif kind == "operator":
        desk.say("tokens.operator_created", id=token.id, name=agent, secret=secret)
    elif kind == "read":
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


def _check_regency(kind: str, regency: str, sites: Iterable[Site], texts: Texts) -> None:
    """CannotRun unless a token of that kind may be one of `regency`."""
    if regency and kind == "agent":
        raise CannotRun(texts.say("tokens.no_regency"))
    try:
        check_regency(regency, sites)
    except BadAct as bad:
        raise CannotRun(texts.say(f"people.{bad.reason}", **bad.values)) from None


def tokens_list(desk: Desk, _options: Namespace) -> int:
    """Every token, also the revoked ones."""
    with desk.store() as store:
        tokens, agents = sorted(store.tokens(), key=lambda t: (t.created_at_ms, t.id)), store.agents()
    heard = {agent.name: agent.heard_at_ms for agent in agents}
    names = ("id", "kind", "agent", "site", "regency", "made", "revoked", "heard")
    header = [desk.texts.say(f"tokens.{name}") for name in names]
    rows = [
        [t.id, t.kind, t.agent, t.site, t.regency]
        + [local(at_ms, desk) for at_ms in (t.created_at_ms, t.revoked_at_ms, heard.get(t.agent))]
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
            now_ms = desk.clock.wall_ms()
            store.acts.put_token(replace(found, revoked_at_ms=now_ms), by=login_name(), at_ms=now_ms)
    desk.say("tokens.revoked_now", id=options.id)
    return OK
