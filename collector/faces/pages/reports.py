"""Reports: `/reports`: what there is, and the files one ordered; `/reports/{kind}`: one of them, to be read;
`/reports/jobs/{job}`: a file that is being made, and then the file.

report_view.py (pure): how they are told. What is asked, made and handed out: faces/report_wanted.py, report_jobs.py,
report_files.py.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from aiohttp import web
from markupsafe import Markup

from collector.faces.guard import Refused, same_origin, who_of
from collector.faces.pages import report_view
from collector.faces.pages.forms import Form, filled, once_more
from collector.faces.pages.refusals import Unfit
from collector.faces.pages.shell import PageParts, Reader, done
from collector.faces.report_files import handed
from collector.faces.report_jobs import Full, Job, State
from collector.faces.report_wanted import Order, allowed, formats_of, kinds_for, site_days, wanted_of
from collector.figures.periods import local
from collector.registry import Site
from collector.reports.kinds import PACKS, REPORTS
from collector.reports.source import Wanted
from collector.reports.writing.html import fragment
from shared.texts import LANGUAGES

MOST_SITE_DAYS = 60_000
"""What is more to add up takes longer than anybody waits for a page: it is made as a file, with its progress."""
ROWS_SHOWN = 50
"""Of each table on the page; the files have them all."""
SOON_S = 1.0
"""Most files are there by then: who ordered one finds it ready on the next page."""
FILES_COOKIE = "kentongan_files"
"""The ids of the files that somebody without a name ordered in this browser."""
MOST_REMEMBERED = 8


class ReportsPage:
    """The handlers and what they need. Reports are made one at a time, and remembered for a minute; they take seconds,
    so that who asks for figures does not wait for their turn."""

    def __init__(self, parts: PageParts) -> None:
        self.parts = parts
        self._inquiries = replace(parts.inquiries, turn=asyncio.Lock(), _made={})

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/reports", self.reports),
            web.post("/reports/jobs", self.order),
            web.get(r"/reports/{kind:\w+}", self.report),
            web.get("/reports/jobs/{job}", self.job),
            web.get("/reports/jobs/{job}/file", self.file),
            web.post("/reports/jobs/{job}/cancel", self.cancel),
        ]

    async def reports(self, request: web.Request) -> web.Response:
        mine, form = self._mine(request), _asked(request)
        return await self.parts.shell.answer(
            request, "reports", "reports.html", lambda reader: self._desk(reader, form, mine)
        )

    async def report(self, request: web.Request) -> web.Response:
        known, kind = kinds_for(who_of(request)), request.match_info["kind"]
        if kind not in (*REPORTS, *PACKS):
            raise Unfit("report", kind, known, path="reports", status=404)
        kind = allowed(request)
        async with self._inquiries.turn:
            return await self.parts.shell.answer(
                request, "reports", "report.html", lambda reader: self._report(reader, kind)
            )

    async def order(self, request: web.Request) -> web.Response:
        """On to the page of the file, or of the report."""
        self._checked(request)
        form = await filled(request)
        reader = self.parts.shell.reader(request)
        order = await asyncio.to_thread(self._order, reader, form)
        if order and form.value("do") == "look":
            raise done(request, report_view.path_of(order))
        if order:
            try:
                raise await self._started(request, order)
            except Full as full:
                form.mistakes["do"] = reader.view.texts.say(f"reports_page.full.{full.whose}")
        mine = self._mine(request)
        return once_more(
            await self.parts.shell.answer(
                request, "reports", "reports.html", lambda again: self._desk(again, form, mine)
            )
        )

    async def job(self, request: web.Request) -> web.Response:
        job = self._job(request)
        before = self.parts.jobs.before(job) if job else 0

        def tell(reader: Reader) -> Mapping[str, Any]:
            if job is None:
                raise Refused(404, "unknown-file", reader.view.texts.say("reports_page.gone"))
            return {"job": report_view.job_row(job, reader, before, self._keep_hours), "cancelling": job.stop.is_set()}

        return await self.parts.shell.answer(request, "reports", "report_job.html", tell)

    async def file(self, request: web.Request) -> web.StreamResponse:
        job = self._job(request)
        if job is None or job.state is not State.DONE or job.path is None:
            said = self.parts.shell.reader(request).view.texts.say("reports_page.gone")
            raise Refused(404, "unknown-file", said)
        return handed(request, job.order, job.path)

    async def cancel(self, request: web.Request) -> web.Response:
        self._checked(request)
        job = self._job(request)
        if job is None:
            raise Refused(404, "unknown-file", self.parts.shell.reader(request).view.texts.say("reports_page.gone"))
        self.parts.jobs.cancel(job)
        raise done(request, f"reports/jobs/{job.id}")

    @property
    def _keep_hours(self) -> float:
        return self.parts.config.reports.keep_hours

    def _checked(self, request: web.Request) -> None:
        """Refused if a page of somebody else sends this form: who has a session proves it by the form itself."""
        if not who_of(request).csrf and not same_origin(request, self.parts.config.url):
            raise Refused(403, "bad-csrf", "this form was sent by another page")

    def _job(self, request: web.Request) -> Job | None:
        return self.parts.jobs.find(request.match_info["job"], who_of(request))

    def _mine(self, request: web.Request) -> list[Job]:
        return self.parts.jobs.of(who_of(request), _known(request))

    async def _started(self, request: web.Request, order: Order) -> web.HTTPSeeOther:
        """To the page of the file, which may be there already. Raises Full."""
        job = self.parts.jobs.add(order)
        with suppress(TimeoutError):
            await asyncio.wait_for(job.over.wait(), SOON_S)
        onward = done(request, f"reports/jobs/{job.id}")
        if not order.who.name:
            known = ".".join([job.id, *_known(request)][:MOST_REMEMBERED])
            age_s = round(self._keep_hours * 3600)
            onward.set_cookie(FILES_COOKIE, known, max_age=age_s, httponly=True, samesite="Lax")
        return onward

    def _sites(self, reader: Reader) -> list[Site]:
        return [site for site in self.parts.store.sites() if reader.who.sees(site)]

    def _wanted(self, reader: Reader, asked: Mapping[str, str]) -> Wanted:
        today = local(reader.view.now_ms, self.parts.config.timezone).date()
        return wanted_of(asked, self._sites(reader), today, reader.view.texts, reader.who)

    def _desk(self, reader: Reader, form: Form, mine: Sequence[Job]) -> Mapping[str, Any]:
        """What there is, the form, and the files that were ordered."""
        today = local(reader.view.now_ms, self.parts.config.timezone).date()
        return {
            "form": form,
            "kinds": report_view.kinds(kinds_for(reader.who), reader.view.texts),
            "kept_back": report_view.kept_back(kinds_for(reader.who), reader),
            "formats": report_view.formats(reader.view.texts),
            "jobs": [report_view.job_row(job, reader, 0, self._keep_hours) for job in mine],
            **report_view.choices(self._sites(reader), today, reader, form),
        }

    def _order(self, reader: Reader, form: Form) -> Order | None:
        """What the form asks for; None if something in it is wrong, which the form then says."""
        texts = reader.view.texts
        kind = form.one_of("kind", kinds_for(reader.who), texts)
        if not form.good:
            return None
        known = formats_of(kind)
        form_at = known[0] if kind in PACKS else form.one_of("format", known, texts)
        language = form.one_of("language", LANGUAGES, texts)
        try:
            wanted = self._wanted(reader, report_view.asked_by(form))
        except Refused as refused:
            form.mistakes[report_view.field_of(refused.problem.type, form)] = refused.problem.detail
            return None
        if not form.good:
            return None
        return Order(who=reader.who, kind=kind, form=form_at, language=language, wanted=wanted)

    def _report(self, reader: Reader, kind: str) -> Mapping[str, Any]:
        """On the page itself, unless it is too much for one."""
        texts = reader.view.texts
        wanted = self._wanted(reader, report_view.with_period(reader, self.parts.config.timezone))
        large = kind in PACKS or site_days(wanted, reader.view.now_ms) > MOST_SITE_DAYS
        shown = None if large else self._shown(reader, kind, wanted)
        return {
            "kind": kind,
            "is_pack": kind in PACKS,
            "shown": shown,
            "formats": report_view.formats(texts, formats_of(kind)),
            **report_view.around(kind, wanted, reader, self.parts.config.timezone),
        }

    def _shown(self, reader: Reader, kind: str, wanted: Wanted) -> report_view.Shown:
        """The report as HTML, up to a minute old."""
        language = reader.view.texts.language
        asked = (kind, language, reader.who.name, wanted.period, wanted.scope, wanted.of, tuple(wanted.sites))

        def make() -> report_view.Shown:
            source = self.parts.press.source(wanted, language)
            document, cut = report_view.cut(REPORTS[kind].make(source), ROWS_SHOWN, source.texts)
            return report_view.Shown(Markup("".join(fragment(document, source.texts))), cut)  # noqa: S704  it escapes by itself

        return self._inquiries.recall(("report", *asked), make)


def _asked(request: web.Request) -> Form:
    """The form before anything is typed into it: a link may choose the report. Raises Unfit if there is none such."""
    kind, known = request.query.get("kind", ""), kinds_for(who_of(request))
    if kind and kind not in (*REPORTS, *PACKS):
        raise Unfit("kind", kind, known)
    return Form({"kind": [kind]} if kind in known else {})


def _known(request: web.Request) -> list[str]:
    """The files that this browser ordered, if it was told so."""
    return [name for name in request.cookies.get(FILES_COOKIE, "").split(".")[:MOST_REMEMBERED] if name]
