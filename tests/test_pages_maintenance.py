"""Maintenance: planned by choosing, looked at before it is entered, never deleted."""

import re
from pathlib import Path

import pytest

from collector.acts import Exclusion, ExclusionKind
from collector.people import Role
from tests.faces import BAYAN, HOUR, MINUTE, TASUK, Faces, faces
from tests.test_pages_outages import page, send

AHEAD = {"from": "2026-09-22T08:00", "to": "2026-09-22T10:00"}
PLAN = {"scope": "regency", "of_regency": "Berau", "kind": "maintenance", "why": "ganti kabel", **AHEAD, "do": "enter"}
"""The clock of these tests stands at 2026-09-21 22:13 WITA; the times are what a person types, in WITA."""


def enter(face: Faces, ago_ms: int, lasts_ms: int, **changed: object) -> Exclusion:
    """One that begins so long ago (or ahead), entered a day before."""
    from_ms = face.clock.wall_ms() - ago_ms
    known: dict[str, object] = {"scope": "site", "of": TASUK.code, "why": "cable", "by": "budi"}
    known |= {"id": 0, "kind": ExclusionKind.MAINTENANCE, "from_ms": from_ms, "to_ms": from_ms + lasts_ms}
    draft = Exclusion(**known | {"entered_ms": from_ms - 24 * HOUR} | changed)  # type: ignore[arg-type]  # by name
    return face.parts.store.acts.add_exclusion(draft)


async def test_they_stand_where_they_are_in_time(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        enter(face, HOUR, 2 * HOUR, why="now it is")
        enter(face, -HOUR, HOUR, why="next it is")
        enter(face, 9 * HOUR, HOUR, why="over it is")
        gone = enter(face, 5 * HOUR, HOUR, why="gone it is")
        face.parts.store.acts.withdraw(gone.id, by="siti", why="wrong", at_ms=face.clock.wall_ms())
        html, withdrawn = await page(face, "/maintenance"), await page(face, "/maintenance?tab=withdrawn")
    places = [html.find(said) for said in ("now it is", "next it is", "over it is")]
    assert (places == sorted(places), -1 in places, "gone it is" in html) == (True, False, False)
    assert ("gone it is" in withdrawn, "now it is" in withdrawn) == (True, False)


async def test_it_is_looked_at_before_it_is_entered(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        csrf = face.sign_in()
        html = await send(face, "/maintenance", 200, csrf=csrf, **PLAN | {"do": "look"})
        assert ("mengenai 1 lokasi" in html, "Tasuk" in html, "Belum dicatat." in html) == (True, True, True)
        assert ("2026-09-22 08:00–10:00 WITA" in html, "2 jam" in html) == (True, True)
        assert re.search(r'value="2026-09-22T08:00"', html)
        assert face.parts.store.acts.exclusions() == []


async def test_what_is_entered_stands_and_takes_the_time_out(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        where = await send(face, "/maintenance", 303, csrf=face.sign_in(), **PLAN)
        [one] = face.parts.store.acts.exclusions()
        assert where.endswith(f"maintenance/{one.id}?saved=exclusion")
        html = await page(face, f"/maintenance/{one.id}")
    assert (one.scope, one.of, one.why, one.by) == ("regency", "Berau", "ganti kabel", "operator")
    assert one.to_ms - one.from_ms == 2 * HOUR
    assert ("Tasuk" in html, "Long Iram" in html, "direncanakan" in html) == (True, False, True)


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"why": ""}, "why", "Tulis alasannya"),
        ({"to": "2026-09-22T07:00"}, "to", "sebelum waktu selesai"),
        ({"to": "2046-09-22T07:00"}, "to", "sepuluh tahun"),
        ({"from": "tomorrow"}, "from", "tanggal dan jam"),
        ({"kind": "holiday"}, "kind", "Pilih salah satu"),
        ({"scope": "street"}, "scope", "Pilih salah satu"),
        ({"scope": "site", "of_site": "64.03.06.2002"}, "of", "64.03.06.2001"),
        ({"scope": "provider"}, "of", "Pilih salah satu"),
        ({"scope": "provider", "of_provider": "Icon"}, "of", "Tidak ada lokasi dengan penyedia"),
        ({"scope": "site"}, "of", "Isi kode lokasi"),
    ],
)
async def test_a_mistake_stands_beside_its_field(
    tmp_path: Path, changed: dict[str, str], field: str, said: str
) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        html = await send(face, "/maintenance", 400, csrf=face.sign_in(), **PLAN | changed)
        assert re.search(rf'id="{field}-error">[^<]*{said}', html)
        assert "ganti kabel" in html or "why" in changed
        assert face.parts.store.acts.exclusions() == []


