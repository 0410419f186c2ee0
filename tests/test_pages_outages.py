"""Outages: what lasts stands first, mass outages are one, and whoever knows the cause says it beside its field."""

import csv
import io
import re
import tomllib
from pathlib import Path

import pytest
from aiohttp import hdrs

import collector.faces
import shared.texts
from collector.acts import CauseCode, GivenCause
from collector.faces.pages.outage_rows import BOM, COLUMNS, SEPARATOR, sums
from collector.faces.pages.shell import Reader
from collector.faces.pages.view import View
from collector.figures.recap import Recap
from collector.people import Role, Who
from collector.registry import Site
from collector.store import SentAlert
from shared.texts import LANGUAGES, Texts
from tests.faces import BAYAN, HOUR, MINUTE, TASUK, Faces, faces

FACES = Path(collector.faces.__file__).parent
TEXTS = Path(shared.texts.__file__).with_name("texts")
MADE = {
    *("outages.order", "outages.mass", "outage.also", "scope", "scope.of", "scope.which", "maintenance.kind"),
    *("maintenance.tab", "maintenance.is", "followups.state", "followups.tab", "form.saved"),
}
"""Whose sentences are named by what is shown: a condition, a state, an order."""
BERAU = [
    Site(code=f"64.03.01.{n:04}", name=f"Gunung {n}", regency="Berau", provider="Icon+", district="Kelay")
    for n in range(6)
]


async def page(face: Faces, path: str, status: int = 200) -> str:
    async with face.client.get(path, headers={hdrs.ACCEPT_LANGUAGE: "id"}) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


async def send(face: Faces, path: str, status: int, **fields: object) -> str:
    """What a form that is sent with these fields is answered with; where to, if it went well."""
    async with face.client.post(path, data=fields, allow_redirects=False) as answer:
        assert answer.status == status, await answer.text()
        return answer.headers.get(hdrs.LOCATION) or await answer.text()


def rows(html: str) -> list[str]:
    """The text of each row's first cell."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.sub(r"<[^>]+>", " ", cell).strip().split("  ")[0] for cell in re.findall(r'<th scope="row">(.*)', body)]


def at(face: Faces, ago_ms: int) -> int:
    return face.clock.wall_ms() - ago_ms


async def two(face: Faces) -> str:
    """Bayan was down for an hour and is back; Tasuk is down since half an hour ago. Returns the address of Bayan's."""
    face.know(BAYAN, TASUK)
    face.history(BAYAN, (5 * HOUR, "up"), (3 * HOUR, "line_down"), (2 * HOUR, "up"))
    face.history(TASUK, (9 * HOUR, "up"), (30 * MINUTE, "internet_down"))
    return f"/outages/{BAYAN.code}/{at(face, 3 * HOUR)}"


async def test_what_lasts_stands_first(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await two(face)
        html = await page(face, "/outages")
    assert rows(html) == ["Tasuk", "Long Iram Bayan"]
    assert html.index("masih berlangsung") < html.index("jalur penyedia putus</span></td>")
    assert "2 di 2 lokasi" in html
    assert "1 jam 30 menit" in html  # the hour and the half


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=bayan", ["Long Iram Bayan"]),
        ("condition=internet_down", ["Tasuk"]),
        ("regency=Berau", ["Tasuk"]),
        ("provider=Icon%2B", ["Long Iram Bayan"]),
        ("cause=none", ["Tasuk"]),
        ("cause=given", ["Long Iram Bayan"]),
        ("cause=listrik", ["Long Iram Bayan"]),
        ("cause=penyedia", []),
        ("order=longest", ["Long Iram Bayan", "Tasuk"]),
        ("order=frequent", ["Long Iram Bayan", "Tasuk"]),
        ("order=mass", []),
        ("period=7d&page=9", ["Tasuk", "Long Iram Bayan"]),
    ],
)
async def test_filters_and_orders_work_without_script(tmp_path: Path, query: str, found: list[str]) -> None:
    async with faces(tmp_path) as face:
        await two(face)
        given = {"start_ms": at(face, 3 * HOUR), "end_ms": at(face, 2 * HOUR), "entered_ms": at(face, 0)}
        face.parts.store.acts.give_cause(
            GivenCause(id=0, site=BAYAN.code, code=CauseCode.LISTRIK, note="", by="siti", **given)
        )
        assert rows(await page(face, f"/outages?{query}")) == found


@pytest.mark.parametrize(
    "query", ["period=week", "condition=up", "cause=rats", "order=name", "page=0", "from=x", "from=2030-01-01"]
)
async def test_a_wrong_question_is_a_page_that_says_so(tmp_path: Path, query: str) -> None:
    async with faces(tmp_path) as face:
        await two(face)
        assert "400" in await page(face, f"/outages?{query}", 400)


