"""One outage, `/outages/{code}/{start_ms}`: what is known of it, and what people say and do about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from collector.alerts.deciding.words import duration
from collector.condition import Outage
from collector.faces.guard import needs
from collector.faces.pages.followups import entered, matter_row, matters_of
from collector.faces.pages.forms import Form, filled, once_more, saved
from collector.faces.pages.outage_acts import (
    AROUND_MS,
    ONE,
    alert_cards,
    asked_for,
    cause_choices,
    enter_causes,
    find_case,
    mass_of,
    take_alert,
)
from collector.faces.pages.outage_rows import address, case_row, mass_title, not_charged, span_text
from collector.faces.pages.outages import cases_of, charge_after_ms
from collector.faces.pages.shell import PageParts, Reader, Tell, done
from collector.faces.pages.view import View
from collector.figures.recap import Case
from collector.judging.judge import SITE
from collector.people import Role
from collector.registry import Site

ALSO_MS = 120_000
"""What was over so shortly before it began was down then, too."""
NAMED = 10
Act = Callable[[Reader, Sequence[Case], Form], None]
"""Enters what a form says of outages, or notes in it what is wrong."""


@dataclass(frozen=True, slots=True)
class OutagePage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(ONE, self.outage),
            web.post(f"{ONE}/cause", self.give_cause),
            web.post(f"{ONE}/acknowledge", self.acknowledge),
            web.post(f"{ONE}/followup", self.add_followup),
        ]

    async def outage(self, request: web.Request) -> web.Response:
        key = asked_for(request)
        return await self._answer(
            request, lambda reader: self._tell(reader, find_case(self.parts, reader, *key), Form())
        )

    async def give_cause(self, request: web.Request) -> web.Response:
        return await self._act(request, lambda *asked: enter_causes(self.parts, *asked), "cause")

    async def acknowledge(self, request: web.Request) -> web.Response:
        return await self._act(request, lambda *asked: take_alert(self.parts, *asked), "alert")

    async def add_followup(self, request: web.Request) -> web.Response:
        return await self._act(request, self._add_followup, "followup")

    async def _answer(self, request: web.Request, tell: Tell) -> web.Response:
        return await self.parts.shell.answer(request, "outages", "outage.html", tell)

    async def _act(self, request: web.Request, act: Act, word: str) -> web.Response:
        """Lets `act` read the form and enter what it says; the page of the outage follows and says so (`word`), or
        shows the mistakes."""
        needs(request, Role.OPERATOR)
        key, form = asked_for(request), await filled(request)

        def tell(reader: Reader) -> Mapping[str, Any]:
            case = find_case(self.parts, reader, *key)
            act(reader, [case], form)
            if form.good:
                page = address(case.outage) + ("/mass" if form.value("back") == "mass" else "")
                raise done(request, f"{page}?saved={word}")
            return self._tell(reader, case, form)

        return once_more(await self._answer(request, tell))

    def _add_followup(self, reader: Reader, chosen: Sequence[Case], form: Form) -> None:
        for case in chosen:
            entered(self.parts, reader, form, SITE, case.site.code, case.outage.start_ms)

    def _tell(self, reader: Reader, case: Case, form: Form) -> Mapping[str, Any]:
        outage, site = case.outage, case.site
        view = replace(reader.view, timezone=site.timezone)
        sites = self.parts.registered(reader)
        span = outage.start_ms - AROUND_MS, outage.start_ms + AROUND_MS
        around = [one.outage for one in cases_of(self.parts, sites, span, view.now_ms)]
        folded = mass_of(self.parts, outage, around, sites)
        contact = self.parts.config.providers.get(site.provider)
        return {
            "row": case_row(case, reader),
            "site": site,
            "site_href": reader.href(f"sites/{site.code}"),
            "explain_href": reader.href(f"sites/{site.code}/explain", at=outage.start_ms),
            "facts": _facts(case, charge_after_ms(self.parts), view),
            "explanation": view.explanation(outage.condition.value),
            "why": outage.why,
            "after": self._after(outage, view),
            "contact": contact,
            "mass": (
                view.texts.say("outage.part_of", mass=mass_title(folded, view)),
                reader.href(f"{address(outage)}/mass"),
            )
            if folded
            else None,
            "also": [
                _also(name, case, around, sites, reader) for name in ("provider", "regency") if getattr(site, name)
            ],
            "causes": self._causes(case, view),
            "codes": cause_choices(view),
            "alerts": alert_cards(self.parts, reader, [site.code], view) if case.open else [],
            "matters": [
                matter_row(matter, reader, sites)
                for matter in matters_of(self.parts, reader)
                if matter.followup.of == site.code and matter.followup.outage_ms == outage.start_ms
            ],
            "address": reader.href(address(outage)),
            "form": form,
            "saved": saved(reader.query, view.texts),
        }

    def _after(self, outage: Outage, view: View) -> str:
        """What the site was in when it was over: it need not have been well."""
        if outage.end_ms is None or outage.end_ms > view.now_ms:
            return ""
        following = self.parts.store.flips(outage.site, outage.end_ms, outage.end_ms + 1, SITE)
        return view.texts.say("outage.after", condition=view.word(following[-1].now)) if following else ""

    def _causes(self, case: Case, view: View) -> list[dict[str, Any]]:
        """All that was said of it, newest first; the first counts."""
        end_ms = view.now_ms if case.outage.end_ms is None else case.outage.end_ms
        given = self.parts.store.acts.given_causes(case.site.code)
        touching = [one for one in given if one.start_ms < end_ms and one.end_ms > case.outage.start_ms]
        return [
            {
                "word": view.texts.say(f"cause.{one.code.value}"),
                "note": one.note,
                "by": one.by,
                "at": view.at(one.entered_ms),
                "counts": one is touching[-1],
            }
            for one in reversed(touching)
        ]


def _facts(case: Case, charge_ms: int, view: View) -> list[tuple[str, str]]:
    """(what, which): where it was, and from when to when, with how far both may be off."""
    outage, site, say = case.outage, case.site, view.texts.say
    end_ms = view.now_ms if outage.end_ms is None else outage.end_ms
    ended_ms, bar_ms = outage.end_not_earlier_than_ms, outage.start_ms - outage.start_not_earlier_than_ms
    start = view.at(outage.start_ms)
    end = say("page.lasts") if outage.end_ms is None else view.at(outage.end_ms)
    if bar_ms >= 1000:
        start = f"{start} ({say('outage.earlier', span=duration(bar_ms, view.texts))})"
    if outage.end_ms is not None and ended_ms is not None and outage.end_ms - ended_ms >= 1000:
        end = f"{end} ({say('outage.earlier', span=duration(outage.end_ms - ended_ms, view.texts))})"
    told = [
        (say("page.start"), start),
        (say("page.end"), end),
        (say("page.lasted"), duration(end_ms - outage.start_ms, view.texts)),
        (say("outages.sum.charged"), not_charged(case, charge_ms, view) or say("outage.charged")),
        (say("outage.place"), ", ".join(part for part in (site.opd, site.district, site.regency) if part)),
        (say("outages.provider"), ", ".join(part for part in (site.provider, say(f"medium.{site.medium}")) if part)),
        (say("outage.contract"), site.contract),
    ]
    return [(what, which) for what, which in told if which]


def _also(name: str, case: Case, around: Sequence[Outage], sites: Mapping[str, Site], reader: Reader) -> dict[str, Any]:
    """What else of the same provider or regency was down meanwhile, or just before; `around` says how far."""
    value, start_ms = getattr(case.site, name), case.outage.start_ms
    down = {
        outage.site: outage
        for outage in around
        if outage.site != case.site.code
        and getattr(sites[outage.site], name) == value
        and outage.start_ms <= (case.outage.end_ms or reader.view.now_ms)
        and (outage.end_ms is None or outage.end_ms > start_ms - ALSO_MS)
    }
    total = sum(getattr(site, name) == value for site in sites.values()) - 1
    return {
        "said": reader.view.texts.say(f"outage.also.{name}", name=value, n=len(down), total=total),
        "sites": [
            (sites[code].name, reader.href(address(outage)), span_text(outage.start_ms, outage.end_ms, reader.view))
            for code, outage in [*down.items()][:NAMED]
        ],
        "more": max(0, len(down) - NAMED),
    }
