"""A collector's faces over a site that was really measured and judged."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import hdrs

from collector.registry import Site
from tests.bookkeeping import DAY, HOUR, MONDAY, SITE, Office
from tests.faces import Faces, faces
from tests.fakes import FakeClock

PASER = replace(SITE, regency="Paser", timezone="Asia/Makassar", contract="K-1")
NOON = MONDAY + 3 * DAY + 4 * HOUR
"""2026-01-08 12:00 WITA: the `now` of these tests."""
Part = Mapping[str, Any]
"""What `Office.deliver` takes; times before NOON."""


def part(from_ago_ms: int, to_ago_ms: int, what: str = "up", **known: Any) -> Part:
    return {"from_ms": NOON - from_ago_ms, "to_ms": NOON - to_ago_ms, "what": what} | known


@asynccontextmanager
async def measured(
    folder: Path, parts: Sequence[Part], site: Site = PASER, heard_ago_ms: int = 0, **settings: object
) -> AsyncIterator[Faces]:
    """Faces at NOON, after `parts` were delivered, `heard_ago_ms` ago, and judged."""
    clock = FakeClock(wall_ms=NOON)
    office = Office(folder, site, file="faces.db", clock=FakeClock(wall_ms=NOON - heard_ago_ms))
    for one in parts:
        office.deliver(**one)
    office.store.close()
    async with faces(folder, clock, **settings) as face:
        await asyncio.to_thread(face.parts.rejudge.load)
        store = face.parts.store
        face.parts.live.set_registry(store.sites(), store.agents())
        await asyncio.to_thread(face.parts.rejudge.settle, [site.code])
        yield face


async def text_of(face: Faces, path: str, status: int = 200, language: str = "en") -> str:
    """The page at `path`."""
    async with face.client.get(path, headers={hdrs.ACCEPT_LANGUAGE: language}) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text
