"""What every page has: the reader's language, who is signed in, and the frame around it.

A page is a class in a module of its own with `routes()`; PAGES in `__init__.py` is the table of them. A handler hands
`Shell.answer` the name of its template and what makes the template's parts; that runs in a thread and may block.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from aiohttp import hdrs, web

from collector.accounting.accounts import Accounts
from collector.accounting.calendars import Calendar
from collector.alerts.deliver import Alerts
from collector.config import CollectorConfig
from collector.faces.guard import Refused, seen_by, up, who_of
from collector.faces.inquiry import Inquiries
from collector.faces.pages.refusals import refusal_parts
from collector.faces.pages.view import ALL_SYMBOLS, View
from collector.faces.report_jobs import Jobs
from collector.figures.totals import Totals
from collector.live import Live, SiteNow
from collector.people import Role, Who
from collector.registry import Site
from collector.reports.press import Press
from collector.reports.writing import html as report_html
from collector.store import Store
from shared.clock import Clock
from shared.texts import LANGUAGES, Texts

TEMPLATES = Path(__file__).parent.parent / "templates"
STATIC = Path(__file__).parent.parent / "static"
LANGUAGE_COOKIE = "kentongan_lang"
A_YEAR_S = 366 * 86_400
CONTENT_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""What the files of pages are."""

NAV = (
    ("board", "", Role.VIEWER),
    ("outages", "outages", Role.VIEWER),
    ("indicators", "indicators", Role.VIEWER),
    ("reports", "reports", Role.VIEWER),
    ("fleet", "fleet", Role.VIEWER),
    ("maintenance", "maintenance", Role.VIEWER),
    ("followups", "followups", Role.VIEWER),
    ("users", "users", Role.ADMINISTRATOR),
)
"""The menu: (name, address, from which role on); `nav.<name>` is the word for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom one answer is made for: language and moment, who they are, and what they asked."""

    view: View
    who: Who
    query: Mapping[str, str]
    home: str
    """The way to the top, relative: a proxy may have put us below a path."""

    def href(self, path: str = "", /, **query: object) -> str:
        """A relative link to `path` of this collector; what is empty in `query` is left out."""
        asked = urlencode({name: str(value) for name, value in query.items() if value not in ("", None)})
        return f"{self.home}{path}" + (f"?{asked}" if asked else "")

    def again(self, path: str = "", /, **changed: object) -> str:
        """`href` with what was asked now, some of it changed; "" leaves something out."""
        return self.href(path, **{**self.query, **changed})


