"""Pages in a real Chromium: a collector's faces in a thread of their own, and what a browser says of a page."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any, TypeVar

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from collector.app import main as collector
from collector.faces.guard import COOKIE
from collector.upkeep import Upkeep
from shared.clock import SystemClock
from tests.daemons import found
from tests.faces import Faces, faces
from tests.fakes import FakeClock

T = TypeVar("T")

START_S = 300.0
"""Bounds a failure; ten thousand sites take their time on a busy machine."""
WIDTHS = (360, 1440)
HEIGHTS = {360: 740, 1440: 900}
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SIMULATED = 'province = "Kalimantan Timur (simulasi)"\nstore = "sqlite:///faces.db"\n'


@dataclass(frozen=True, slots=True)
class Served:
    """A collector that answers at `url`, in a thread of its own."""

    url: str
    face: Faces
    loop: asyncio.AbstractEventLoop

    def call(self, ask: Callable[[Faces], T]) -> T:
        """What `ask` answers, in the thread of the server."""

        async def asked() -> T:
            return ask(self.face)

        return asyncio.run_coroutine_threadsafe(asked(), self.loop).result(START_S)


@contextmanager
def served(folder: Path, prepare: Callable[[Faces], Awaitable[None]], now_ms: int, **settings: Any) -> Iterator[Served]:
    """Faces over `folder`/faces.db, prepared; their clock stands at `now_ms`."""
    ready: Queue[Served | BaseException] = Queue()
    over = threading.Event()

    async def serve() -> None:
        async with faces(folder, FakeClock(wall_ms=now_ms), **settings) as face:
            await prepare(face)
            ready.put(Served(str(face.client.make_url("")).rstrip("/"), face, asyncio.get_running_loop()))
            await asyncio.to_thread(over.wait)

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # the thread's boundary: the test must hear of it
            ready.put(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        answer = ready.get(timeout=START_S)
        if isinstance(answer, BaseException):
            raise answer
        yield answer
    finally:
        over.set()
        thread.join(30)


def simulated(folder: Path, *, sites: int, days: int) -> int:
    """A simulated province in `folder`/faces.db, and the time at which it ends."""
    (folder / "collector.toml").write_text(SIMULATED)
    now_ms = SystemClock().wall_ms()
    argv = ["simulate", "--sites", str(sites), "--days", str(days), "--until-now", "--seed", "64", "--yes"]
    assert collector([*argv, "--config", str(folder / "collector.toml")]) == 0
    return now_ms + 5_000


async def as_it_ran(face: Faces) -> None:
    """What the background work of a running collector would have done."""
    parts = face.parts
    await asyncio.to_thread(parts.rejudge.load)
    await asyncio.to_thread(parts.rejudge.judge_touched)
    upkeep = Upkeep(
        store=parts.store,
        live=parts.live,
        tokens=parts.tokens,
        alerts=parts.alerts,
        accounts=parts.accounts,
        board=parts.board,
        clock=face.clock,
    )
    await upkeep.refresh()
    await upkeep.cover()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of Debian; the test is skipped, or fails in CI, without it."""
    program = found("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def context_of(browser: Browser, served: Served, width: int, session: str = "", **more: Any) -> BrowserContext:
    """A browser window of that width; `session`: the secret of who signed in."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHTS[width]}, locale="id-ID", **more)
    context.set_default_timeout(60_000)
    if session:
        context.add_cookies([{"name": COOKIE, "value": session, "url": served.url}])
    return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a browser says of one page."""

    violations: tuple[str, ...]
    complaints: tuple[str, ...]
    """Errors on the console, and requests that failed."""
    too_wide_px: int
    """How far the page reaches beyond the window."""
    bytes: int
    """Transferred for the page and all its files, compressed."""
    load_ms: float
    status: int


def look(page: Page, url: str, picture: Path | None = None) -> Look:
    """Loads `url` and looks at it from all sides."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda asked: complaints.append(f"{asked.url}: {asked.failure}"))
    answer = page.goto(url, wait_until="load")
    assert answer
    measured = page.evaluate(MEASURED)
    if picture:
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=picture, full_page=True)
    return Look(
        violations=violations(page),
        complaints=tuple(complaints),
        too_wide_px=measured["wide"],
        bytes=measured["bytes"],
        load_ms=measured["ms"],
        status=answer.status,
    )


MEASURED = """() => {
  const [page] = performance.getEntriesByType("navigation"), files = performance.getEntriesByType("resource");
  return {
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    bytes: [page, ...files].reduce((sum, one) => sum + one.transferSize, 0),
    ms: page.loadEventEnd - page.startTime,
  };
}"""


def violations(page: Page) -> tuple[str, ...]:
    """What axe-core finds against WCAG 2.2 AA and its own best practice, each with the first places."""
    page.evaluate(AXE_SCRIPT)
    said = page.evaluate("rules => axe.run(document, {runOnly: rules})", list(RULES))
    return tuple(
        f"{one['id']} ({one['impact']}, {len(one['nodes'])} times): {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in said["violations"]
    )
