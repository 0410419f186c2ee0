"""Every page in a real Chromium, on a phone and on a desk, with a simulated province and with 10,000 sites."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from aiohttp import hdrs

from collector.acts import Exclusion, ExclusionKind
from collector.condition import Condition
from collector.faces.guard import COOKIE
from collector.faces.pages.refusals import MACHINES
from collector.faces.report_wanted import Order
from collector.faces.server import JOBS, application
from collector.figures.periods import local, parse
from collector.followups import FollowUp
from collector.judging.judge import SITE
from collector.live import Judged
from collector.people import Role, Who
from collector.registry import Site
from collector.reports.source import Wanted
from tests.browser import WIDTHS, Served, as_it_ran, chromium, context_of, look, served, simulated
from tests.faces import HOUR, Faces, _flip

pytestmark = pytest.mark.peers

PICTURES = os.environ.get("KENTONGAN_PICTURES", "")
"""A folder to keep a picture of every page in, for who wants to look at them."""
VIEWS = list(product(WIDTHS, ("light", "dark"))) if PICTURES else [(360, "dark"), (1440, "light")]
"""Colours do not depend on the width: two of the four say it all."""
FIRST_LOAD_BYTES = 100_000
MANY = 10_000
MANY_PATHS = (
    "/",
    "/?view=table",
    "/?regency=Kabupaten+0",
    "/outages",
    "/outages?period=30d&order=longest",
    "/maintenance",
    "/followups",
    "/indicators",
    "/reports",
    "/fleet",
    "/open",
)
"""What grows with the number of sites."""
OPEN = {"enabled": True, "publisher": "Diskominfo", "kinds": ["village", "service", "opd"]}
"""Settings of the public view."""


FALLEN = Site(code="", name="", kind="village", regency="Kutai Timur", district="Kecamatan putus", provider="Icon+")
"""Sites that went down together."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """60 sites with five days behind them."""
    folder = tmp_path_factory.mktemp("province")
    now_ms = simulated(folder, sites=60, days=5)

    async def prepare(face: Faces) -> None:
        await as_it_ran(face)
        face.sign_in(Role.ADMINISTRATOR)
        said(face)

    with served(folder, prepare, now_ms, province="Kalimantan Timur", open_data=OPEN) as found:
        yield found


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """10,000 sites, one in thirty of them in trouble."""
    sites = [
        Site(
            code=f"{11 + n % 38}.{n // 38 % 90:02}.{n % 97:02}.{2001 + n}",
            name=f"Desa nomor {n}",
            kind="village",
            regency=f"Kabupaten {n % 38}",
            district=f"Kecamatan {n % 97}",
            provider=f"Penyedia {n % 7}",
        )
        for n in range(MANY)
    ]

    async def prepare(face: Faces) -> None:
        face.know(*sites)
        for n, site in enumerate(sites):
            now = Condition.UP if n % 30 else list(Condition)[1 + n // 30 % 8]
            flip = _flip(site, face.clock.wall_ms() - HOUR, "unobserved", now)
            if now is not Condition.UP:
                face.history(site, (5 * HOUR, "up"), (HOUR, now.value))
            ends_ms = face.clock.wall_ms() + HOUR
            face.parts.live.judged(site.code, Judged(standing=flip, groups={}, ends_ms=ends_ms))
        face.sign_in(Role.ADMINISTRATOR)

    folder = tmp_path_factory.mktemp("many")
    with served(folder, prepare, 1_790_000_000_000, province="Indonesia", open_data=OPEN) as found:
        yield found


def said(face: Faces) -> None:
    """What people entered: one of each."""
    store, now_ms = face.parts.store, face.clock.wall_ms()
    kind, from_ms, to_ms = ExclusionKind.MAINTENANCE, now_ms + HOUR, now_ms + 3 * HOUR
    known: dict[str, Any] = {"id": 0, "scope": "all", "of": "", "by": "x", "entered_ms": now_ms}
    store.acts.add_exclusion(Exclusion(from_ms=from_ms, to_ms=to_ms, kind=kind, why="ganti kabel", **known))
    store.followups.add(FollowUp(what="Tinjau kontrak", owner="Bidang TIK", **known))
    fallen = [replace(FALLEN, code=f"64.99.01.{n}", name=f"Desa putus {n}") for n in range(12)]
    face.know(*fallen)
    for site in fallen:
        face.history(site, (5 * HOUR, "up"), (2 * HOUR, "line_down"), (HOUR, "up"))


def session(face: Faces) -> str:
    """The secret of who signed in last."""
    return face.client.session.cookie_jar.filter_cookies(face.client.make_url("/"))[COOKIE].value


def this_month(face: Faces) -> str:
    return f"{local(face.clock.wall_ms(), face.parts.config.timezone):%Y-%m}"


def ordered(face: Faces) -> str:
    """The id of a file that the administrator ordered, the same one whenever it is asked for."""
    assert face.client.app
    jobs, who = face.client.app[JOBS], Who(name="administrator", role=Role.ADMINISTRATOR, csrf="of-a-form")
    wanted = Wanted(period=parse(this_month(face)), sites=face.parts.store.sites())
    order = Order(who=who, kind="bulanan", form="json", language="id", wanted=wanted)
    return (jobs.of(who) or [jobs.add(order)])[0].id


def addresses(served: Served) -> dict[str, str]:
    """The address of every page for people, by its route; those of one thing are of the worst there is."""

    def ask(face: Faces) -> dict[str, str]:
        store, now_ms = face.parts.store, face.clock.wall_ms()
        sites = [now.site.code for now in face.parts.live.sites(now_ms)]
        turns = (flip for code in sites for flip in store.flips(code, 0, now_ms, SITE))
        flip = next(flip for flip in turns if flip.now == "line_down")
        mass = store.outages(["64.99.01.1"], 0, now_ms, now_ms)[-1]
        values = {"code": flip.site, "start_ms": str(flip.at_ms), "user": "administrator", "id": "1", "kind": "bulanan"}
        values["job"] = ordered(face)
        routes = {
            route.resource.canonical
            for route in application(face.parts).router.routes()
            if route.resource and route.method == hdrs.METH_GET and not route.resource.canonical.startswith(MACHINES)
        } - NO_PAGES
        found = {route: re.sub(r"\{(\w+)[^}]*\}", lambda m: values[m[1]], route) for route in routes}
        found["/outages/{code}/{start_ms}/mass"] = f"/outages/{mass.site}/{mass.start_ms}/mass"
        found["/reports/{kind}"] += f"?period={this_month(face)}"
        return {
            route: path + ("?at=" + values["start_ms"] if "explain" in path else "") for route, path in found.items()
        }

    return served.call(ask)


NO_PAGES = frozenset(
    {"/static/{version}/{name}", "/events", "/reports/jobs/{job}/file", "/login/oidc", "/login/oidc/callback"}
)
"""What a browser asks for that is no page."""
ROUTES = (
    "/",
    "/sites/{code}",
    "/sites/{code}/explain",
    "/outages",
    "/outages/{code}/{start_ms}",
    "/outages/{code}/{start_ms}/mass",
    "/maintenance",
    "/maintenance/{id}",
    "/followups",
    "/followups/{id}",
    "/indicators",
    "/reports",
    "/reports/{kind}",
    "/reports/jobs/{job}",
    "/fleet",
    "/users",
    "/users/{user}",
    "/account",
    "/login",
    "/open",
)


REFUSED = {"/nowhere": 404, "/outages?condition=nonsense": 400}
"""What is refused, with nothing that could be asked instead, and with links to it."""


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("path", REFUSED)
def test_a_refusal_is_usable_by_everybody(province: Served, browser: Any, path: str, width: int, scheme: Any) -> None:
    with context_of(browser, province, width, province.call(session), color_scheme=scheme) as context:
        picture = Path(PICTURES) / f"refused-{REFUSED[path]}-{width}-{scheme}.png" if PICTURES else None
        seen = look(context.new_page(), province.url + path, picture)
    [complaint] = seen.complaints  # Chromium's own, about the status
    assert (seen.status, seen.violations, seen.too_wide_px) == (REFUSED[path], (), 0)
    assert str(REFUSED[path]) in complaint


def test_every_page_is_looked_at(province: Served) -> None:
    assert {*addresses(province)} == {*ROUTES}


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_page_is_usable_by_everybody(province: Served, browser: Any, route: str, width: int, scheme: Any) -> None:
    secret = "" if route == "/login" else province.call(session)
    with context_of(browser, province, width, secret, color_scheme=scheme) as context:
        name = re.sub(r"\W+", "-", route).strip("-") or "board"
        picture = Path(PICTURES) / f"{name}-{width}-{scheme}.png" if PICTURES else None
        seen = look(context.new_page(), province.url + addresses(province)[route], picture)
    print(f"{route} {width} {scheme}: {seen.bytes} bytes, {seen.load_ms:.0f} ms")
    assert (seen.status, seen.violations, seen.complaints, seen.too_wide_px) == (200, (), (), 0)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", MANY_PATHS)
def test_ten_thousand_sites_load_fast_and_small(many: Served, browser: Any, path: str, width: int) -> None:
    with context_of(browser, many, width, many.call(session)) as context:
        name = re.sub(r"\W+", "-", path).strip("-") or "board"
        picture = Path(PICTURES) / f"many-{name}-{width}.png" if PICTURES else None
        seen = look(context.new_page(), many.url + path, picture)
    print(f"10,000 sites, {path} at {width}: {seen.bytes} bytes, {seen.load_ms:.0f} ms")
    assert (seen.status, seen.violations, seen.complaints, seen.too_wide_px) == (200, (), (), 0)
    assert seen.bytes < FIRST_LOAD_BYTES
