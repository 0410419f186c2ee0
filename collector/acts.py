"""Pure: what people say about the account: exclusions, causes of outages, and the audit log of it all; and what of it
is refused.

    BadAct    what was said cannot be; only saying something else helps
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from collector.accounting.days import ends_ms
from collector.registry import Site

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MAX_SPAN_MS = 10 * 366 * 86_400_000
NOBODY_MEANS_MS = 32_503_680_000_000
"""The year 3000."""
"""An exclusion that is longer is a slip of the keyboard."""
MAX_NAME = 80
MAX_TEXT = 2_000


class BadAct(Exception):  # noqa: N818  it reads as what it is: `raise BadAct(...)`
    """What a person said cannot be. `reason` names a sentence of the catalogue under `acts.`, `values` is what it
    quotes. Asking again helps only with something else."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason, values)
        self.reason, self.values = reason, values


class ExclusionKind(StrEnum):
    """Why a span is taken out of the account."""

    MAINTENANCE = "maintenance"
    FORCE_MAJEURE = "force_majeure"


class CauseCode(StrEnum):
    """Causes as people give them (DOMAIN: what goes wrong there)."""

    LISTRIK = "listrik"
    PERANGKAT_LOKAL = "perangkat_lokal"
    PENYEDIA = "penyedia"
    ADMINISTRASI = "administrasi"
    PEMELIHARAAN = "pemeliharaan"
    TIDAK_DIKETAHUI = "tidak_diketahui"


