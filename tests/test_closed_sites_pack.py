"""A pack of a province in which sites were closed: its own script cuts where the reports cut, and confirms them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from collector.accounting.days import ends_ms
from collector.reports.kinds import REPORTS
from tests.audited import House, province, recompute

MID, BEFORE, LAST = date(2026, 9, 4), date(2026, 9, 1), date(2026, 9, 7)
"""Of a period from 2 to 7 September: within it, the day before it, its last day."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House.of(province(tmp_path_factory.mktemp("province")))
    sites = found.store.sites()
    ends = (MID, BEFORE, LAST)
    found.store.put_sites([replace(site, until=end) for site, end in zip(sites, ends, strict=False)])
    yield found
    found.store.close()


@pytest.fixture(scope="module")
def pack(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    house.parts.press.lay_out("audit", house.source(), folder)
    return folder


def test_the_script_confirms_every_figure(pack: Path, tmp_path: Path) -> None:
    verdict = recompute(pack, tmp_path / "empty")
    assert verdict.code == 0, verdict.said
    assert verdict.reports.keys() == REPORTS.keys()
    for kind, (figures, agree, _) in verdict.reports.items():
        assert figures == agree > 0, kind


def test_the_register_in_the_pack_has_the_last_days(pack: Path) -> None:
    told = json.loads((pack / "data" / "sites.json").read_text(encoding="utf-8"))
    assert [site["until"] for site in told][:4] == ["2026-09-04", "2026-09-01", "2026-09-07", None]


def test_no_account_after_the_last_day_is_in_the_pack(house: House, pack: Path) -> None:
    [first, *_] = house.store.sites()
    lines = (pack / "data" / "sites" / first.code / "accounts.jsonl").read_text(encoding="utf-8").splitlines()
    assert max(json.loads(line)["to_ms"] for line in lines) == ends_ms(first)


def test_another_last_day_than_the_reports_went_by_is_found_out(pack: Path, tmp_path: Path) -> None:
    path = pack / "data" / "sites.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told[0]["until"] = None
    path.write_text(json.dumps(told), encoding="utf-8")
    verdict = recompute(pack, tmp_path / "empty")
    assert all(
        figures > verdict.reports[kind][1] for kind, (figures, _, _) in verdict.reports.items() if kind != "bukti"
    )
