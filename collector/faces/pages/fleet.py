"""The agents: `/fleet`: who is heard, what they run, what they hold back, and what to do where something is wrong.

fleet_view.py (pure) decides what is wrong.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import hdrs, web

from collector.alerts.deciding.words import duration
from collector.faces import tables
from collector.faces.answers import time_or_none
from collector.faces.pages.fleet_view import ORDERS, SIGNS, Member, Wanted, fleet, numbers_of, offset, sentences
from collector.faces.pages.paging import Sheet
from collector.faces.pages.shell import PageParts, Reader
from collector.faces.pages.view import View
from collector.figures.periods import local

ROWS = 25
"""Rows on one page of the table."""
STOPS = ("first", "clean", "crash", "power", "unknown")
"""Why an agent last stopped, as far as there are words for it."""
CSV = (
    "agent",
    "site",
    "site_name",
    "regency",
    "heard_at",
    "silent",
    "version",
    "push_interval_s",
    "clock_offset_s",
    "undated_results",
    "waiting_results",
    "dropped",
    "set_aside",
    "cloned",
    "booted_at",
    "started_at",
    "last_stop",
    "troubles",
)


@dataclass(frozen=True, slots=True)
class FleetPage:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/fleet", self.fleet)]

    async def fleet(self, request: web.Request) -> web.Response:
        if request.query.get("format") == "csv":
            return await self._download(request)
        return await self.parts.shell.answer(request, "fleet", "fleet.html", self._tell)

    async def _download(self, request: web.Request) -> web.Response:
        """What the page would show, all pages of it."""
        reader = self.parts.shell.reader(request)
        wanted = Wanted.of(reader.query, reader.view)
        shown = [one for one in self._members(reader) if wanted.matches(one) and wanted.shows(one)]
        body = tables.written(CSV, (csv_row(one) for one in wanted.in_order(shown)))
        response = web.Response(body=body, content_type="text/csv", charset="utf-8")
        day = local(reader.view.now_ms, reader.view.timezone).date()
        response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="agents-{day}.csv"'
        response.enable_compression()
        return response

    def _members(self, reader: Reader) -> list[Member]:
        """Every agent that is the reader's business: those at their sites; of the whole province, all."""
        store = self.parts.store
        sites = {site.code: site for site in store.sites() if reader.who.sees(site)}
        agents = [agent for agent in self.parts.live.agents() if agent.site in sites or not reader.who.regency]
        return fleet(agents, sites, store.untrusted(), store.cloned(), reader.view.now_ms)

    def _tell(self, reader: Reader) -> Mapping[str, Any]:
        view, wanted = reader.view, Wanted.of(reader.query, reader.view)
        members = self._members(reader)
        matching = [one for one in members if wanted.matches(one)]
        shown = wanted.in_order([one for one in matching if wanted.shows(one)])
        counts = Counter(name for one in matching for name in one.troubles)
        newest = max((one.agent.version for one in members), key=numbers_of, default="")
        sheet = Sheet.of(wanted.page, len(shown), ROWS)
        return {
            "wanted": wanted,
            "empty": not members,
            "total": len(matching),
            "troubled": sum(bool(one.troubles) for one in matching),
            "chips": _chips(counts, wanted, reader),
            "rows": [row_of(one, newest, reader) for one in shown[sheet.span]],
            "found": len(shown),
            "newest": newest,
            "versions": _versions(members, view),
            "regencies": sorted({one.site.regency for one in members if one.site} - {""}),
            "orders": list(ORDERS),
            **sheet.parts,
            "heading": view.texts.say("fleet.heading", n=view.count(len(members))),
        }


def _versions(members: Sequence[Member], view: View) -> str:
    """Which versions run, those of most agents first."""
    counted = Counter(one.agent.version or "–" for one in members if one.agent.heard_at_ms).most_common(6)
    said = (view.texts.say("fleet.version_count", version=version, n=view.count(n)) for version, n in counted)
    return view.texts.say("fleet.versions", list=", ".join(said)) if counted else ""


def _chips(counts: Mapping[str, int], wanted: Wanted, reader: Reader) -> Sequence[Mapping[str, Any]]:
    return [
        {"key": key, "count": counts[key], "href": reader.again("fleet", trouble=key, page="")}
        for key in SIGNS
        if counts[key] or key == wanted.trouble
    ]


def row_of(one: Member, newest: str, reader: Reader) -> Mapping[str, Any]:
    """An agent as the table shows it, in the time zone of its site."""
    agent, site = one.agent, one.site
    view: View = replace(reader.view, timezone=site.timezone) if site else reader.view
    say = view.texts.say
    return {
        "name": agent.name,
        "site": site.name if site else say("fleet.no_site", code=agent.site),
        "href": reader.href(f"sites/{site.code}") if site else "",
        "where": " · ".join(part for part in (agent.site, site.regency if site else "") if part),
        "heard": view.at(agent.heard_at_ms) if agent.heard_at_ms else say("page.never"),
        "ago": duration(view.now_ms - agent.heard_at_ms, view.texts) if agent.heard_at_ms else "",
        "version": agent.version,
        "waiting": agent.spool_results,
        "clock": offset(agent.clock_offset_ms, view) if agent.heard_at_ms else "",
        "lost": agent.dropped + agent.set_aside,
        "every": duration(agent.push_interval_ms, view.texts) if agent.heard_at_ms else "",
        "booted": view.at(agent.boot_at_ms) if agent.boot_at_ms else "",
        "stop": say(f"status.stop.{agent.last_stop}") if agent.last_stop in STOPS else agent.last_stop,
        "wrong": list(sentences(one, newest, view)),
    }


def csv_row(one: Member) -> list[tables.Cell]:
    agent, site = one.agent, one.site
    return [
        agent.name,
        agent.site,
        site.name if site else "",
        site.regency if site else "",
        time_or_none(agent.heard_at_ms),
        "silent" in one.troubles,
        agent.version,
        agent.push_interval_ms / 1000,
        agent.clock_offset_ms / 1000,
        one.untrusted,
        agent.spool_results,
        agent.dropped,
        agent.set_aside,
        agent.cloned,
        time_or_none(agent.boot_at_ms),
        time_or_none(agent.run_at_ms),
        agent.last_stop,
        " ".join(one.troubles),
    ]
