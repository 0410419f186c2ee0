"""GET /api/v1/reports: every report as a file, for programs: who may, what is refused, and what stops the work."""

import asyncio
import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest
from aiohttp import hdrs

from collector.contracts import Contract, Formula
from collector.faces.openapi import document
from collector.people import Role
from collector.registry import Details
from collector.reports.kinds import PACKS, REPORTS
from collector.reports.writing.formats import FORMATS
from tests.faces import BAYAN, TASUK, Faces, faces
from tests.test_pages_reports import august, busy
from tests.walking import BERAU, KUBAR, SECRETS, THEIRS, province

API = "/api/v1/reports"
ON_ANY_MACHINE = [form for form in FORMATS if form != "pdf"]


def bearer(face: Faces, kind: str = "operator", regency: str = "") -> dict[str, str]:
    return {hdrs.AUTHORIZATION: f"Bearer {face.token(kind, regency)}"}


async def test_a_program_is_told_what_reports_there_are(tmp_path: Path) -> None:
    async with faces(tmp_path, listen=":8817") as face:
        told = {}
        for kind in ("operator", "read"):
            async with face.client.get(f"{API}?lang=id", headers=bearer(face, kind)) as answer:
                told[kind] = {one["kind"]: one for one in (await answer.json())["reports"]}
    assert list(told["operator"]) == [*REPORTS, *PACKS]
    assert list(told["read"]) == [kind for kind, report in REPORTS.items() if report.role is Role.VIEWER]
    assert told["operator"]["bulanan"]["title"] == "Laporan bulanan konektivitas"
    assert (told["operator"]["bulanan"]["formats"], told["operator"]["bukti"]["formats"]) == ([*FORMATS], ["zip"])


