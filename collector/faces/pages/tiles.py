"""Pure: the board: each site a tile with a place that stays, in groups; what a tile says, and what is in trouble."""

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from collector.faces.pages.view import SYMBOLS, View, key_of
from collector.live import SiteNow

MAX_TILES = 2500
"""Tiles on one page: what a phone lays out at once, and well below 100 KB. Where there are more sites, every group
shows how many are in what condition, and only its sites in trouble as tiles; its own board has the others."""
TROUBLE = 6
"""Sites in the list of what is wrong now; the table has the others."""
CALM = ("up", "unobserved")
"""What a board with many sites does not show as tiles."""
OPD = "opd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One site: `key` of SYMBOLS, and in words what it is and how it is."""

    code: str
    key: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The sites of one regency, of one district or of the OPD. `name` empty: of none; `kind`: those of this kind."""

    name: str
    kind: str
    total: int
    tiles: Sequence[Tile]
    counts: Sequence[tuple[str, int]]
    """Only where the tiles are not all: (key, how many), the worst first."""
    hidden: int
    """Sites in trouble that have no tile either."""


def label_of(now: SiteNow, view: View) -> str:
    """`Long Iram Bayan (Long Iram), jalur penyedia putus sejak 10:32 WITA`: names alone repeat."""
    site, key, say = now.site, key_of(now), view.texts.say
    name = f"{site.name} ({site.district})" if site.district else site.name
    word = view.word(key)
    if now.excluded:
        word = say("board.excluded", word=word)
    if key in CALM or not now.since_ms:
        return say("board.tile", name=name, word=word)
    return say("board.tile_since", name=name, word=word, since=replace(view, timezone=site.timezone).at(now.since_ms))


def tile_of(now: SiteNow, view: View) -> Tile:
    return Tile(code=now.site.code, key=look_of(now), label=label_of(now, view))


def look_of(now: SiteNow) -> str:
    """The classes of a tile: the key, and whether it is under maintenance."""
    return f"{key_of(now)} kept" if now.excluded else key_of(now)


def groups_of(found: Sequence[SiteNow], by_district: bool, view: View) -> list[Group]:
    """`found`, which is by code, in groups: the OPD first, then the others in the order of their codes."""
    groups: dict[tuple[str, str], list[SiteNow]] = {(OPD, ""): []}
    for now in found:
        site = now.site
        of = (OPD, "") if site.kind == OPD else ("", site.district if by_district else site.regency)
        groups.setdefault(of, []).append(now)
    sizes = [of for of in groups if groups[of]]
    share = None if len(found) <= MAX_TILES else max(3, MAX_TILES // len(sizes))
    return [_group(kind, name, groups[kind, name], share, view) for kind, name in sizes]


def _group(kind: str, name: str, sites: Sequence[SiteNow], share: int | None, view: View) -> Group:
    """`share`: how many tiles it may have; None: all."""
    counts = Counter(map(key_of, sites))
    shown = sites if share is None else [now for now in sites if key_of(now) not in CALM]
    return Group(
        name=name,
        kind=kind,
        total=len(sites),
        tiles=[tile_of(now, view) for now in shown[:share]],
        counts=() if share is None else [(key, counts[key]) for key in SYMBOLS if counts[key]],
        hidden=len(shown[share:]) if share is not None else 0,
    )


def in_trouble(found: Iterable[SiteNow]) -> list[SiteNow]:
    """What is down, then what says nothing, in each the newest first; what is under maintenance troubles nobody."""
    troubled = (now for now in found if (now.condition.is_down or now.silent) and not now.excluded)
    return sorted(troubled, key=lambda now: (now.silent, -now.since_ms, now.site.code))


def looks_of(sites: Iterable[SiteNow]) -> dict[str, str]:
    """What every tile looks like now, by code."""
    return {now.site.code: look_of(now) for now in sites}


def state_of(looks: dict[str, str]) -> str:
    """A word that is another one as soon as any tile is another one."""
    return f"{zlib.crc32(repr(sorted(looks.items())).encode()):08x}"
