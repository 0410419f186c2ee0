"""The chain of links and the log of human acts, as far as who asks may know them: of the rest the digests, so that
both can be checked all the same."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from collector.accounting.calendars import Span
from collector.accounting.proof import BEFORE_FIRST, Link
from collector.acts import AuditEntry, canonical, concerns
from collector.registry import Site
from collector.reports.source import Source

PRIVATE = frozenset({"contact", "phone", "password", "secret", "hash", "token"})
"""An entry that names one of these is told by its digest."""
PORTION = 1_000


def links(source: Source, span: Span, length: int) -> Iterator[str]:
    """Lines of JSON, from the first link that the pack needs on to number `length`; the first says what it follows.
    Where it needs none, the last link by itself: it shows the head."""
    codes = {site.code for site in source.registered}
    needed = [one.n for site in source.registered for one in source.store.chain.of(site.code, *span)]
    if not length:
        return
    at = min(needed, default=length) - 1
    before = source.store.chain.links(at - 1, 1)[0].link if at else BEFORE_FIRST.hex()
    extra = {"after": before}
    while at < length:
        for one in source.store.chain.links(at, min(PORTION, length - at)):
            yield canonical({**_link(one, one.of.site in codes), **extra})
            extra, at = {}, one.n


def _link(one: Link, known: bool) -> dict[str, Any]:
    told = {"content": one.content} if known else {"digest": one.content_digest.hex()}
    return {"n": one.n, "link": one.link, **told}


def acts(source: Source) -> Iterator[str]:
    """The log of human acts: whole for who sees all sites, else what concerns the scope."""
    whole = {site.code for site in source.store.sites()} <= {site.code for site in source.wanted.sites}
    excluded = {one.id: (one.scope, one.of) for one in source.store.acts.exclusions()}
    followed = {str(one.followup.id) for one in source.matters}
    last = 0
    while entries := source.store.acts.audit_log(last):
        for entry in entries:
            told = {name: value for name, value in asdict(entry).items() if name != "digest"}
            shown = (whole or _is_about(entry, excluded, followed, source.registered)) and not _is_private(entry)
            yield canonical({"id": entry.id, "digest": entry.digest, **({"entry": told} if shown else {})})
        last = entries[-1].id


def _is_about(entry: AuditEntry, excluded: dict[int, tuple[str, str]], followed: set[str], sites: list[Site]) -> bool:
    if entry.act.startswith("followup."):
        return entry.subject in followed
    if entry.act.startswith("exclusion."):
        scope, of = excluded.get(int(entry.subject), ("site", ""))
        return any(concerns(scope, of, site) for site in sites)
    return entry.act == "cause.give" and entry.subject in {site.code for site in sites}


def _is_private(entry: AuditEntry) -> bool:
    return bool(PRIVATE & {*words_of(json.loads(entry.detail))})


def words_of(told: Any) -> Iterator[str]:
    """Every key and text in it."""
    if isinstance(told, dict):
        for key, value in told.items():
            yield key
            yield from words_of(value)
    elif isinstance(told, list):
        for value in told:
            yield from words_of(value)
    elif isinstance(told, str):
        yield told