SCOPES = ("site", "opd", "regency", "provider", "all")
"""What an exclusion may cover; `of` names the one (empty for `all`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A span taken out of the account. Never deleted, only withdrawn: then `withdrawn_ms` is when."""

    id: int
    scope: str
    of: str
    from_ms: int
    to_ms: int
    kind: ExclusionKind
    why: str
    by: str
    entered_ms: int
    withdrawn_ms: int | None = None
    withdrawn_by: str = ""
    withdrawn_why: str = ""

    def touches(self, site: Site) -> bool:
        """Whether it is about `site`."""
        return concerns(self.scope, self.of, site)

    def takes_out(self, site: Site) -> bool:
        """Whether it takes time of `site` out of the account: not where that was closed before."""
        return self.touches(site) and self.from_ms < ends_ms(site)

    @property
    def late(self) -> bool:
        """Entered after it had begun: counted as an exclusion, and marked as such."""
        return self.entered_ms > self.from_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCause:
    """What a person says an outage came from. The newest of an outage counts; none is ever deleted."""

    id: int
    site: str
    start_ms: int
    """When the outage began, as the ledger said then; it is matched to the outage that lies there now."""
    end_ms: int
    code: CauseCode
    note: str
    by: str
    entered_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One human act. `digest` is over the entry and the digest before it: a log that was changed does not add up."""

    id: int
    at_ms: int
    by: str
    act: str
    subject: str
    detail: str
    """JSON."""
    digest: str


def cause_of(start_ms: int, end_ms: int, given: Iterable[GivenCause]) -> GivenCause | None:
    """What was said of the outage [start_ms, end_ms), as it lies now; `given` are all causes of its site. The newest
    that touches it: late results may have moved its ends, joined it with another or cut it in two."""
    touching = (one for one in given if one.start_ms < end_ms and one.end_ms > start_ms)
    return max(touching, key=lambda one: one.id, default=None)


def value_of(site: Site, scope: str) -> str:
    """What of `site` an exclusion of that scope names."""
    return str(getattr(site, "code" if scope == "site" else scope))


def check_instants(**at_ms: int) -> None:
    """BadAct if one of them is no time that anybody means: what is entered is shown for ever, and calendars end."""
    for name, instant_ms in at_ms.items():
        if not 0 <= instant_ms < NOBODY_MEANS_MS:
            raise BadAct("no_such_time", name=name)


def concerns(scope: str, of: str, site: Site) -> bool:
    """Whether `site` is among those that `scope` and `of` name."""
    return scope == "all" or value_of(site, scope) == of


def check_exclusion(draft: Exclusion, sites: Iterable[Site]) -> None:
    """BadAct unless `draft` can stand: `sites` are all there are."""
    check_texts(by=draft.by, why=draft.why)
    check_scope(draft.scope, draft.of, sites)
    check_span(draft.from_ms, draft.to_ms)


def check_span(from_ms: int, to_ms: int) -> None:
    """BadAct unless an exclusion may last from `from_ms` to `to_ms`."""
    check_instants(**{"from": from_ms, "to": to_ms})
    if from_ms >= to_ms:
        raise BadAct("to_before_from")
    if to_ms - from_ms > MAX_SPAN_MS:
        raise BadAct("too_long")


def check_scope(scope: str, of: str, sites: Iterable[Site]) -> None:
    """BadAct unless `scope` and `of` name something; `sites` are all there are."""
    if scope not in SCOPES:
        raise BadAct("unknown_scope", scope=scope, known=", ".join(SCOPES))
    if scope == "all":
        if of:
            raise BadAct("all_of", of=of)
    else:
        _check_known(scope, of, {value_of(site, scope) for site in sites} - {""})


def check_withdrawal(found: Exclusion | None, number: int, by: str, why: str) -> None:
    """BadAct unless the exclusion `found` under `number` can be withdrawn."""
    check_texts(by=by, why=why)
    if found is None:
        raise BadAct("unknown_exclusion", id=number)
    if found.withdrawn_ms is not None:
        raise BadAct("withdrawn_already", id=number, by=found.withdrawn_by)


def check_cause(draft: GivenCause, sites: Iterable[Site]) -> None:
    """BadAct unless `draft` can stand: an outage that is over or goes on, at a site there is."""
    check_texts(by=draft.by)
    check_text("note", draft.note)
    _check_known("site", draft.site, {site.code for site in sites})
    check_instants(start=draft.start_ms, end=draft.end_ms)
    if draft.start_ms >= draft.end_ms:
        raise BadAct("to_before_from")
    if draft.end_ms > draft.entered_ms:
        raise BadAct("future_cause")


def check_texts(*, by: str, why: str | None = None) -> None:
    """BadAct unless both can stand in the audit log; `why` None: nobody asks for a reason."""
    if not by.strip() or not by.isprintable() or len(by) > MAX_NAME:
        raise BadAct("bad_by", most=MAX_NAME)
    if why is not None and not why.strip():
        raise BadAct("empty_why")
    check_text("why", why or "")


def check_text(name: str, text: str) -> None:
    """BadAct if `text` is too long, or could do something to whoever reads it."""
    if len(text) > MAX_TEXT:
        raise BadAct("text_too_long", name=name, most=MAX_TEXT)
    if not all(character.isprintable() or character in "\n\t" for character in text):
        raise BadAct("bad_text", name=name)  # it would move the cursor of whoever lists it


def _check_known(scope: str, of: str, known: set[str]) -> None:
    if of not in known:
        close = get_close_matches(of, sorted(known), n=1)
        raise BadAct(f"unknown_{scope}_of" if close else f"unknown_{scope}", of=of, close=close[0] if close else "")


def detail_of(record: "DataclassInstance", *names: str) -> str:
    """`record` as the audit log quotes it: the fields `names`, or all of them, as canonical JSON."""
    known = asdict(record)
    return canonical({name: known[name] for name in names or known})


def canonical(known: Mapping[str, Any]) -> str:
    """JSON with one way to write a thing: the same content gives the same text."""
    return json.dumps(known, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(before: str, entry: AuditEntry) -> str:
    """SHA-256 over the digest of the entry before ("" for the first) and everything in `entry` but its own."""
    content = {field.name: getattr(entry, field.name) for field in fields(entry) if field.name != "digest"}
    return hashlib.sha256((before + canonical(content)).encode()).hexdigest()
