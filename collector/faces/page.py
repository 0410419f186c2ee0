"""The page for people: `/` all sites, those in trouble first, and `/sites/{code}`. No script, nothing from outside."""

import asyncio
import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from aiohttp import hdrs, web
from markupsafe import Markup

from collector.config import CollectorConfig
from collector.faces.api import opening_of, outages_of, site_detail, whole_number
from collector.faces.guard import Refused
from collector.faces.view import DAY_MS, SYMBOLS, Story, View, by_trouble, headline, key_of, site_parts
from collector.judging.judge import SITE
from collector.live import Live, SiteNow
from collector.store import Store
from shared.clock import Clock
from shared.texts import LANGUAGES, Texts

ROWS = 100
"""Rows on one page of the table."""
MAX_PAGE = 1_000_000
REFRESH_S = 30
TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asked the overview for."""

    q: str
    condition: str
    regency: str
    provider: str
    page: int

    @classmethod
    def of(cls, request: web.Request) -> "Wanted":
        query = request.query
        condition = query.get("condition", "")
        if condition and condition != "down" and condition not in SYMBOLS:
            raise Refused(400, "bad-condition", f"condition is {condition!r}; use one of down, {', '.join(SYMBOLS)}")
        return cls(
            q=query.get("q", "").strip()[:80],
            condition=condition,
            regency=query.get("regency", ""),
            provider=query.get("provider", ""),
            page=whole_number(request, "page", default=1, most=MAX_PAGE),
        )

    def matches(self, now: SiteNow) -> bool:
        """Whether `now` passes the filters, the condition aside."""
        site = now.site
        text = f"{site.code} {site.name} {site.opd} {site.district} {site.provider}".casefold()
        return self.q.casefold() in text and self.regency in ("", site.regency) and self.provider in ("", site.provider)

    def shows(self, now: SiteNow) -> bool:
        """Whether `now` is in the condition asked for."""
        return self.condition in ("", key_of(now)) or (self.condition == "down" and now.condition.is_down)


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The handlers and what they need."""

    store: Store
    live: Live
    clock: Clock
    config: CollectorConfig
    templates: jinja2.Environment = field(default_factory=_environment)
    css: str = field(default_factory=lambda: (TEMPLATES / "page.css").read_text(encoding="utf-8").strip())

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/", self.overview), web.get("/sites/{code}", self.site)]

    async def overview(self, request: web.Request) -> web.Response:
        return await self._answer(request, "./", self._overview)

    async def site(self, request: web.Request) -> web.Response:
        return await self._answer(request, "../", self._site)

    async def _answer(self, request: web.Request, home: str, tell: Callable[[web.Request, View], Any]) -> web.Response:
        """Finds the language, lets `tell` make the parts of the page, and turns a refusal into a page too."""
        view = View(Texts(language_of(request, self.config.language)), self.clock.wall_ms(), self.config.timezone)
        try:
            status, (template, parts) = 200, await asyncio.to_thread(tell, request, view)
        except Refused as refused:
            status, template, parts = refused.problem.status, "refused.html", {"problem": refused.problem}
        shell = {
            "lang": view.texts.language,
            "languages": [(code, _href(request.query, lang=code)) for code in LANGUAGES],
            "home": home + _href({}, lang=request.query.get("lang", ""), bare=""),
            "refresh": REFRESH_S if status == 200 else 0,
            "made_at": view.at(view.now_ms),
            "province": self.config.province,
            "simulated": self.store.marks.simulated,
            "css": Markup(self.css),  # noqa: S704  our own file, part of the package
            "say": view.texts.say,
            "symbols": SYMBOLS,
        }
        html = self.templates.get_template(template).render(shell | parts)
        response = web.Response(text=html, content_type="text/html", status=status)
        response.headers.update(self._headers())
        response.enable_compression()
        return response

    def _headers(self) -> dict[str, str]:
        digest = base64.b64encode(hashlib.sha256(self.css.encode()).digest()).decode()
        return {
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'",
            hdrs.CACHE_CONTROL: "private, no-cache",
            hdrs.VARY: "Accept-Language, Accept-Encoding, Authorization",
        }

    def _overview(self, request: web.Request, view: View) -> tuple[str, dict[str, Any]]:
        wanted = Wanted.of(request)
        everything = self.live.sites(view.now_ms)
        matching = [now for now in everything if wanted.matches(now)]
        counts = Counter(map(key_of, matching))
        found = sorted((now for now in matching if wanted.shows(now)), key=by_trouble)
        pages = max(1, -(-len(found) // ROWS))
        page = min(wanted.page, pages)
        href = partial(_href, request.query)
        tail = _href({}, lang=request.query.get("lang", ""), bare="")
        return "overview.html", {
            "empty": not everything,
            "headline": headline(Counter(map(key_of, everything)), view),
            "total": len(matching),
            "chips": [
                {"key": key, "word": view.word(key), "count": counts[key], "href": href(condition=key, page="")}
                for key in SYMBOLS
                if counts[key] or key == wanted.condition
            ],
            "all_href": href(condition="", page=""),
            "rows": [view.row(now, f"sites/{now.site.code}{tail}") for now in found[(page - 1) * ROWS : page * ROWS]],
            "regencies": sorted({now.site.regency for now in everything} - {""}),
            "found": len(found),
            "page": page,
            "pages": pages,
            "before_href": href(page=page - 1) if page > 1 else "",
            "next_href": href(page=page + 1) if page < pages else "",
            "q": wanted.q,
            "condition": wanted.condition,
            "regency": wanted.regency,
            "chosen_lang": request.query.get("lang", ""),
        }

    def _site(self, request: web.Request, view: View) -> tuple[str, dict[str, Any]]:
        code = request.match_info["code"]
        now = self.live.site(code, view.now_ms)
        if now is None:
            raise Refused(404, "unknown-site", view.texts.say("page.unknown_site", code=code))
        view = replace(view, timezone=now.site.timezone)
        return "site.html", site_parts(story_of(self.store, now, view.now_ms), view)


def story_of(store: Store, now: SiteNow, now_ms: int) -> Story:
    """Everything that the page of one site tells (blocks)."""
    code, from_ms = now.site.code, now_ms - 7 * DAY_MS
    return Story(
        now=now,
        detail=site_detail(store, now, now_ms),
        opening=opening_of(store, code, from_ms),
        flips=store.flips(code, from_ms, now_ms, SITE),
        outages=outages_of(store, [code], from_ms, now_ms, now_ms),
    )


def language_of(request: web.Request, default: str) -> str:
    """`?lang=`, else the first language of the browser that we speak, else `default`."""
    browser = request.headers.get(hdrs.ACCEPT_LANGUAGE, "").split(",")
    asked = [request.query.get("lang", ""), *(tag.partition(";")[0].strip().lower()[:2] for tag in browser)]
    return next((language for language in asked if language in LANGUAGES), default)


def _href(query: Mapping[str, str], *, bare: str = "./", **changed: object) -> str:
    """`query` with some parameters changed, as a relative link; "" removes one."""
    parameters = {name: str(value) for name, value in {**query, **changed}.items() if value != ""}
    return f"?{urlencode(parameters)}" if parameters else bare
