"""Maintenance and force majeure, planned and entered: `/maintenance`, and one of them, `/maintenance/{id}`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from collector.acts import BadAct, Exclusion, ExclusionKind, check_span, check_texts
from collector.alerts.deciding.words import duration
from collector.faces.guard import Refused, needs
from collector.faces.pages.followups import all_sites, check_whose
from collector.faces.pages.forms import Form, filled, in_field, once_more, saved, scope_parts
from collector.faces.pages.outage_rows import span_text
from collector.faces.pages.refusals import Unfit
from collector.faces.pages.shell import PageParts, Reader, done
from collector.figures.periods import local
from collector.people import Role, Who
from collector.registry import Site

ROWS = 50
"""Of those that are over or withdrawn, the newest."""
NAMED = 200
"""Sites of one that its page names; the rest are counted."""
PREVIEWED = 10
HOUR_MS = 3_600_000
TABS = ("now", "planned", "over", "withdrawn")


@dataclass(frozen=True, slots=True)
class MaintenancePage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/maintenance", self.maintenance),
            web.post("/maintenance", self.plan),
            web.get(r"/maintenance/{id:\d{1,9}}", self.exclusion),
            web.post(r"/maintenance/{id:\d{1,9}}/withdraw", self.withdraw),
        ]

    async def maintenance(self, request: web.Request) -> web.Response:
        return await self.parts.shell.answer(
            request, "maintenance", "maintenance.html", lambda reader: self._list(reader, Form())
        )

    async def plan(self, request: web.Request) -> web.Response:
        """`do=look` shows what it would touch; `do=enter` enters it."""
        needs(request, Role.OPERATOR)
        form = await filled(request)

        def tell(reader: Reader) -> Mapping[str, Any]:
            draft = self._draft(reader, form)
            if draft and form.value("do") == "enter":
                try:
                    number = self.parts.store.acts.add_exclusion(draft).id
                    raise done(request, f"maintenance/{number}?saved=exclusion")
                except BadAct as bad:
                    form.refused(bad, reader.view.texts)
            return self._list(reader, form, draft if form.good else None)

        answer = await self.parts.shell.answer(request, "maintenance", "maintenance.html", tell)
        return answer if form.good else once_more(answer)

    async def exclusion(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        return await self.parts.shell.answer(
            request, "maintenance", "exclusion.html", lambda reader: self._one(reader, number, Form())
        )

    async def withdraw(self, request: web.Request) -> web.Response:
        needs(request, Role.OPERATOR)
        number, form = int(request.match_info["id"]), await filled(request)

        def tell(reader: Reader) -> Mapping[str, Any]:
            found = self._found(reader, number)
            if not reader.who.may_change(found.scope, found.of, all_sites(self.parts)):
                raise Refused(403, "forbidden", reader.view.texts.say("form.not_yours"))
            try:
                by, why, now_ms = reader.who.name, form.text("why"), reader.view.now_ms
                self.parts.store.acts.withdraw(number, by=by, why=why, at_ms=now_ms)
            except BadAct as bad:
                form.refused(bad, reader.view.texts)
                return self._one(reader, number, form)
            raise done(request, f"maintenance/{number}?saved=withdrawal")

        return once_more(await self.parts.shell.answer(request, "maintenance", "exclusion.html", tell))

    def _draft(self, reader: Reader, form: Form) -> Exclusion | None:
        """What the form asks for; None if something in it is wrong, which the form then says."""
        texts, zone = reader.view.texts, reader.view.timezone
        scope, of = form.scope(texts)
        from_ms, to_ms = form.instant("from", zone, texts), form.instant("to", zone, texts)
        kind, why = form.one_of("kind", [*ExclusionKind], texts), form.text("why")
        check_whose(form, reader, scope, of, all_sites(self.parts))
        if not form.wrong("from", "to"):
            form.check(texts, lambda: check_span(from_ms, to_ms))
        form.check(texts, lambda: check_texts(by=reader.who.name, why=why))
        if not form.good:
            return None
        return Exclusion(
            id=0,
            scope=scope,
            of=of,
            from_ms=from_ms,
            to_ms=to_ms,
            kind=ExclusionKind(kind),
            why=why,
            by=reader.who.name,
            entered_ms=reader.view.now_ms,
        )

    def _found(self, reader: Reader, number: int) -> Exclusion:
        """Refused if there is none, or none that is the reader's business."""
        for one in self._seen(reader):
            if one.id == number:
                return one
        raise Refused(404, "unknown-exclusion", reader.view.texts.say("maintenance.unknown", id=number))

    def _seen(self, reader: Reader) -> list[Exclusion]:
        sites = self.parts.registered(reader)
        return seen(self.parts.store.acts.exclusions(), reader.who, list(sites.values()))

    def _list(self, reader: Reader, form: Form, draft: Exclusion | None = None) -> Mapping[str, Any]:
        view, sites = reader.view, list(self.parts.registered(reader).values())
        known = self._seen(reader)
        tab = reader.query.get("tab", "")
        if tab and tab not in TABS:
            raise Unfit("tab", tab, TABS)
        groups: dict[str, list[Exclusion]] = {name: [] for name in TABS}
        for one in sorted(known, key=lambda one: (-one.from_ms, one.id)):
            groups[standing_of(one, view.now_ms)].append(one)
        groups["planned"].reverse()  # what comes next stands first
        shown = [tab] if tab else [name for name in TABS if groups[name] and name != "withdrawn"]
        next_hour = (view.now_ms // HOUR_MS + 1) * HOUR_MS
        return {
            "groups": [
                (
                    name,
                    view.texts.say(f"maintenance.tab.{name}"),
                    [self._row(one, known, sites, reader) for one in groups[name][:ROWS]],
                )
                for name in shown
            ],
            "tabs": [
                (
                    name,
                    view.texts.say(f"maintenance.tab.{name}"),
                    len(groups[name]),
                    reader.again("maintenance", tab=name),
                )
                for name in TABS
            ],
            "tab": tab,
            "form": form,
            "kinds": [(kind.value, view.texts.say(f"maintenance.kind.{kind.value}")) for kind in ExclusionKind],
            "from_default": in_field(next_hour, view.timezone),
            "to_default": in_field(next_hour + 2 * HOUR_MS, view.timezone),
            "zone": f"{local(view.now_ms, view.timezone):%Z}",
            "preview": self._preview(draft, known, sites, reader) if draft else None,
            **scope_parts(form, [now.site for now in self.parts.sites(reader)], reader.who.regency, reader.query),
        }

    def _preview(
        self, draft: Exclusion, known: Sequence[Exclusion], sites: Sequence[Site], reader: Reader
    ) -> dict[str, Any]:
        row = self._row(draft, known, sites, reader)
        touched = touched_by(draft, sites)
        return row | {"named": [site.name for site in touched[:PREVIEWED]], "more": max(0, len(touched) - PREVIEWED)}

    def _one(self, reader: Reader, number: int, form: Form) -> Mapping[str, Any]:
        view, sites = reader.view, list(self.parts.registered(reader).values())
        one = self._found(reader, number)
        touched = touched_by(one, sites)
        return {
            "one": one,
            "row": self._row(one, self._seen(reader), sites, reader),
            "entered_at": view.at(one.entered_ms),
            "withdrawn_at": view.at(one.withdrawn_ms) if one.withdrawn_ms else "",
            "sites": [(site, reader.href(f"sites/{site.code}")) for site in touched[:NAMED]],
            "more": max(0, len(touched) - NAMED),
            "saved": saved(reader.query, view.texts),
            "may_withdraw": reader.who.may(Role.OPERATOR)
            and one.withdrawn_ms is None
            and reader.who.may_change(one.scope, one.of, all_sites(self.parts)),
            "form": form,
        }

    def _row(self, one: Exclusion, known: Sequence[Exclusion], sites: Sequence[Site], reader: Reader) -> dict[str, Any]:
        view, say = reader.view, reader.view.texts.say
        touched = len(touched_by(one, sites))
        also = [other for other in known if overlap(one, other, sites)] if one.withdrawn_ms is None else []
        return {
            "id": one.id,
            "href": reader.href(f"maintenance/{one.id}"),
            "about": say(f"scope.of.{one.scope}", of=one.of),
            "touches": say("scope.touches", n=view.count(touched)),
            "span": span_text(one.from_ms, one.to_ms, view),
            "lasts": duration(one.to_ms - one.from_ms, view.texts),
            "kind": say(f"maintenance.kind.{one.kind.value}"),
            "late": one.late and one.kind is ExclusionKind.MAINTENANCE,
            "why": one.why,
            "by": one.by,
            "standing": standing_of(one, view.now_ms),
            "word": say(f"maintenance.is.{standing_of(one, view.now_ms)}"),
            "overlaps": [(other.id, reader.href(f"maintenance/{other.id}")) for other in also],
        }


def seen(known: Sequence[Exclusion], who: Who, sites: Sequence[Site]) -> list[Exclusion]:
    """Those of `known` that are about one of `sites`, which are all that `who` sees; who sees everything sees those too
    whose site has left the registry."""
    return [one for one in known if not who.regency or any(one.touches(site) for site in sites)]


def touched_by(one: Exclusion, sites: Sequence[Site]) -> list[Site]:
    """Those of `sites` that it takes out of the account."""
    return [site for site in sites if one.takes_out(site)]


def standing_of(one: Exclusion, now_ms: int) -> str:
    """One of TABS."""
    if one.withdrawn_ms is not None:
        return "withdrawn"
    if one.to_ms <= now_ms:
        return "over"
    return "now" if one.from_ms <= now_ms else "planned"


def overlap(one: Exclusion, other: Exclusion, sites: Sequence[Site]) -> bool:
    """Whether both take the same time of some site out of the account, and both count."""
    if other.id == one.id or other.withdrawn_ms is not None:
        return False
    if one.from_ms >= other.to_ms or other.from_ms >= one.to_ms:
        return False
    return any(one.touches(site) and other.touches(site) for site in sites)
