"""A mass outage: `/outages/{code}/{start_ms}/mass`, all that began together, and one cause for all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from collector.faces.guard import Refused, needs
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
)
from collector.faces.pages.outage_rows import Fold, address, case_row, fold_row, key_of
from collector.faces.pages.outages import cases_of
from collector.faces.pages.shell import PageParts, Reader, done
from collector.people import Role


@dataclass(frozen=True, slots=True)
class MassOutagePage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [web.get(f"{ONE}/mass", self.mass), web.post(f"{ONE}/mass", self.give_causes)]

    async def mass(self, request: web.Request) -> web.Response:
        key = asked_for(request)
        return await self.parts.shell.answer(
            request, "outages", "mass.html", lambda reader: self._tell(reader, self._fold(reader, *key), Form())
        )

    async def give_causes(self, request: web.Request) -> web.Response:
        """One cause for all of a mass outage that were ticked: all of it, or nothing."""
        needs(request, Role.OPERATOR)
        key, form = asked_for(request), await filled(request)

        def tell(reader: Reader) -> Mapping[str, Any]:
            fold = self._fold(reader, *key)
            chosen = [case for case in fold.cases if "/".join(map(str, key_of(case.outage))) in form.chosen("member")]
            if not chosen:
                form.mistakes["member"] = reader.view.texts.say("outage.choose_members")
            enter_causes(self.parts, reader, chosen, form)
            if form.good:
                raise done(request, f"{address(fold.cases[0].outage)}/mass?saved=causes")
            return self._tell(reader, fold, form)

        return once_more(await self.parts.shell.answer(request, "outages", "mass.html", tell))

    def _fold(self, reader: Reader, code: str, start_ms: int) -> Fold:
        """The mass outage that it is part of; Refused if it is part of none."""
        case = find_case(self.parts, reader, code, start_ms)
        sites = self.parts.registered(reader)
        span = case.outage.start_ms - AROUND_MS, case.outage.start_ms + AROUND_MS
        found = {key_of(one.outage): one for one in cases_of(self.parts, sites, span, reader.view.now_ms)}
        folded = mass_of(self.parts, case.outage, [one.outage for one in found.values()], sites)
        if folded is None:
            raise Refused(404, "no-mass-outage", reader.view.texts.say("outage.no_mass"))
        return Fold([found[key_of(outage)] for outage in folded.outages], folded)

    def _tell(self, reader: Reader, fold: Fold, form: Form) -> Mapping[str, Any]:
        ticked = form.chosen("member") if form.typed else None
        members = [case_row(case, reader) for case in fold.cases]
        still = [case.site.code for case in fold.cases if case.open]
        for member in members:
            member["ticked"] = ticked is None or member["member"] in ticked
        return {
            "row": fold_row(fold, reader),
            "members": members,
            "act_href": reader.href(f"{address(fold.cases[0].outage)}/mass"),
            "codes": cause_choices(reader.view),
            "alerts": [alert for alert in alert_cards(self.parts, reader, still, reader.view) if alert["of_many"]],
            "address": reader.href(address(fold.cases[0].outage)),
            "form": form,
            "saved": saved(reader.query, reader.view.texts),
        }
