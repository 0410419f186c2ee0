"""GET /api/v1/reports: what reports there are; GET /api/v1/reports/{kind}: one of them as a file.

A file is made in turn with those that people ordered on the page, by the same thread: whoever asks waits, and stops the
work by going away. It may take a minute.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from aiohttp import hdrs, web

from collector.faces.guard import Refused, problem_response, who_of
from collector.faces.indicators_api import one_of
from collector.faces.report_files import handed
from collector.faces.report_jobs import Full, Job, Jobs, State
from collector.faces.report_wanted import Order, allowed, formats_of, kinds_for, wanted_of
from collector.figures.periods import local
from collector.registry import Site
from collector.reports.kinds import PACKS
from shared.clock import Clock
from shared.texts import LANGUAGES, Texts

LOOK_S = 0.5
"""How often is looked whether somebody still waits."""
RETRY_S = 30
ENGLISH = Texts("en")


class ReportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One report, or a pack of them: what it is called and for, and as which files there is one."""

    kind: str
    title: str
    about: str
    pack: bool
    formats: list[str]


class ReportsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Those that whoever asks may read."""

    language: str
    reports: list[ReportAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsApi:
    """The handlers and what they need."""

    jobs: Jobs
    sites: Callable[[], Sequence[Site]]
    clock: Clock
    timezone: str
    language: str

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/reports", self.reports),
            web.get("/api/v1/reports/{kind}", self.report, allow_head=False),  # a HEAD would make it for nothing
        ]

    async def reports(self, request: web.Request) -> web.Response:
        language = one_of(request, "lang", LANGUAGES, default=self.language)
        say = Texts(language).say
        found = [
            ReportAnswer(
                kind=kind,
                title=say(f"reports.{kind}"),
                about=say(f"reports.{kind}.about"),
                pack=kind in PACKS,
                formats=list(formats_of(kind)),
            )
            for kind in kinds_for(who_of(request))
        ]
        body = msgspec.json.encode(ReportsAnswer(language=language, reports=found))
        return web.Response(body=body, content_type="application/json")

    async def report(self, request: web.Request) -> web.StreamResponse:
        kind = allowed(request)
        known = formats_of(kind)
        form = one_of(request, "format", known, default="json" if "json" in known else known[0])
        language = one_of(request, "lang", LANGUAGES, default=self.language)
        order = await asyncio.to_thread(self._order, request, kind, form, language)
        try:
            job = self.jobs.add(order, listed=False)
        except Full as full:
            return _later(full)
        try:
            await _ended(job, request)
        finally:
            if not job.state.is_over:
                self.jobs.cancel(job)
        if job.state is not State.DONE or job.path is None:
            raise _refusal(job)
        return handed(request, order, job.path, lambda: self.jobs.forget(job))

    def _order(self, request: web.Request, kind: str, form: str, language: str) -> Order:
        who = who_of(request)
        sites = [site for site in self.sites() if who.sees(site)]
        today = local(self.clock.wall_ms(), self.timezone).date()
        asked: Mapping[str, str] = request.query
        wanted = wanted_of(asked, sites, today, ENGLISH, who)
        return Order(who=who, kind=kind, form=form, language=language, wanted=wanted)


async def _ended(job: Job, request: web.Request) -> None:
    """Until the job is over, or nobody waits for it any more."""
    while not job.over.is_set() and request.transport is not None:
        with suppress(TimeoutError):
            await asyncio.wait_for(job.over.wait(), LOOK_S)


def _refusal(job: Job) -> Refused:
    """Why there is no file."""
    if job.failure is None:
        return Refused(503, "stopped", "this report was not finished: the collector stops, or nobody waited for it")
    said = ENGLISH.say(f"reports_page.failed.{job.failure.why}", detail=job.failure.detail)
    return Refused(job.failure.status, job.failure.why.replace("_", "-"), said)


def _later(full: Full) -> web.Response:
    said = ENGLISH.say(f"reports_page.full.{full.whose}")
    response = problem_response(Refused(429 if full.whose == "own" else 503, "too-many-reports", said).problem)
    response.headers[hdrs.RETRY_AFTER] = str(RETRY_S)
    return response
