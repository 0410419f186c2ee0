"""/api/v1/exclusions, /causes, /audit: what people said, and saying it.

Who may read reads what touches a site of theirs. Writing needs an operator, also on loopback, for an act is entered in
somebody's name; and all that it touches must be theirs to change.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web

from collector.acts import AuditEntry, BadAct, CauseCode, Exclusion, ExclusionKind, GivenCause
from collector.faces.answers import Time, time_or_none
from collector.faces.api import whole_number
from collector.faces.guard import Refused, needs, of_all, who_of
from collector.people import Role, Who
from collector.registry import Site
from collector.store import Store
from shared.clock import Clock, utc
from shared.texts import Texts

MAX_ACT_BYTES = 64 << 10
MAX_ENTRIES = 1_000
STATUS = {"unknown_exclusion": HTTPStatus.NOT_FOUND, "withdrawn_already": HTTPStatus.CONFLICT}
"""Of the reasons that are not simply a bad request."""

ZonedTime = Annotated[Time, msgspec.Meta(tz=True, description="RFC 3339 with its offset")]
S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")


class NewExclusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A span to take out of the account. `of` names the site, OPD, regency or provider; empty for scope `all`."""

    scope: str
    of: str = ""
    from_: ZonedTime = msgspec.field(name="from")
    to: ZonedTime
    kind: ExclusionKind
    why: str


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an exclusion is to count no more."""

    why: str


class NewCause(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an outage came from. `start` and `end` as the outage was told; one that lasts still ends now."""

    site: str
    start: ZonedTime
    end: ZonedTime
    cause: CauseCode
    note: str = ""


class ExclusionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A span taken out of the account. `late`: entered after it had begun. `withdrawn` null: it counts."""

    id: int
    scope: str
    of: str
    from_: Time = msgspec.field(name="from")
    to: Time
    kind: str
    why: str
    by: str
    entered: Time
    late: bool
    withdrawn: Time | None
    withdrawn_by: str
    withdrawn_why: str


class ExclusionsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All that were ever entered, by id."""

    exclusions: list[ExclusionAnswer]


class CauseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says an outage came from; the newest of an outage counts."""

    id: int
    site: str
    start: Time
    end: Time
    cause: str
    note: str
    by: str
    entered: Time


class CausesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All that were ever given, by id."""

    causes: list[CauseAnswer]


class AuditAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A human act. `detail` is JSON as text; `digest` covers it and the digest before."""

    id: int
    at: Time
    by: str
    act: str
    subject: str
    detail: str
    digest: str


class AuditLogAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Human acts by id. Ask again with `after=next` until `next` is null."""

    entries: list[AuditAnswer]
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActsApi:
    """The handlers and what they need."""

    store: Store
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/exclusions", self.exclusions),
            web.post("/api/v1/exclusions", self.add_exclusion),
            web.post("/api/v1/exclusions/{id}/withdraw", self.withdraw),
            web.get("/api/v1/causes", self.causes),
            web.post("/api/v1/causes", self.give_cause),
            web.get("/api/v1/audit", self.audit),
        ]

    async def exclusions(self, request: web.Request) -> web.Response:
        found = await asyncio.to_thread(self._exclusions_of, who_of(request))
        return as_json(ExclusionsAnswer(exclusions=[exclusion_answer(exclusion) for exclusion in found]))

    async def add_exclusion(self, request: web.Request) -> web.Response:
        operator = needs(request, Role.OPERATOR)
        body = await body_of(request, NewExclusion)
        await self._theirs(operator, body.scope, body.of)
        draft = Exclusion(
            id=0,
            scope=body.scope,
            of=body.of,
            from_ms=ms_of(body.from_),
            to_ms=ms_of(body.to),
            kind=body.kind,
            why=body.why,
            by=operator.name,
            entered_ms=self.clock.wall_ms(),
        )
        return as_json(exclusion_answer(await entered(lambda: self.store.acts.add_exclusion(draft))))

    async def withdraw(self, request: web.Request) -> web.Response:
        operator = needs(request, Role.OPERATOR)
        body = await body_of(request, Withdrawal)
        known = await asyncio.to_thread(self._exclusions_of, operator)
        found = next((one for one in known if str(one.id) == request.match_info["id"]), None)
        if found is None:
            raise Refused(404, "unknown-exclusion", f"there is no exclusion {request.match_info['id']!r}")
        await self._theirs(operator, found.scope, found.of)
        number, now_ms, act = found.id, self.clock.wall_ms(), self.store.acts.withdraw
        return as_json(
            exclusion_answer(await entered(lambda: act(number, by=operator.name, why=body.why, at_ms=now_ms)))
        )

    async def causes(self, request: web.Request) -> web.Response:
        who, site = who_of(request), request.query.get("site", "")

        def find() -> list[GivenCause]:
            theirs = {one.code for one in self._sites_of(who)}
            return [one for one in self.store.acts.given_causes(site) if not who.regency or one.site in theirs]

        return as_json(CausesAnswer(causes=[cause_answer(cause) for cause in await asyncio.to_thread(find)]))

    async def give_cause(self, request: web.Request) -> web.Response:
        operator = needs(request, Role.OPERATOR)
        body = await body_of(request, NewCause)
        await self._theirs(operator, "site", body.site)
        draft = GivenCause(
            id=0,
            site=body.site,
            start_ms=ms_of(body.start),
            end_ms=ms_of(body.end),
            code=body.cause,
            note=body.note,
            by=operator.name,
            entered_ms=self.clock.wall_ms(),
        )
        return as_json(cause_answer(await entered(lambda: self.store.acts.give_cause(draft))))

    async def audit(self, request: web.Request) -> web.Response:
        """Acts of all the province stand in one chain: who saw a part of it could not check it."""
        of_all(needs(request, Role.OPERATOR))
        limit = whole_number(request, "limit", default=100, most=MAX_ENTRIES)
        after = whole_number(request, "after", default=1, most=999_999_999) if "after" in request.query else 0
        found = await asyncio.to_thread(self.store.acts.audit_log, after, limit + 1)
        page = found[:limit]
        last = page[-1].id if len(found) > limit else None
        return as_json(AuditLogAnswer(entries=[audit_answer(entry) for entry in page], next=last))

    def _sites_of(self, who: Who) -> list[Site]:
        return [site for site in self.store.sites() if who.sees(site)]

    def _exclusions_of(self, who: Who) -> list[Exclusion]:
        """Those that touch a site of theirs; of the whole province also those whose sites are no more (blocks)."""
        theirs, found = self._sites_of(who), self.store.acts.exclusions()
        return [one for one in found if not who.regency or any(one.touches(site) for site in theirs)]

    async def _theirs(self, who: Who, scope: str, of: str) -> None:
        """Refused unless all that `scope` and `of` name is theirs to change; in the same words whether it is another
        regency's or is not there at all."""
        sites = await asyncio.to_thread(self.store.sites)
        if not who.may_change(scope, of, sites):
            raise Refused(403, "forbidden", f"{scope} {of!r}: you enter and change what concerns {who.regency} alone")


def exclusion_answer(exclusion: Exclusion) -> ExclusionAnswer:
    return ExclusionAnswer(
        id=exclusion.id,
        scope=exclusion.scope,
        of=exclusion.of,
        from_=utc(exclusion.from_ms),
        to=utc(exclusion.to_ms),
        kind=exclusion.kind,
        why=exclusion.why,
        by=exclusion.by,
        entered=utc(exclusion.entered_ms),
        late=exclusion.late,
        withdrawn=time_or_none(exclusion.withdrawn_ms),
        withdrawn_by=exclusion.withdrawn_by,
        withdrawn_why=exclusion.withdrawn_why,
    )


def cause_answer(cause: GivenCause) -> CauseAnswer:
    return CauseAnswer(
        id=cause.id,
        site=cause.site,
        start=utc(cause.start_ms),
        end=utc(cause.end_ms),
        cause=cause.code,
        note=cause.note,
        by=cause.by,
        entered=utc(cause.entered_ms),
    )


def audit_answer(entry: AuditEntry) -> AuditAnswer:
    return AuditAnswer(
        id=entry.id,
        at=utc(entry.at_ms),
        by=entry.by,
        act=entry.act,
        subject=entry.subject,
        detail=entry.detail,
        digest=entry.digest,
    )


async def body_of(request: web.Request, kind: type[S]) -> S:
    """The JSON of the request as `kind`; Refused with what is wrong in it."""
    if request.content_type != "application/json":
        raise Refused(415, "unsupported-media-type", "send application/json")
    if (request.content_length or 0) > MAX_ACT_BYTES:
        raise Refused(413, "too-large", f"an act is at most {MAX_ACT_BYTES} bytes")
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(400, "bad-body", str(error)) from None


async def entered(act: Callable[[], T]) -> T:
    """What `act` returns; Refused in words if it cannot be."""
    try:
        return await asyncio.to_thread(act)
    except BadAct as bad:
        said = Texts("en").say(f"acts.{bad.reason}", **bad.values)
        kind = bad.reason.removesuffix("_of").replace("_", "-")
        raise Refused(STATUS.get(bad.reason, HTTPStatus.BAD_REQUEST), kind, said) from None


def ms_of(at: Time) -> int:
    return round(at.timestamp() * 1000)


def as_json(answer: msgspec.Struct) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json")