async def test_a_period_between_two_days_has_both(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await two(face)
        html = await page(face, "/outages?from=2026-09-21&to=2026-09-21&period=24h")
        before = await page(face, "/outages?from=2026-09-20&to=2026-09-20")
    assert rows(html) == ["Tasuk", "Long Iram Bayan"]
    assert rows(before) == []


async def mass(face: Faces) -> str:
    """All sites of BERAU fall within a minute, and Bayan beside them; returns the address of the first one's."""
    face.know(*BERAU, BAYAN)
    for n, site in enumerate(BERAU):
        face.history(site, (9 * HOUR, "up"), (HOUR - n * 10_000, "line_down"), (20 * MINUTE, "up"))
    face.history(BAYAN, (9 * HOUR, "up"), (HOUR, "line_down"), (MINUTE, "up"))
    return f"/outages/{BERAU[0].code}/{at(face, HOUR)}"


async def test_a_mass_outage_is_one_row_that_opens_to_its_members(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        first = await mass(face)
        html = await page(face, "/outages")
        members = await page(face, f"{first}/mass")
    assert rows(html) == ["Kecamatan Kelay, Berau: 6 dari 6 lokasi", "Long Iram Bayan"]
    assert all(site.name in html for site in BERAU)
    assert rows(members) == [site.name for site in BERAU]
    assert "type=checkbox" not in members.replace('"', "")  # nobody may say anything without signing in


async def test_one_cause_is_given_to_all_that_are_ticked(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        first, csrf = await mass(face), face.sign_in()
        html = await page(face, f"{first}/mass")
        boxes = re.findall(r'name="member" value="([^"]+)"[^>]* checked', html)
        ticked = [("member", box) for box in boxes[1:]]
        fields = [("csrf", csrf), ("cause", "penyedia"), ("note", "kabel laut"), *ticked]
        async with face.client.post(f"{first}/mass", data=fields, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
        given = face.parts.store.acts.given_causes()
        assert [one.site for one in given] == [site.code for site in BERAU[1:]]
        assert {(one.code, one.note, one.by) for one in given} == {(CauseCode.PENYEDIA, "kabel laut", "operator")}
        assert "penyedia (5)" in await page(face, "/outages")


async def test_nothing_is_given_to_none(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        first, csrf = await mass(face), face.sign_in()
        html = await send(face, f"{first}/mass", 400, csrf=csrf, cause="penyedia", note="kabel")
        assert "Centang paling sedikit satu" in html
        assert ">kabel</textarea>" in html
        assert face.parts.store.acts.given_causes() == []


async def test_one_outage_tells_what_is_known_of_it(tmp_path: Path) -> None:
    async with faces(tmp_path, providers={"Icon+": {"call": "0800-1-ICON", "note": "nomor pelanggan"}}) as face:
        address = await two(face)
        html = await page(face, address)
    for said in ("saw line_down", "mungkin sampai 2 detik lebih awal", "Sesudahnya: normal", "0800-1-ICON", "1 jam"):
        assert said in html
    assert f"sites/{BAYAN.code}/explain?at={address.rpartition('/')[2]}" in html


async def test_a_cause_is_entered_and_replaced_and_both_stay(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        address, csrf = await two(face), face.sign_in()
        where = await send(face, f"{address}/cause", 303, csrf=csrf, cause="listrik", note="genset habis")
        assert where.endswith(address.lstrip("/") + "?saved=cause")
        await send(face, f"{address}/cause", 303, csrf=csrf, cause="penyedia")
        html = await page(face, address)
    assert html.index("<strong>penyedia</strong>") < html.index("<s>listrik</s>")
    assert "genset habis" in html


@pytest.mark.parametrize(
    ("condition", "charge_after_s", "said"),
    [
        ("line_down", 60, "ya: jalur atau internet putus cukup lama"),
        ("line_down", 7200, "tidak: lebih singkat dari 2 jam"),
        ("local_down", 60, "tidak: bukan putusnya jalur"),
    ],
)
async def test_it_says_why_it_is_charged_or_not(tmp_path: Path, condition: str, charge_after_s: int, said: str) -> None:
    async with faces(tmp_path, accounting={"charge_after_s": charge_after_s}) as face:
        face.know(BAYAN)
        face.history(BAYAN, (5 * HOUR, "up"), (3 * HOUR, condition), (2 * HOUR, "up"))
        assert f"<dd>{said}" in await page(face, f"/outages/{BAYAN.code}/{at(face, 3 * HOUR)}")


async def test_the_figure_of_the_longest_leads_to_it(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        address = await two(face)
        html = await page(face, "/outages")
        empty = await page(face, "/outages?q=nowhere")
    assert f'<dt>Terlama</dt><dd><a href="./{address[1:]}"' in html
    assert "<dt>Terlama</dt><dd>0 detik</dd>" in empty


@pytest.mark.parametrize(("language", "said"), [("id", "11.594 di 878 lokasi"), ("en", "11,594 at 878 sites")])
def test_many_are_told_with_a_mark_between_thousands(language: str, said: str) -> None:
    view = View(Texts(language), 0, "Asia/Makassar")
    reader = Reader(view=view, who=Who(name="x", role=Role.VIEWER), query={}, home="./")
    told = Recap(n=11_594, sites=878, open=0, unexplained=0, lost_ms=0, charged=0, charged_ms=0, longest_ms=0)
    assert sums(told, None, reader)[0][1] == said


async def test_among_the_longest_days_are_told_to_the_minute(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        face.history(BAYAN, (60 * HOUR, "up"), (30 * HOUR + 12 * MINUTE, "line_down"), (HOUR, "up"))
        html = await page(face, "/outages?order=longest")
    assert "1 hari 5 jam 12 menit <small>23 jam dalam rentang ini</small>" in html


@pytest.mark.parametrize(
    ("word", "said"), [("cause", ["Penyebab sudah dicatat."]), ("", []), ("<b>", []), ("cause.x", [])]
)
async def test_what_was_saved_is_said_once(tmp_path: Path, word: str, said: list[str]) -> None:
    async with faces(tmp_path) as face:
        address = await two(face)
        html = await page(face, f"{address}?saved={word}")
    assert re.findall(r'role="status">([^<]*)', html) == said


async def test_a_mass_outage_says_how_many_of_it_have_a_cause(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await mass(face)
        assert "0 dari 6 terisi" in await page(face, "/outages")


async def test_of_one_that_lasts_the_cause_is_given_up_to_now(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await two(face)
        csrf, start_ms = face.sign_in(), at(face, 30 * MINUTE)
        await send(face, f"/outages/{TASUK.code}/{start_ms}/cause", 303, csrf=csrf, cause="listrik")
        [given] = face.parts.store.acts.given_causes()
        assert (given.start_ms, given.end_ms) == (start_ms, at(face, 0))


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"cause": "rats"}, "Pilih salah satu"), ({"cause": "listrik", "note": "\x07"}, "karakter kendali")],
)
async def test_a_mistake_stands_beside_its_field_and_nothing_is_lost(
    tmp_path: Path, fields: dict[str, str], said: str
) -> None:
    async with faces(tmp_path) as face:
        address, csrf = await two(face), face.sign_in()
        html = await send(face, f"{address}/cause", 400, csrf=csrf, **{"note": "tikus", **fields})
        field = "note" if "note" in fields else "cause"
        assert re.search(
            rf'aria-invalid="true" aria-describedby="{field}-error.*?id="{field}-error">[^<]*{said}', html, re.S
        )
        assert fields.get("note", "tikus") in html
        assert face.parts.store.acts.given_causes() == []


async def test_late_results_may_have_moved_it_away(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        address = await two(face)
        inside = int(address.rpartition("/")[2]) + MINUTE
        assert "Gangguan di Long Iram Bayan" in await page(face, f"/outages/{BAYAN.code}/{inside}")
        assert "tidak terganggu" in await page(face, f"/outages/{BAYAN.code}/{inside + 2 * HOUR}", 404)
        assert "bukan bagian dari gangguan massal" in await page(face, f"{address}/mass", 404)


async def fires(face: Faces, site: Site, start_ms: int) -> SentAlert:
    """An alert of `site` that was sent before the collector was started."""
    alert = SentAlert(
        key=f"SiteDown/{site.code}/internet_down",
        labels={"alertname": "SiteDown", "site": site.code, "site_name": site.name, "condition": "internet_down"},
        annotations={"summary": f"{site.name}: internet putus"},
        starts_at_ms=start_ms,
    )
    face.parts.store.put_alerts([alert])
    await face.parts.alerts.tick()
    return alert


async def test_somebody_takes_care_of_an_alert(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await two(face)
        start_ms, csrf = at(face, 30 * MINUTE), face.sign_in()
        alert = await fires(face, TASUK, start_ms)
        address = f"/outages/{TASUK.code}/{start_ms}"
        assert "Saya tangani" in await page(face, address)
        await send(face, f"{address}/acknowledge", 303, csrf=csrf, key=alert.key, seen_note="ke lokasi")
        html = await page(face, address)
        [noted] = face.parts.store.followups.acknowledgements()
    assert ("Saya tangani" in html, "ditangani operator" in html, "ke lokasi" in html) == (False, True, True)
    assert (noted.key, noted.starts_at_ms, noted.by) == (alert.key, start_ms, "operator")


async def test_an_alert_of_another_site_cannot_be_taken_here(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        address, csrf = await two(face), face.sign_in()
        alert = await fires(face, TASUK, at(face, 30 * MINUTE))
        html = await send(face, f"{address}/acknowledge", 400, csrf=csrf, key=alert.key)
        assert "tidak berlaku" in html
        assert face.parts.store.followups.acknowledgements() == []


async def test_a_follow_up_of_an_outage_is_shown_with_it(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        address, csrf = await two(face), face.sign_in()
        await send(face, f"{address}/followup", 303, csrf=csrf, what="ganti kabel", owner="TIK", due="2027-01-31")
        html = await page(face, address)
        [added] = face.parts.store.followups.all()
    assert ("ganti kabel" in html, "2027-01-31" in html) == (True, True)
    assert (added.scope, added.of, added.outage_ms) == ("site", BAYAN.code, int(address.rpartition("/")[2]))


async def test_a_viewer_sees_no_form_and_sends_none(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        address, csrf = await two(face), face.sign_in(Role.VIEWER)
        main = (await page(face, address)).partition("<main")[2]
        assert '<form method="post"' not in main
        for act in ("cause", "acknowledge", "followup", "mass"):
            await send(face, f"{address}/{act}", 403, csrf=csrf, cause="listrik", what="x")


async def test_a_form_of_another_page_is_refused(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        address, _ = await two(face), face.sign_in()
        await send(face, f"{address}/cause", 403, csrf="x", cause="listrik")
        assert face.parts.store.acts.given_causes() == []


async def test_somebody_of_one_regency_sees_and_says_nothing_of_another(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        address, csrf = await two(face), face.sign_in(Role.OPERATOR, "Berau")
        listed = await page(face, "/outages?period=7d")
        table = await page(face, "/outages?period=7d&format=csv")
        for path in (address, f"{address}/mass"):
            assert "Long Iram" not in await page(face, path, 404)
        for act in ("cause", "acknowledge", "followup", "mass"):
            assert "Long Iram" not in await send(face, f"{address}/{act}", 404, csrf=csrf, cause="listrik", what="x")
    for html in (listed, table):
        assert ("Tasuk" in html, "Long Iram" in html, "Kutai Barat" in html, "Icon+" in html) == (True, *[False] * 3)


async def test_the_file_opens_in_an_indonesian_excel(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        await mass(face)
        async with face.client.get("/outages?format=csv&regency=Berau") as answer:
            body, kind = await answer.read(), answer.headers[hdrs.CONTENT_TYPE]
            name = answer.headers[hdrs.CONTENT_DISPOSITION]
    assert (kind, name) == ("text/csv; charset=utf-8", 'attachment; filename="gangguan-2026-09-21.csv"')
    assert body.startswith(BOM)
    table = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig")), delimiter=SEPARATOR))
    assert tuple(table[0]) == COLUMNS
    assert [row["site"] for row in table] == [site.code for site in BERAU]
    assert {row["mass"].partition("/")[0] for row in table} == {"district"}
    assert all(row[name].isdigit() for row in table for name in ("duration_s", "in_period_s", "charged_s"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", table[0]["start"])


async def test_what_people_wrote_is_shown_as_text(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        address, csrf = await two(face), face.sign_in()
        await send(face, f"{address}/cause", 303, csrf=csrf, cause="listrik", note="<script>=1")
        for html in (await page(face, address), await page(face, "/outages")):
            assert "<script>=" not in html
            assert "&lt;script&gt;=1" in html


async def test_below_a_proxy_every_link_stays_there(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        address = await two(face)
        for path in ("/outages", address):
            assert not re.search(r'(href|action)="(/|http)', await page(face, path))


@pytest.mark.source
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_these_pages_is_asked_for_and_known(language: str) -> None:
    sources = [*FACES.glob("pages/*.py"), *FACES.glob("templates/*.html"), FACES.parent / "followups.py"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    known = tomllib.loads((TEXTS / language / "outages.toml").read_text(encoding="utf-8"))
    names = r"(?:outages?|scope|form|maintenance|followups)\.[a-z_.]*[a-z]"
    asked = set(re.findall(rf"""say\(\s*["']({names})["']""", code))
    made = {name for name in known if name.rpartition(".")[0] in MADE or name.startswith(("acts.", "outages.period."))}
    assert asked <= known.keys()
    assert known.keys() <= asked | made
