"""What is done about what was found: `/followups`, and one of them with its steps, `/followups/{id}`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from collector.acts import BadAct, check_scope
from collector.faces.followups_api import matters_seen
from collector.faces.guard import Refused, needs
from collector.faces.pages.forms import Form, filled, once_more, saved, scope_parts
from collector.faces.pages.paging import Sheet, wanted_page
from collector.faces.pages.refusals import Unfit
from collector.faces.pages.shell import PageParts, Reader, done
from collector.faces.pages.view import View
from collector.figures.periods import local
from collector.followups import (
    FollowUp,
    FollowUpState,
    Matter,
    Step,
    check_due,
    check_note,
    check_owner,
    check_what,
    told,
)
from collector.people import Role, Who
from collector.registry import Site

ROWS = 50
FOREVER_MS = 1 << 62
STATES = ("open", "done", "dropped", "all")
MARKS = {FollowUpState.OPEN: "○", FollowUpState.DONE: "✓", FollowUpState.DROPPED: "✗"}


@dataclass(frozen=True, slots=True)
class FollowUpsPage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/followups", self.followups),
            web.post("/followups", self.add),
            web.get(r"/followups/{id:\d{1,9}}", self.followup),
            web.post(r"/followups/{id:\d{1,9}}", self.step),
        ]

    async def followups(self, request: web.Request) -> web.Response:
        return await self.parts.shell.answer(
            request, "followups", "followups.html", lambda reader: self._list(reader, Form())
        )

    async def add(self, request: web.Request) -> web.Response:
        needs(request, Role.OPERATOR)
        form = await filled(request)

        def tell(reader: Reader) -> Mapping[str, Any]:
            added = entered(self.parts, reader, form, *form.scope(reader.view.texts))
            if added:
                raise done(request, f"followups/{added.id}?saved=followup")
            return self._list(reader, form)

        return once_more(await self.parts.shell.answer(request, "followups", "followups.html", tell))

    async def followup(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        return await self.parts.shell.answer(
            request, "followups", "followup.html", lambda reader: self._one(reader, number, Form())
        )

    async def step(self, request: web.Request) -> web.Response:
        needs(request, Role.OPERATOR)
        number, form = int(request.match_info["id"]), await filled(request)

        def tell(reader: Reader) -> Mapping[str, Any]:
            self._step(reader, number, form)
            if form.good:
                raise done(request, f"followups/{number}?saved=step")
            return self._one(reader, number, form)

        return once_more(await self.parts.shell.answer(request, "followups", "followup.html", tell))

    def _step(self, reader: Reader, number: int, form: Form) -> None:
        matter = self._matter(reader, number)
        if not may_step(reader.who, matter.followup, all_sites(self.parts)):
            raise Refused(403, "forbidden", reader.view.texts.say("form.not_yours"))
        state = form.one_of("state", [*FollowUpState], reader.view.texts)
        form.check(reader.view.texts, lambda: check_note(form.text("note")))
        if not form.good:
            return
        draft = Step(
            id=0,
            followup=number,
            state=FollowUpState(state),
            note=form.text("note"),
            by=reader.who.name,
            entered_ms=reader.view.now_ms,
        )
        try:
            self.parts.store.followups.step(draft)
        except BadAct as bad:
            form.refused(bad, reader.view.texts)

    def _matter(self, reader: Reader, number: int) -> Matter:
        """Refused if there is none, or none that is the reader's business."""
        for matter in matters_of(self.parts, reader):
            if matter.followup.id == number:
                return matter
        raise Refused(404, "unknown-followup", reader.view.texts.say("acts.unknown_followup", id=number))

    def _list(self, reader: Reader, form: Form) -> Mapping[str, Any]:
        query, view = reader.query, reader.view
        state = query.get("state", "") or "open"
        if state not in STATES:
            raise Unfit("state", state, STATES)
        known = matters_of(self.parts, reader)
        owner, q = query.get("owner", ""), query.get("q", "").strip()[:80]
        sites = self.parts.registered(reader)
        named = [one for one in known if owner in ("", one.followup.owner) and _says(one, q)]
        found = sorted((one for one in named if state in ("all", one.state)), key=_by_urgency)
        sheet = Sheet.of(wanted_page(query.get("page", "") or "1"), len(found), ROWS)
        return {
            "rows": [matter_row(one, reader, sites) for one in found[sheet.span]],
            "found": len(found),
            "overdue": sum(one.overdue(view.now_ms) for one in named),
            "tabs": [
                (s, view.texts.say(f"followups.tab.{s}"), _count(named, s), reader.again("followups", state=s, page=""))
                for s in STATES
            ],
            "state": state,
            "owners": sorted({one.followup.owner for one in known} - {""}),
            "owner": owner,
            "q": q,
            **sheet.parts,
            "form": form,
            "zone": f"{local(view.now_ms, view.timezone):%Z}",
            **scope_parts(form, [now.site for now in self.parts.sites(reader)], reader.who.regency, query),
        }

    def _one(self, reader: Reader, number: int, form: Form) -> Mapping[str, Any]:
        matter, view, say = self._matter(reader, number), reader.view, reader.view.texts.say
        sites = self.parts.registered(reader)
        touched = [site for site in sites.values() if matter.followup.touches(site)]
        return {
            "row": matter_row(matter, reader, sites),
            "saved": saved(reader.query, view.texts),
            "followup": matter.followup,
            "steps": [
                {
                    "state": step.state.value,
                    "word": say(f"followups.state.{step.state.value}"),
                    "mark": MARKS[step.state],
                    "note": step.note,
                    "by": step.by,
                    "at": view.at(step.entered_ms),
                }
                for step in matter.steps
            ],
            "entered_at": view.at(matter.followup.entered_ms),
            "touches": say("scope.touches", n=view.count(len(touched))),
            "states": [(state.value, say(f"followups.state.{state.value}")) for state in FollowUpState],
            "may_step": reader.who.may(Role.OPERATOR) and may_step(reader.who, matter.followup, all_sites(self.parts)),
            "form": form,
        }


