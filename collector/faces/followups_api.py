"""/api/v1/followups, /acknowledgements: what people do about what was found, read and written.

Who may read reads what is about sites of theirs. Writing needs an operator, as for every act (acts_api.py).
"""

import asyncio
from dataclasses import dataclass

import msgspec
from aiohttp import web

from collector.alerts.deliver import Alerts
from collector.faces.acts_api import ZonedTime, as_json, body_of, entered, ms_of
from collector.faces.answers import Time, time_or_none
from collector.faces.guard import Refused, needs, who_of
from collector.followups import Acknowledgement, FollowUp, FollowUpState, Matter, Step, acknowledged, told
from collector.people import Role, Who
from collector.registry import Site
from collector.store import SentAlert, Store
from shared.clock import Clock, utc


class NewFollowUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to be done. `scope` and `of` as for an exclusion; `outage`: of one site, the one that began then."""

    what: str
    scope: str
    of: str = ""
    owner: str = ""
    due: ZonedTime | None = None
    outage: ZonedTime | None = None


class NewStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was done, and where that leaves the follow-up."""

    note: str
    state: FollowUpState = FollowUpState.OPEN


class NewAcknowledgement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody takes care of the alert `key`, which fires: no reminder and no escalation of it any more."""

    key: str
    note: str = ""


class StepAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was done about a follow-up."""

    id: int
    state: str
    note: str
    by: str
    entered: Time


class FollowUpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done. `state` is what its last step says; `due` null: nobody said until when."""

    id: int
    scope: str
    of: str
    what: str
    owner: str
    by: str
    entered: Time
    due: Time | None
    outage: Time | None
    state: str
    overdue: bool
    steps: list[StepAnswer]


class FollowUpsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """By id."""

    followups: list[FollowUpAnswer]


class AcknowledgementAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Who took care of an alert that fires since `started`, when, and with which words."""

    key: str
    started: Time
    note: str
    by: str
    entered: Time


class AcknowledgementsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Of alerts that fire now, by key; `waiting` are the keys of those that nobody took yet."""

    acknowledgements: list[AcknowledgementAnswer]
    waiting: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpsApi:
    """The handlers and what they need."""

    store: Store
    alerts: Alerts
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/followups", self.followups),
            web.post("/api/v1/followups", self.add),
            web.post("/api/v1/followups/{id}/steps", self.step),
            web.get("/api/v1/acknowledgements", self.acknowledgements),
            web.post("/api/v1/acknowledgements", self.acknowledge),
        ]

    async def followups(self, request: web.Request) -> web.Response:
        state = request.query.get("state", "")
        if state and state not in [*FollowUpState]:
            raise Refused(400, "bad-state", f"state is {state!r}; use one of {', '.join(FollowUpState)}")
        found = await asyncio.to_thread(self._matters, who_of(request))
        now_ms = self.clock.wall_ms()
        chosen = [one for one in found if state in ("", one.state)]
        return as_json(FollowUpsAnswer(followups=[followup_answer(one, now_ms) for one in chosen]))

    async def add(self, request: web.Request) -> web.Response:
        operator = needs(request, Role.OPERATOR)
        body = await body_of(request, NewFollowUp)
        now_ms = self.clock.wall_ms()
        draft = FollowUp(
            id=0,
            scope=body.scope,
            of=body.of,
            what=body.what,
            owner=body.owner,
            by=operator.name,
            entered_ms=now_ms,
            due_ms=ms_of(body.due) if body.due else None,
            outage_ms=ms_of(body.outage) if body.outage else None,
        )
        await asyncio.to_thread(self._theirs, operator, draft)
        added = await entered(lambda: self.store.followups.add(draft))
        return as_json(followup_answer(Matter(followup=added, steps=()), now_ms))

    async def step(self, request: web.Request) -> web.Response:
        operator = needs(request, Role.OPERATOR)
        body = await body_of(request, NewStep)
        now_ms = self.clock.wall_ms()
        known = await asyncio.to_thread(self._matters, operator)
        found = next((one for one in known if str(one.followup.id) == request.match_info["id"]), None)
        if found is None:
            raise Refused(404, "unknown-followup", f"there is no follow-up {request.match_info['id']!r}")
        await asyncio.to_thread(self._theirs, operator, found.followup)
        draft = Step(
            id=0,
            followup=found.followup.id,
            state=body.state,
            note=body.note,
            by=operator.name,
            entered_ms=now_ms,
        )
        added = await entered(lambda: self.store.followups.step(draft))
        return as_json(followup_answer(Matter(followup=found.followup, steps=(*found.steps, added)), now_ms))

    async def acknowledgements(self, request: web.Request) -> web.Response:
        firing = await asyncio.to_thread(self._firing, who_of(request))
        began = {key: alert.starts_at_ms for key, alert in firing.items()}
        given = await asyncio.to_thread(self.store.followups.acknowledgements, min(began.values(), default=0))
        noted = acknowledged(began, given)
        return as_json(
            AcknowledgementsAnswer(
                acknowledgements=[acknowledgement_answer(noted[key]) for key in sorted(noted)],
                waiting=sorted(firing.keys() - noted.keys()),
            )
        )

    async def acknowledge(self, request: web.Request) -> web.Response:
        operator = needs(request, Role.OPERATOR)
        body = await body_of(request, NewAcknowledgement)
        alert = (await asyncio.to_thread(self._firing, operator)).get(body.key)
        if alert is None:
            raise Refused(404, "unknown-alert", f"no alert {body.key!r} fires now")
        draft = Acknowledgement(
            id=0,
            key=alert.key,
            starts_at_ms=alert.starts_at_ms,
            note=body.note,
            by=operator.name,
            entered_ms=self.clock.wall_ms(),
        )
        return as_json(acknowledgement_answer(await entered(lambda: self.store.followups.acknowledge(draft))))

    def _matters(self, who: Who) -> list[Matter]:
        """The follow-ups that are their business, by id (blocks)."""
        known = told(self.store.followups.all(), self.store.followups.steps())
        return matters_seen(known, who, self.store.sites())

    def _theirs(self, who: Who, followup: FollowUp) -> None:
        """Refused unless all that it is about is their business (blocks)."""
        if not who.may_change(followup.scope, followup.of, self.store.sites()):
            raise Refused(403, "forbidden", f"this is for sites of {who.regency} alone")

    def _firing(self, who: Who) -> dict[str, SentAlert]:
        """The alerts that fire and are their business, by key (blocks)."""
        return alerts_seen(self.alerts, who, self.store.sites())


def alerts_seen(alerts: Alerts, who: Who, sites: list[Site]) -> dict[str, SentAlert]:
    """The alerts that fire and are the business of `who`, by key; of `sites`, all there are, every one that an
    alert is about must be. What is about no site is for those who see the whole province."""
    theirs = {site.code for site in sites if who.sees(site)}

    def sees(alert: SentAlert) -> bool:
        about = [alert.labels["site"]] if "site" in alert.labels else alerts.members(alert.key)
        return not who.regency or (bool(about) and theirs.issuperset(about))

    return {key: alert for key, alert in alerts.sent().items() if alert.ends_at_ms is None and sees(alert)}


def matters_seen(known: list[Matter], who: Who, sites: list[Site]) -> list[Matter]:
    """Those of `known` that are about a site of theirs; who sees everything sees those too whose site has left the
    registry. `sites` are all there are."""
    theirs = [site for site in sites if who.sees(site)]
    return [one for one in known if not who.regency or any(one.followup.touches(site) for site in theirs)]


def followup_answer(matter: Matter, now_ms: int) -> FollowUpAnswer:
    one = matter.followup
    return FollowUpAnswer(
        id=one.id,
        scope=one.scope,
        of=one.of,
        what=one.what,
        owner=one.owner,
        by=one.by,
        entered=utc(one.entered_ms),
        due=time_or_none(one.due_ms),
        outage=time_or_none(one.outage_ms),
        state=matter.state,
        overdue=matter.overdue(now_ms),
        steps=[
            StepAnswer(id=step.id, state=step.state, note=step.note, by=step.by, entered=utc(step.entered_ms))
            for step in matter.steps
        ],
    )


def acknowledgement_answer(given: Acknowledgement) -> AcknowledgementAnswer:
    return AcknowledgementAnswer(
        key=given.key,
        started=utc(given.starts_at_ms),
        note=given.note,
        by=given.by,
        entered=utc(given.entered_ms),
    )
