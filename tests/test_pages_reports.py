"""The pages of reports: what there is, one to be read, and files of it that are their askers' alone."""

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any, overload

import pytest
from aiohttp import ClientResponse, hdrs

from collector.faces.pages import report_view
from collector.faces.pages.reports import FILES_COOKIE, MOST_SITE_DAYS, ROWS_SHOWN
from collector.faces.report_jobs import Jobs
from collector.faces.report_wanted import Order, site_days
from collector.faces.server import JOBS
from collector.figures.periods import parse
from collector.people import ANYBODY, Role
from collector.registry import Site
from collector.reports.document import Column, Document, Row, Table
from collector.reports.kinds import PACKS, REPORTS
from collector.reports.source import Wanted
from shared.texts import Texts
from tests.desk_of_reports import report_desk
from tests.faces import BAYAN, TASUK, Faces, faces
from tests.kept_days import MINUTE, keep

AUGUST_SITES = (BAYAN, TASUK)
ALL_KINDS = (*REPORTS, *PACKS)


class Held(Sequence[Site]):
    """Sites that nobody can read before `may` is set: whoever makes a report of them waits."""

    def __init__(self) -> None:
        self.may = threading.Event()

    def __iter__(self) -> Iterator[Site]:
        self.may.wait(60)
        return iter(())

    @overload
    def __getitem__(self, at: int) -> Site: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Site]: ...
    def __getitem__(self, at: Any) -> Any:
        raise IndexError

    def __len__(self) -> int:
        return 0


@contextmanager
def busy(face: Faces) -> Iterator[Jobs]:
    """The collector is at a report that does not get on."""
    jobs, sites = jobs_of(face), Held()
    wanted = Wanted(period=parse("2026-08"), sites=sites)
    jobs.add(Order(who=ANYBODY, kind=next(iter(REPORTS)), form="json", language="id", wanted=wanted), listed=False)
    try:
        yield jobs
    finally:
        sites.may.set()


def jobs_of(face: Faces) -> Jobs:
    app = face.client.app
    assert app
    return app[JOBS]


def august(face: Faces) -> None:
    """Two regencies with a month of closed days each."""
    face.know(*AUGUST_SITES)
    for site, hours in zip(AUGUST_SITES, (1, 3), strict=True):
        keep(face.parts.store, site, down_ms=hours * 60 * MINUTE)


async def page(face: Faces, path: str, status: int = 200, language: str = "en") -> str:
    async with face.client.get(path, headers={hdrs.ACCEPT_LANGUAGE: language, hdrs.ACCEPT: "text/html"}) as answer:
        html = await answer.text()
        assert answer.status == status, html
    return unescape(html.partition('<main id="main"')[2])


def form(csrf: str = "", **more: str) -> dict[str, str]:
    known = {"kind": "harian", "period": "2026-08", "about": "all", "format": "csv", "language": "en", "do": "make"}
    return known | {"csrf": csrf} | more


async def sent(face: Faces, data: dict[str, str], path: str = "/reports/jobs", **headers: str) -> ClientResponse:
    known = {hdrs.ACCEPT_LANGUAGE: "en", hdrs.ACCEPT: "text/html"}
    return await face.client.post(path, data=data, headers=known | headers, allow_redirects=False)


async def ordered(face: Faces, csrf: str = "", **more: str) -> str:
    """The address of the page of a file that was ordered, once it is there."""
    answer = await sent(face, form(csrf, **more))
    assert answer.status == 303, await answer.text()
    path = "/" + answer.headers[hdrs.LOCATION].lstrip("./")
    while "data-goes-on" in await page(face, path):
        await asyncio.sleep(0.01)
    return path


@pytest.mark.parametrize("role", Role)
async def test_the_page_offers_what_ones_role_may_read_and_says_what_each_is_for(tmp_path: Path, role: Role) -> None:
    async with faces(tmp_path) as face:
        august(face)
        face.sign_in(role)
        html = await page(face, "/reports")
    offered = re.findall(r'name="kind" value="(\w+)"', html)
    assert offered == [kind for kind in ALL_KINDS if role.covers((REPORTS.get(kind) or PACKS[kind]).role)]
    assert all(Texts("en").say(f"reports.{kind}.about") in html for kind in offered)