def matters_of(parts: PageParts, reader: Reader) -> list[Matter]:
    """The follow-ups that are the reader's business, by id (blocks)."""
    known = told(parts.store.followups.all(), parts.store.followups.steps())
    return matters_seen(known, reader.who, all_sites(parts))


def may_step(who: Who, followup: FollowUp, sites: Sequence[Site]) -> bool:
    """Whether all that `followup` is about is the business of `who`; `sites` are all there are."""
    return who.may_change(followup.scope, followup.of, sites)


def all_sites(parts: PageParts) -> list[Site]:
    """Of the whole registry: to say what may be changed, never to be shown."""
    return parts.live.registered()


def check_whose(form: Form, reader: Reader, scope: str, of: str, sites: Sequence[Site]) -> None:
    """Notes in `form` if its scope is no scope, or not the reader's: of others, nobody is told what there is."""
    texts = reader.view.texts
    if form.wrong("scope", "of"):
        return
    if reader.who.may_change(scope, of, sites):
        form.check(texts, lambda: check_scope(scope, of, sites))
    else:
        form.mistakes["of"] = texts.say("form.not_yours")


def entered(
    parts: PageParts, reader: Reader, form: Form, scope: str, of: str, outage_ms: int | None = None
) -> FollowUp | None:
    """The follow-up that `form` asks for, entered; None if something in it is wrong, which the form then says."""
    view, who = reader.view, reader.who
    due_ms = form.end_of_day("due", view.timezone, view.texts)
    for check in (
        lambda: check_what(form.text("what")),
        lambda: check_owner(form.text("owner")),
        lambda: check_due(due_ms, view.now_ms),
    ):
        form.check(view.texts, check)
    check_whose(form, reader, scope, of, all_sites(parts))
    if not form.good:
        return None
    draft = FollowUp(
        id=0,
        scope=scope,
        of=of,
        what=form.text("what"),
        owner=form.text("owner"),
        by=who.name,
        entered_ms=view.now_ms,
        due_ms=due_ms,
        outage_ms=outage_ms,
    )
    try:
        return parts.store.followups.add(draft)
    except BadAct as bad:
        form.refused(bad, view.texts)
        return None


def matter_row(matter: Matter, reader: Reader, sites: Mapping[str, Site]) -> dict[str, Any]:
    """One follow-up in a list; `sites` are the reader's, by code."""
    one, view, say = matter.followup, reader.view, reader.view.texts.say
    site = sites.get(one.of) if one.scope == "site" else None
    about = say(f"scope.of.{one.scope}", of=f"{site.name} ({site.code})" if site else one.of)
    local_view = replace(view, timezone=site.timezone) if site else view
    return {
        "id": one.id,
        "href": reader.href(f"followups/{one.id}"),
        "what": one.what,
        "about": about,
        "about_href": reader.href(f"sites/{one.of}") if site else "",
        "outage": say("followups.outage", at=local_view.at(one.outage_ms)) if site and one.outage_ms else "",
        "outage_href": reader.href(f"outages/{one.of}/{one.outage_ms}") if site and one.outage_ms else "",
        "owner": one.owner,
        "due": _day(one.due_ms, view),
        "overdue": matter.overdue(view.now_ms),
        "state": matter.state.value,
        "word": say(f"followups.state.{matter.state.value}"),
        "mark": MARKS[matter.state],
        "steps": len(matter.steps),
        "last": matter.steps[-1].note if matter.steps else "",
    }


def _day(due_ms: int | None, view: View) -> str:
    """The last day on which it is in time."""
    return local(due_ms - 1, view.timezone).date().isoformat() if due_ms else ""


def _by_urgency(matter: Matter) -> tuple[bool, int, int]:
    """Open ones first, in it by when they are due; the others by the newest."""
    is_open = matter.state is FollowUpState.OPEN
    return not is_open, (matter.followup.due_ms or FOREVER_MS) if is_open else 0, -matter.followup.id


def _says(matter: Matter, q: str) -> bool:
    one = matter.followup
    return q.casefold() in f"{one.what} {one.of} {one.owner} {' '.join(s.note for s in matter.steps)}".casefold()


def _count(known: Sequence[Matter], state: str) -> int:
    return len(known) if state == "all" else sum(one.state == state for one in known)
