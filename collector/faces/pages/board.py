"""*Papan*, the board: `/`, every site a tile; `?view=table`: the same sites as a table, those in trouble first."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from collector.acts import value_of
from collector.faces.pages.paging import Sheet, wanted_page
from collector.faces.pages.refusals import Unfit
from collector.faces.pages.shell import PageParts, Reader
from collector.faces.pages.tiles import MAX_TILES, TROUBLE, groups_of, in_trouble, looks_of, state_of
from collector.faces.pages.view import SYMBOLS, by_trouble, headline, key_of
from collector.live import SiteNow
from collector.registry import KINDS, Medium

ROWS = 100
"""Rows on one page of the table."""
PACE_MS = 3000
"""How often at most a live page asks for what stands above its tiles, and how much more seldom for each site that there
is: a hundred browsers ask at the same change."""
PACE_MS_A_SITE = 2
FACETS = ("regency", "opd", "provider", "medium", "kind")
"""What sites are told apart by, beside condition and words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asked the board for. `of`: (facet, value) for each of FACETS that they chose."""

    q: str
    condition: str
    of: tuple[tuple[str, str], ...]
    table: bool
    closed: bool
    """Those that are closed, instead of all others; in a table alone."""
    page: int

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> "Wanted":
        condition = query.get("condition", "")
        if condition and condition != "down" and condition not in SYMBOLS:
            raise Unfit("condition", condition, ("down", *SYMBOLS))
        page = wanted_page(query.get("page", "1"))
        return cls(
            q=query.get("q", "").strip()[:80],
            condition=condition,
            of=tuple((facet, query[facet]) for facet in FACETS if query.get(facet)),
            table=query.get("view") == "table",
            closed=query.get("view") == "table" and query.get("closed") == "1",
            page=page,
        )

    def matching(self, sites: Sequence[SiteNow]) -> Sequence[SiteNow]:
        """Those of `sites` that pass the filters, the condition aside."""
        for facet, value in self.of:
            sites = [now for now in sites if value_of(now.site, facet) == value]
        return [now for now in sites if self.q.casefold() in _said_of(now)] if self.q else sites

    @property
    def narrow(self) -> bool:
        """Whether anything was asked for but the condition."""
        return bool(self.of or self.q)

    def shows(self, now: SiteNow) -> bool:
        """Whether `now` is in the condition asked for."""
        return self.condition in ("", key_of(now)) or (self.condition == "down" and now.condition.is_down)


def _said_of(now: SiteNow) -> str:
    """Where a search looks."""
    site = now.site
    return f"{site.code} {site.name} {site.opd} {site.district} {site.provider}".casefold()


@dataclass(frozen=True, slots=True)
class Board:
    """The handlers and what they need."""

    parts: PageParts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/", self.board)]

    async def board(self, request: web.Request) -> web.Response:
        """`?part=summary` is what stands above the tiles, alone: what the script asks for when tiles changed."""
        template = "board_part.html" if request.query.get("part") == "summary" else "board.html"
        return await self.parts.shell.answer(request, "board", template, self._board)

    def _board(self, reader: Reader) -> Mapping[str, Any]:
        wanted, present, closed = Wanted.asked(reader.query), self.parts.sites(reader), self.parts.closed(reader)
        everything = closed if wanted.closed else present
        matching = wanted.matching(everything)
        found = [now for now in matching if wanted.shows(now)] if wanted.condition else matching
        body = _table(wanted, found, reader) if wanted.table else _tiles(wanted, found, reader)
        return {
            "empty": not (present or closed),
            "state": state_of(looks_of(present)),
            "found": len(found),
            "table": wanted.table,
            "closed": wanted.closed,
            "n_closed": len(wanted.matching(closed)),
            "closed_href": _again(reader, view="table", closed="1", condition=""),
            "pace_ms": PACE_MS + PACE_MS_A_SITE * len(present),
            **_summary(wanted, matching, len(closed), reader),
            **_trouble(found, reader),
            **_filters(wanted, everything, reader),
            **body,
        }


def _summary(wanted: Wanted, matching: Sequence[SiteNow], n_closed: int, reader: Reader) -> dict[str, Any]:
    """The sentence above all, and how many sites are in what condition. Where all are closed, none is found."""
    view, counts = reader.view, Counter(map(key_of, matching))
    told = view.texts.say("board.closed", n=view.count(len(matching))) if wanted.closed else headline(counts, view)
    return {
        "headline": told if matching or not (wanted.narrow or n_closed) else view.texts.say("page.none_found"),
        "down": sum(now.condition.is_down for now in matching),
        "total": len(matching),
        "all_href": _again(reader, condition=""),
        "chips": [
            {"key": key, "word": view.word(key), "count": counts[key], "href": _again(reader, condition=key)}
            for key in SYMBOLS
            if counts[key] or key == wanted.condition
        ],
        "tiles_href": _again(reader, view="", closed=""),
        "table_href": _again(reader, view="table"),
    }


def _trouble(found: Iterable[SiteNow], reader: Reader) -> dict[str, Any]:
    troubled = in_trouble(found)
    return {
        "trouble": [reader.view.row(now, reader.href(f"sites/{now.site.code}")) for now in troubled[:TROUBLE]],
        "more_trouble": max(0, len(troubled) - TROUBLE),
        "trouble_href": _again(reader, view="table"),
    }


def _filters(wanted: Wanted, everything: Sequence[SiteNow], reader: Reader) -> dict[str, Any]:
    """The fields of the form, and what was chosen, each with the way to leave it out again."""
    chosen = dict(wanted.of)
    return {
        "q": wanted.q,
        "condition": wanted.condition,
        "facets": [
            {"name": facet, "chosen": chosen.get(facet, ""), "options": _options(facet, everything, reader)}
            for facet in FACETS
        ],
        "chosen": [
            {"word": _word_of(facet, value, reader), "href": _again(reader, **{facet: ""})}
            for facet, value in wanted.of
        ],
    }


def _options(facet: str, sites: Iterable[SiteNow], reader: Reader) -> list[tuple[str, str]]:
    """(value, word) of every value that a site has."""
    values = sorted({value_of(now.site, facet) for now in sites} - {""})
    return [(value, _word_of(facet, value, reader)) for value in values]


def _word_of(facet: str, value: str, reader: Reader) -> str:
    """`value` in words; what stands in the address bar need not be the value of any site."""
    if facet == "medium" and value in tuple(Medium):
        return reader.view.texts.say(f"medium.{value}")
    if facet == "kind" and value in KINDS:
        return reader.view.texts.say(f"board.kind.{value}")
    return value


def _tiles(wanted: Wanted, found: Sequence[SiteNow], reader: Reader) -> dict[str, Any]:
    by_district = bool(reader.who.regency) or "regency" in dict(wanted.of)
    view = reader.view
    return {
        "groups": [
            {
                "group": group,
                "href": _again(reader, kind=group.kind) if group.kind else _again(reader, regency=group.name),
                "linked": bool(group.kind or (group.name and not by_district)),
                "counts": [(key, view.word(key), n) for key, n in group.counts],
            }
            for group in groups_of(found, by_district, view)
        ],
        "by_district": by_district,
        "folded": len(found) > MAX_TILES,
        "sites_href": reader.href("sites/"),
    }


def _table(wanted: Wanted, found: Sequence[SiteNow], reader: Reader) -> dict[str, Any]:
    sheet = Sheet.of(wanted.page, len(found), ROWS)
    rows = sorted(found, key=by_trouble)[sheet.span]
    return {
        "rows": [reader.view.row(now, reader.href(f"sites/{now.site.code}")) for now in rows],
        **sheet.parts,
    }


def _again(reader: Reader, **changed: str) -> str:
    """The same board, some of it changed; from the first page of the table on."""
    return reader.again(**{"page": "", "part": "", **changed})