@pytest.mark.parametrize("form", ON_ANY_MACHINE)
async def test_a_report_comes_in_every_format(tmp_path: Path, form: str) -> None:
    async with faces(tmp_path) as face:
        august(face)
        async with face.client.get(f"{API}/harian?period=2026-08&format={form}") as answer:
            body = await answer.read()
    assert (answer.status, answer.content_type) == (200, FORMATS[form].content_type.partition(";")[0])
    assert answer.headers[hdrs.CONTENT_DISPOSITION].endswith(f'; filename="harian-2026-08.{form}"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(body) > 1000


async def test_json_is_what_comes_when_nobody_asks_for_a_format(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        async with face.client.get(f"{API}/bulanan?period=2026-08&lang=en") as answer:
            assert json.loads(await answer.text())
            assert answer.content_type == "application/json"


async def test_a_part_of_a_file_can_be_fetched(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        path = f"{API}/harian?period=2026-08&format=csv"
        async with face.client.get(path, headers={hdrs.RANGE: "bytes=0-9"}) as answer:
            assert (answer.status, len(await answer.read())) == (206, 10)


async def test_a_pack_comes_as_zip(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        async with face.client.get(f"{API}/bukti?period=2026-08", headers=bearer(face)) as answer:
            assert (answer.status, answer.content_type) == (200, "application/zip")
            with ZipFile(io.BytesIO(await answer.read())) as archive:
                assert archive.testzip() is None


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("harian", 400, "bad-period"),
        ("harian?period=now", 400, "bad-period"),
        ("harian?period=2027", 400, "bad-period"),
        ("harian?period=2026-08&format=doc", 400, "bad-format"),
        ("harian?period=2026-08&format=zip", 400, "bad-format"),
        ("harian?period=2026-08&lang=fr", 400, "bad-lang"),
        ("harian?period=2026-08&scope=galaxy", 400, "bad-scope"),
        ("harian?period=2026-08&scope=site", 400, "bad-of"),
        ("harian?period=2026-08&scope=site&of=99", 404, "unknown-site"),
        ("nothing?period=2026-08", 404, "unknown-report"),
        ("sla?period=2026-08", 401, "unauthorized"),
    ],
)
async def test_what_cannot_be_asked_is_a_problem(tmp_path: Path, query: str, status: int, kind: str) -> None:
    async with faces(tmp_path) as face:
        august(face)
        async with face.client.get(f"{API}/{query}") as answer:
            assert (answer.status, json.loads(await answer.text())["type"]) == (status, kind)


async def test_who_may_only_read_gets_no_fees_and_no_pack(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        for kind in ("sla", *PACKS):
            async with face.client.get(f"{API}/{kind}?period=2026-08", headers=bearer(face, "read")) as answer:
                assert answer.status == 403


async def test_of_another_regency_nobody_is_told_what_there_is(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        headers, path = bearer(face, "read", "Berau"), f"{API}/harian?period=2026-08&format=csv"
        async with face.client.get(path, headers=headers) as answer:
            text = await answer.text()
        assert (TASUK.code in text, BAYAN.code in text) == (True, False)
        said = []
        for of in (BAYAN.regency, "Nowhere"):
            async with face.client.get(f"{path}&scope=regency&of={of}", headers=headers) as answer:
                said.append((answer.status, (await answer.text()).replace(of, "...")))
    assert said[0] == said[1]
    assert said[0][0] == 404


@pytest.mark.parametrize("kind", [*REPORTS, *PACKS])
async def test_no_report_tells_one_regency_of_another(tmp_path: Path, kind: str) -> None:
    async with province(tmp_path, listen=":8817") as walk:
        asker = walk.askers()[f"operator {BERAU}"]
        for query in ("period=2026-09", f"period=2026-09&scope=regency&of={KUBAR}", "period=2026-09&scope=all"):
            async with walk.face.client.get(f"{API}/{kind}?{query}&lang=en", headers=asker.headers) as answer:
                body = await answer.read()
            texts = _unpacked(body)
            assert answer.status in (200, 404)
            told = [what for what, secret in SECRETS.items() if any(secret in text for text in texts)]
            assert [what for what in told if SECRETS[what] not in query] == []


@pytest.mark.parametrize("kind", [*REPORTS, *PACKS])
async def test_what_is_agreed_elsewhere_and_whom_to_call_is_told_to_nobody_of_another_regency(
    tmp_path: Path, kind: str
) -> None:
    contract = Contract(
        number=THEIRS.contract,
        begins=date(2026, 1, 1),
        provider="Mahakam Data",
        fee=7_654_321,
        sla=Decimal("0.987"),
        formula=Formula.SHORTFALL,
        note="adendum Tering",
    )
    async with province(tmp_path, listen=":8817") as walk:
        register = walk.face.parts.store.register
        register.put_contracts([contract])
        register.put_details(
            [Details(code=THEIRS.code, contact="Yohanes Lie", phone="0811-555-0101", unit="UPT Tering")]
        )
        told, askers = {}, walk.askers()
        for name in (f"operator {BERAU}", "viewer"):
            headers = askers[name].headers
            async with walk.face.client.get(
                f"{API}/{kind}?period=2026-09&format={_any(kind)}", headers=headers
            ) as answer:
                text = "".join(_unpacked(await answer.read())) if answer.status == 200 else ""
            secrets = (
                "7654321",
                "7.654.321",
                "7,654,321",
                "adendum Tering",
                "Yohanes Lie",
                "0811-555-0101",
                "UPT Tering",
            )
            told[name] = [secret for secret in secrets if secret in text]
    assert told[f"operator {BERAU}"] == []
    assert not {"7654321", "7.654.321", "Yohanes Lie", "0811-555-0101"} & {*told["viewer"]}


async def test_who_goes_away_stops_the_work(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        with busy(face) as jobs:
            asked = asyncio.create_task(face.client.get(f"{API}/harian?period=2026-08"))
            while not jobs.waiting:
                await asyncio.sleep(0.01)
            asked.cancel()
            while jobs.waiting:
                await asyncio.sleep(0.01)


async def test_too_many_at_once_are_told_when_to_come_again(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        with busy(face) as jobs:
            asked = [asyncio.create_task(face.client.get(f"{API}/harian?period=2026-08")) for _ in range(3)]
            while jobs.waiting < len(asked):
                await asyncio.sleep(0.01)
            async with face.client.get(f"{API}/harian?period=2026-08") as answer:
                assert (answer.status, answer.headers[hdrs.RETRY_AFTER]) == (429, "30")
        assert [(await one).status for one in asked] == [200] * 3


async def test_the_collector_answers_others_while_a_report_is_made(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        with busy(face):  # for a minute: who waited for it would be late
            for path in (
                "/",
                "/reports",
                f"{API}",
                "/api/v1/indicators?period=2026-08",
                "/reports/harian?period=2026-08",
            ):
                async with asyncio.timeout(30), face.client.get(path) as answer:
                    assert answer.status == 200


async def test_the_table_of_a_report_has_a_row_a_site_and_day(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        august(face)
        async with face.client.get(f"{API}/harian?period=2026-08&format=csv&lang=en") as answer:
            text = await answer.text(encoding="utf-8-sig")
    rows = [row for row in csv.reader(io.StringIO(text)) if TASUK.code in row]
    assert len(rows) >= 31


def test_every_kind_and_format_is_described() -> None:
    described = document("0", "http://x")["paths"][f"{API}/{{kind}}"]["get"]["parameters"]
    choices = {one["name"]: one["schema"].get("enum") for one in described}
    assert choices["kind"] == [*REPORTS, *PACKS]
    assert choices["format"] == [*FORMATS, "zip"]


def _any(kind: str) -> str:
    return "zip" if kind in PACKS else "json"


def _unpacked(body: bytes) -> list[str]:
    if not body.startswith(b"PK"):
        return [body.decode()]
    with ZipFile(io.BytesIO(body)) as archive:
        return [archive.read(name).decode(errors="replace") for name in archive.namelist()]
