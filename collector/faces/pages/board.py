"""*Papan*, the board: `/`, every site at a glance, those in trouble first."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from collector.faces.guard import Refused
from collector.faces.pages.shell import PageParts, Reader
from collector.faces.pages.view import SYMBOLS, by_trouble, headline, key_of
from collector.live import SiteNow

ROWS = 100
"""Rows on one page of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asked the board for."""

    q: str
    condition: str
    regency: str
    provider: str
    page: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wanted":
        condition, page = query.get("condition", ""), query.get("page", "1")
        if condition and condition != "down" and condition not in SYMBOLS:
            raise Refused(400, "bad-condition", f"condition is {condition!r}; use one of down, {', '.join(SYMBOLS)}")
        if not (page.isascii() and page.isdigit() and 0 < int(page) < 1_000_000):
            raise Refused(400, "bad-page", f"page is {page!r}; use a number from 1 on")
        return cls(
            q=query.get("q", "").strip()[:80],
            condition=condition,
            regency=query.get("regency", ""),
            provider=query.get("provider", ""),
            page=int(page),
        )

    def matches(self, now: SiteNow) -> bool:
        """Whether `now` passes the filters, the condition aside."""
        site = now.site
        text = f"{site.code} {site.name} {site.opd} {site.district} {site.provider}".casefold()
        return self.q.casefold() in text and self.regency in ("", site.regency) and self.provider in ("", site.provider)

    def shows(self, now: SiteNow) -> bool:
        """Whether `now` is in the condition asked for."""
        return self.condition in ("", key_of(now)) or (self.condition == "down" and now.condition.is_down)


@dataclass(frozen=True, slots=True)
class Board:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/", self.board)]

    async def board(self, request: web.Request) -> web.Response:
        return await self.parts.shell.answer(request, "board", "board.html", self._board)

    def _board(self, reader: Reader) -> Mapping[str, Any]:
        wanted, view = Wanted.of(reader.query), reader.view
        everything = self.parts.sites(reader)
        matching = [now for now in everything if wanted.matches(now)]
        counts = Counter(map(key_of, matching))
        found = sorted((now for now in matching if wanted.shows(now)), key=by_trouble)
        pages = max(1, -(-len(found) // ROWS))
        page = min(wanted.page, pages)
        return {
            "empty": not everything,
            "headline": headline(Counter(map(key_of, everything)), view),
            "total": len(matching),
            "chips": [
                {"key": key, "word": view.word(key), "count": counts[key], "href": reader.again(condition=key, page="")}
                for key in SYMBOLS
                if counts[key] or key == wanted.condition
            ],
            "all_href": reader.again(condition="", page=""),
            "rows": [
                view.row(now, reader.href(f"sites/{now.site.code}")) for now in found[(page - 1) * ROWS : page * ROWS]
            ],
            "regencies": sorted({now.site.regency for now in everything} - {""}),
            "found": len(found),
            "page_number": page,
            "pages": pages,
            "before_href": reader.again(page=page - 1) if page > 1 else "",
            "next_href": reader.again(page=page + 1) if page < pages else "",
            "q": wanted.q,
            "condition": wanted.condition,
            "regency": wanted.regency,
        }