async def test_last_month_of_the_whole_province_is_what_is_offered_first(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        html = await page(face, "/reports", language="id")
    assert '<option value="2026-08">Bulan lalu: Agustus 2026</option>' in html
    assert html.index('value="2026-08"') < html.index('value="2026-Q2"') < html.index('value="2025"')
    assert '<option value="all">semua lokasi</option><optgroup label="Kabupaten/kota">' in html
    assert '<option value="provider:Icon+">Icon+</option>' in html


async def test_an_address_can_choose_the_report_and_one_that_is_none_is_refused(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        html, refused = await page(face, "/reports?kind=gangguan"), await page(face, "/reports?kind=gangguang", 400)
    assert re.search(r'value="gangguan"\s+checked', html)
    assert html.count(" checked") == 1
    assert 'href="?kind=gangguan"' in refused


async def test_who_did_not_log_in_is_told_what_there_is_after_it(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        before = await page(face, "/reports")
        face.sign_in(Role.VIEWER)
        after = await page(face, "/reports")
    assert "After the log-in operators can also choose: SLA" in before
    assert "After the log-in" not in after


@pytest.mark.parametrize("kind", REPORTS)
async def test_a_report_is_read_on_the_page(tmp_path: Path, kind: str) -> None:
    async with faces(tmp_path) as face:
        august(face)
        face.sign_in()
        html = await page(face, f"/reports/{kind}?period=2026-08", language="id")
    assert f'<article class="report" data-kind="{kind}" data-period="2026-08"' in html
    assert html.count("<h1") == 1
    assert Texts("id").say(f"reports.{kind}") in html


async def test_without_a_period_it_is_of_last_month_with_the_way_to_its_neighbours(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        html = await page(face, "/reports/harian")
    assert 'data-period="2026-08"' in html
    assert re.search(r'href="[./]*reports/harian\?period=2026-07">← July 2026', html)
    assert re.search(r'href="[./]*reports/harian\?period=2026-09">September 2026 →', html)


async def test_who_is_of_one_regency_reads_of_its_sites_alone(tmp_path: Path) -> None:
    async with faces(tmp_path, listen=":8817") as face:
        august(face)
        face.sign_in(Role.VIEWER, "Berau")
        html = await page(face, "/reports/harian?period=2026-08")
        await page(face, "/reports/harian?period=2026-08&scope=regency&of=Kutai+Barat", 404)
        offered = await page(face, "/reports")
    assert (TASUK.name in html, BAYAN.name in html) == (True, False)
    assert ("Comtelindo" in offered, "Icon+" in offered) == (True, False)


async def test_who_is_of_one_regency_reads_so_on_the_sheet(tmp_path: Path) -> None:
    async with faces(tmp_path, listen=":8817") as face:
        august(face)
        face.sign_in(Role.VIEWER, "Berau")
        of_all = await page(face, "/reports/harian?period=2026-08")
        of_provider = await page(face, "/reports/harian?period=2026-08&scope=provider&of=Comtelindo+WMS")
    assert "regency/city: Berau" in of_all
    assert "Comtelindo WMS · Berau" in of_provider


async def test_fees_are_nobodys_business_who_only_looks_on(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        answer = await face.client.get("/reports/sla", headers={hdrs.ACCEPT: "text/html"}, allow_redirects=False)
        await answer.read()
        assert (answer.status, "login" in answer.headers[hdrs.LOCATION]) == (303, True)
        csrf = face.sign_in(Role.VIEWER)
        await page(face, "/reports/sla?period=2026-08", 403)
        assert (await sent(face, form(csrf, kind="sla"))).status == 400
        face.sign_in(Role.OPERATOR)
        assert 'data-kind="sla"' in await page(face, "/reports/sla?period=2026-08")


async def test_a_pack_is_no_page_but_a_file(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        face.sign_in()
        html = await page(face, "/reports/bukti?period=2026-08")
    assert Texts("en").say("reports_page.pack") in html
    assert re.findall(r'name="format" value="(\w+)"', html) == ["zip"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("period=2026-13", 400, "“2026-13” is no period"),
        ("period=2027-01", 400, "2027-01 has not begun"),
        ("scope=galaxy", 400, "There is no scope “galaxy”"),
        ("scope=provider", 400, "Which provider?"),
        ("scope=provider&of=Nobody", 404, "There is no provider “Nobody”"),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_words(tmp_path: Path, query: str, status: int, said: str) -> None:
    async with faces(tmp_path) as face:
        august(face)
        assert said in await page(face, f"/reports/harian?{query}", status)
        await page(face, "/reports/nothing", 404)


async def test_a_file_is_ordered_made_and_fetched(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        path = await ordered(face, face.sign_in())
        html = await page(face, path)
        assert "The file is ready." in html
        answer = await face.client.get(f"{path}/file")
        text = await answer.text()
        listed = await page(face, "/reports")
    assert (answer.content_type, answer.headers[hdrs.CONTENT_DISPOSITION]) == (
        "text/csv",
        'attachment; filename="harian-2026-08.csv"',
    )
    assert BAYAN.code in text
    assert f'href="..{path}/file"' in listed or f"{path.lstrip('/')}/file" in listed


async def test_a_report_as_html_opens_in_the_browser_and_can_do_nothing_there(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        path = await ordered(face, face.sign_in(), format="html")
        answer = await face.client.get(f"{path}/file")
        await answer.read()
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert ("sandbox" in policy, "script" in policy) == (True, False)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers[hdrs.CONTENT_DISPOSITION] == 'inline; filename="harian-2026-08.html"'


async def test_a_file_of_somebody_else_is_not_there(tmp_path: Path) -> None:
    async with faces(tmp_path, listen=":8817") as face:
        august(face)
        path = await ordered(face, face.sign_in(Role.OPERATOR))
        csrf = face.sign_in(Role.ADMINISTRATOR)
        for address in (path, f"{path}/file"):
            await page(face, address, 404)
        assert (await sent(face, {"csrf": csrf}, f"{path}/cancel")).status == 404
        assert path.strip("/") not in await page(face, "/reports")


async def test_who_did_not_log_in_finds_the_files_of_this_browser(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        path = await ordered(face)
        assert path.strip("/") in await page(face, "/reports")
        assert Texts("en").say("reports_page.this_browser") in await page(face, path)
        face.client.session.cookie_jar.clear()
        assert path.strip("/") not in await page(face, "/reports")


async def test_nobody_else_can_make_a_browser_order(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        elsewhere = await sent(face, form(), Origin="https://example.net")
        face.sign_in()
        without = await sent(face, form(csrf="0" * 64))
        assert [(answer.status, answer.cookies.get(FILES_COOKIE)) for answer in (elsewhere, without)] == [
            (403, None)
        ] * 2
        assert "No files yet" in await page(face, "/reports")


async def test_what_is_wrong_in_the_form_is_said_beside_the_field(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        answer = await sent(face, form(other_period="Agustus", site="99"))
        assert answer.status == 400
        html = unescape(await answer.text())
        assert '<span class="error" id="other_period-error">“Agustus” is no period.' in html
        assert 'name="site" value="99"' in html
        html = unescape(await (await sent(face, form(site="99"))).text())
        assert '<span class="error" id="site-error">There is no site “99”.' in html


async def test_reading_instead_leads_to_the_page_of_the_report(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        answer = await sent(face, form(do="look", about="provider:Icon+"))
    assert answer.headers[hdrs.LOCATION].endswith("reports/harian?period=2026-08&scope=provider&of=Icon%2B&lang=en")


async def test_a_file_that_waits_says_so_goes_on_by_itself_and_can_be_cancelled(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        csrf = face.sign_in()
        with busy(face):
            answer = await sent(face, form(csrf))
            path = "/" + answer.headers[hdrs.LOCATION].lstrip("./")
            async with face.client.get(path, headers={hdrs.ACCEPT_LANGUAGE: "en"}) as waiting:
                html = await waiting.text()
            assert "Waits for its turn; files before it: 1." in html
            assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in html
            await sent(face, {"csrf": csrf}, f"{path}/cancel")
            assert "Cancelled; the file was not made." in await page(face, path)


async def test_a_report_that_is_too_much_for_a_page_is_offered_as_a_file(tmp_path: Path) -> None:
    sites = [replace(BAYAN, code=f"64.{n}") for n in range(MOST_SITE_DAYS // 31 + 1)]
    async with faces(tmp_path) as face:
        face.know(*sites)
        html = await page(face, "/reports/harian?period=2026-08")
    assert site_days(Wanted(period=parse("2026-08"), sites=sites), face.clock.wall_ms()) == 31 * len(sites)
    assert Texts("en").say("reports_page.large") in html
    assert '<article class="report"' not in html


def test_of_a_long_table_the_first_rows_are_shown_and_it_is_said(tmp_path: Path) -> None:
    with report_desk(tmp_path) as desk:
        head = desk.document(next(iter(REPORTS)), language="en").head
    long, short = (
        Table(name=str(n), title="", columns=(Column(name="n", label="n"),), rows=partial(_rows, n))
        for n in (ROWS_SHOWN + 1, ROWS_SHOWN)
    )
    document, cut = report_view.cut(Document(head=head, sections=[long, short]), ROWS_SHOWN, Texts("en"))
    first, second = (one for one in document.sections if isinstance(one, Table))
    assert cut
    assert [len([*one.rows()]) for one in (first, first, second)] == [ROWS_SHOWN] * 3
    assert first.note == "Only the first 50 rows are shown here; the files have all rows."
    assert second.note == ""


async def test_a_province_without_sites_has_reports_that_say_so(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.sign_in()
        for kind in REPORTS:
            assert f'data-kind="{kind}"' in await page(face, f"/reports/{kind}?period=2026-08")


def _rows(n: int) -> Iterator[Row]:
    return (Row(cells=(str(k),)) for k in range(n))
