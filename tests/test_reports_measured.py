"""Every number of every report says what it measures and of whom, so that the audit pack's script can check it."""

import io
import json
from collections.abc import Iterator

import pytest

from collector.reports.kinds import REPORTS
from collector.reports.pack.recompute.checks import figures_of
from collector.reports.source import silent
from collector.reports.writing.plain import write_json
from tests.audited import House, province


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House.of(province(tmp_path_factory.mktemp("province")))
    yield found
    found.store.close()


@pytest.mark.parametrize("kind", REPORTS)
def test_every_number_says_what_it_measures(house: House, kind: str) -> None:
    source, file = house.source(), io.BytesIO()
    write_json(REPORTS[kind].make(source), file, source.texts, silent)
    nameless = {(one.table, one.column) for one in figures_of(json.loads(file.getvalue())) if one.asked is None}
    assert not nameless