async def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    wrong = {"why": " ", "to": "2026-09-22T07:00", "scope": "site", "of_site": "", "kind": "x"}
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        html = await send(face, "/maintenance", 400, csrf=face.sign_in(), **PLAN | wrong)
    assert sorted(re.findall(r'id="(\w+)-error"', html)) == ["kind", "of", "to", "why"]
    assert "Belum dicatat: 4 isian" in html


async def test_overlapping_ones_are_pointed_out(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        first = enter(face, HOUR, 2 * HOUR)
        same = enter(face, 0, HOUR, scope="provider", of=TASUK.provider)
        enter(face, 0, HOUR, of=BAYAN.code)  # the same time, another site
        enter(face, -HOUR, HOUR)  # the same site, another time
        html = await page(face, f"/maintenance/{first.id}")
        assert re.findall(r">#(\d+)</a>", html) == [str(same.id)]
        face.parts.store.acts.withdraw(same.id, by="siti", why="wrong", at_ms=face.clock.wall_ms())
        assert "tumpang tindih" not in await page(face, f"/maintenance/{first.id}")


async def test_what_was_entered_late_is_marked(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        enter(face, HOUR, 2 * HOUR, entered_ms=face.clock.wall_ms() - 5 * MINUTE)
        assert "terlambat dicatat" in await page(face, "/maintenance")


async def test_it_is_withdrawn_with_a_reason_and_stays_readable(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        one, csrf = enter(face, HOUR, 2 * HOUR), face.sign_in()
        path = f"/maintenance/{one.id}"
        assert "Tulis alasannya" in await send(face, f"{path}/withdraw", 400, csrf=csrf, why=" ")
        await send(face, f"{path}/withdraw", 303, csrf=csrf, why="salah tanggal")
        html = await page(face, path)
        assert ("salah tanggal" in html, "/withdraw" in html) == (True, False)
        assert "sudah ditarik" in await send(face, f"{path}/withdraw", 400, csrf=csrf, why="lagi")


async def test_a_viewer_sees_no_form_and_sends_none(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        one, csrf = enter(face, HOUR, 2 * HOUR), face.sign_in(Role.VIEWER)
        for path in ("/maintenance", f"/maintenance/{one.id}"):
            assert '<form method="post"' not in (await page(face, path)).partition("<main")[2]
        await send(face, "/maintenance", 403, csrf=csrf, **PLAN)
        await send(face, f"/maintenance/{one.id}/withdraw", 403, csrf=csrf, why="x")


async def test_somebody_of_one_regency_plans_for_it_alone(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        theirs, all_of_it = enter(face, HOUR, 2 * HOUR, of=BAYAN.code), enter(face, HOUR, HOUR, scope="all", of="")
        csrf = face.sign_in(Role.OPERATOR, "Berau")
        html = await page(face, "/maintenance")
        assert ("Long Iram" in html, "Kutai Barat" in html, BAYAN.code in html) == (False, False, False)
        assert f"maintenance/{all_of_it.id}" in html  # it takes time out of their own account
        assert "mengenai 1 lokasi" in html  # and they are told of their own alone
        await page(face, f"/maintenance/{theirs.id}", 404)
        await send(face, f"/maintenance/{theirs.id}/withdraw", 404, csrf=csrf, why="x")
        await send(face, f"/maintenance/{all_of_it.id}/withdraw", 403, csrf=csrf, why="x")
        for changed in ({"scope": "all"}, {"of_regency": "Kutai Barat"}, {"scope": "site", "of_site": BAYAN.code}):
            assert "wewenang Anda" in await send(face, "/maintenance", 400, csrf=csrf, **PLAN | changed)
        await send(face, "/maintenance", 303, csrf=csrf, **PLAN)
        assert len(face.parts.store.acts.exclusions()) == 3


async def test_a_link_may_choose_the_site(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        face.sign_in()
        html = await page(face, f"/maintenance?site={TASUK.code}")
    assert re.search(rf'value="site" checked.*?name="of_site"[^>]* value="{TASUK.code}"', html, re.S)


@pytest.mark.parametrize("path", ["/maintenance/7", "/maintenance?tab=never"])
async def test_what_there_is_not_is_a_page_that_says_so(tmp_path: Path, path: str) -> None:
    async with faces(tmp_path) as face:
        face.know(TASUK)
        assert "<main" in await page(face, path, 400 if "?" in path else 404)