Tell = Callable[[Reader], Mapping[str, Any]]
"""Makes the parts of a page; may block, may raise Refused."""


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _files() -> dict[str, bytes]:
    own = {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.is_file()}
    return own | {"report.css": report_html.style().encode()}  # a report looks the same here as in its own file


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The frame of every page, and the files that pages load: style and script, of our own."""

    config: CollectorConfig
    clock: Clock
    store: Store
    templates: jinja2.Environment = field(default_factory=_environment)
    files: Mapping[str, bytes] = field(default_factory=_files)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the collector stops: answers that last must end."""

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/static/{version}/{name}", self.static)]

    async def static(self, request: web.Request) -> web.Response:
        """A file by the version that its page named; it may be kept for ever."""
        name = request.match_info["name"]
        if name not in self.files:
            raise Refused(404, "unknown-file", f"there is no file {name!r}")
        kind = CONTENT_TYPES[Path(name).suffix]
        response = web.Response(body=self.files[name], content_type=kind, charset="utf-8")
        response.headers[hdrs.CACHE_CONTROL] = f"public, max-age={A_YEAR_S}, immutable"
        response.enable_compression()
        return response

    async def stop(self, _app: web.Application) -> None:
        self.stopping.set()

    def reader(self, request: web.Request) -> Reader:
        """Whom `request` is to be answered for."""
        texts = Texts(language_of(request, self.config.language))
        view = View(texts, self.clock.wall_ms(), self.config.timezone)
        return Reader(view=view, who=who_of(request), query=dict(request.query), home=up(request))

    async def answer(self, request: web.Request, name: str, template: str, tell: Tell) -> web.Response:
        """The page `name` (as in NAV, or any other word): `template` filled with what `tell` makes."""
        reader = self.reader(request)
        try:
            status, parts = 200, await asyncio.to_thread(tell, reader)
        except Refused as refused:
            status, template = refused.problem.status, "refused.html"
            parts = refusal_parts(refused, reader.view.texts, reader.home, reader.query)
        html = self.templates.get_template(template).render(self._frame(name, reader) | dict(parts))
        response = web.Response(text=html, content_type="text/html", status=status)
        response.headers.update(HEADERS)
        if request.query.get("lang") in LANGUAGES:
            response.set_cookie(LANGUAGE_COOKIE, request.query["lang"], max_age=A_YEAR_S, samesite="Lax")
        response.enable_compression()
        return response

    async def refuse(self, request: web.Request, refused: Refused) -> web.Response:
        """The page of what was refused before, or outside of, a page: a form of another day, for example."""
        return await self.answer(request, "refused", "refused.html", lambda _reader: _again(refused))

    def asset(self, home: str, name: str) -> str:
        """The address of one of our files, another one whenever the file is another."""
        return f"{home}static/{hashlib.sha256(self.files[name]).hexdigest()[:12]}/{name}"

    def _frame(self, name: str, reader: Reader) -> dict[str, Any]:
        view = reader.view
        menu = [(key, reader.href(path), key == name) for key, path, role in NAV if reader.who.may(role)]
        return {
            "page": name,
            "lang": view.texts.language,
            "languages": [(code, "?" + urlencode({**reader.query, "lang": code})) for code in LANGUAGES],
            "menu": menu,
            "who": reader.who,
            "href": reader.href,
            "again": reader.again,
            "home": reader.home,
            "may_change": reader.who.may(Role.OPERATOR),
            "csrf": reader.who.csrf,
            "asset": lambda file: self.asset(reader.home, file),
            "made_at": view.at(view.now_ms),
            "province": self.config.province,
            "simulated": self.store.marks.simulated,
            "say": view.texts.say,
            "symbols": ALL_SYMBOLS,
            "count": view.count,
            "open_data": self.config.open_data.enabled,
            "only": reader.who.regency if self.config.open_to_read else "",
        }


def _again(refused: Refused) -> Mapping[str, Any]:
    raise refused


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    hdrs.CACHE_CONTROL: "private, no-cache",
    hdrs.VARY: "Accept-Language, Accept-Encoding, Authorization, Cookie",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParts:
    """What pages are made of; each takes what it needs."""

    shell: Shell
    config: CollectorConfig
    store: Store
    live: Live
    clock: Clock
    accounts: Accounts
    totals: Totals
    inquiries: Inquiries
    calendar_of: Callable[[Site], Calendar]
    alerts: Alerts
    press: Press
    jobs: Jobs

    def sites(self, reader: Reader) -> list[SiteNow]:
        """Every site that is the reader's business and is not closed, by code."""
        return seen_by(reader.who, self.live.sites(reader.view.now_ms))

    def closed(self, reader: Reader) -> list[SiteNow]:
        """Those of the reader's business that are closed, by code."""
        return seen_by(reader.who, self.live.closed(reader.view.now_ms))

    def registered(self, reader: Reader) -> dict[str, Site]:
        """All of them, closed or not, by code: for what looks back."""
        return {site.code: site for site in self.live.registered() if reader.who.sees(site)}

    def site(self, reader: Reader, code: str) -> SiteNow:
        """One of them; Refused if there is none, also if it is another regency's: its existence is not told."""
        found = self.live.site(code, reader.view.now_ms)
        if found is None or not reader.who.sees(found.site):
            raise Refused(404, "unknown-site", reader.view.texts.say("page.unknown_site", code=code))
        return found


def done(request: web.Request, path: str) -> web.HTTPSeeOther:
    """After a form: the browser goes on to `path`, so that loading again sends nothing twice."""
    return web.HTTPSeeOther(up(request) + path)


def language_of(request: web.Request, default: str) -> str:
    """`?lang=`, else what was chosen before, else the first language of the browser that we speak, else `default`."""
    browser = request.headers.get(hdrs.ACCEPT_LANGUAGE, "").split(",")
    chosen = (request.query.get("lang", ""), request.cookies.get(LANGUAGE_COOKIE, ""))
    asked = [*chosen, *(tag.partition(";")[0].strip().lower()[:2] for tag in browser)]
    return next((language for language in asked if language in LANGUAGES), default)
