"""CSV and JSON: what programs read, and what no spreadsheet takes for a formula."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO, StringIO
from typing import IO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.reports.document import Column, Document, Row, Table, Unit, Value
from collector.reports.source import silent
from collector.reports.writing import plain
from collector.reports.writing.formats import Write
from collector.reports.writing.plain import defused, undefused
from shared.texts import Texts
from tests.read_back import differing, read, told_of, written
from tests.sample_documents import HOSTILE_NAMES, sample, unfinished


def only(*rows: tuple[Value, ...], unit: Unit = Unit.TEXT) -> Document:
    columns = tuple(Column(name=f"c{i}", label=f"C{i}", unit=unit) for i in range(len(rows[0]) if rows else 1))
    table = Table(name="t", title="T", columns=columns, rows=lambda: (Row(cells=cells) for cells in rows))
    return replace(sample("en"), sections=[table], main="t")


def lines_of(document: Document) -> list[list[str]]:
    return list(csv.reader(StringIO(written(document, "csv").decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_value_comes_back_exactly_as_it_was(form: str, language: str) -> None:
    document = sample(language, rows=60)
    assert not differing(told_of(document), read(document, form))


def test_csv_begins_as_spreadsheets_want_it_and_ends_lines_as_rfc_4180_does() -> None:
    content = written(sample("id"), "csv")
    assert content.startswith(b"\xef\xbb\xbfInstansi,Dinas Komunikasi")
    assert content.count(b"\r\n") > 50
    assert b"\r\r" not in content


def test_csv_says_first_whose_it_is_and_last_how_it_was_made() -> None:
    lines = lines_of(unfinished("en"))
    head = dict(line for line in lines[: lines.index([])] if len(line) == 2)
    assert head["Agency"] == "Dinas Komunikasi dan Informatika Provinsi Kalimantan Timur"
    assert head["Period"] == "October 2026"
    assert head["Revision"].startswith("3 ")
    assert len(head["Head of the chain of evidence (SHA-256)"]) == 64
    assert lines[lines.index(["#method"]) + 1 :] == [[one] for one in sample("en").head.method]


def test_csv_names_the_unit_of_each_column_and_the_mark_of_each_row() -> None:
    lines = lines_of(sample("id"))
    begins = lines.index(["#table", "days", "Hari demi hari"])
    assert lines[begins + 1][0] == "#note"
    assert lines[begins + 2][1:7:5] == ["Ketersediaan saluran [0-1]", "Lama gangguan [ms]"]
    assert [line[-1] for line in lines[begins + 3 : begins + 5]] == ["bad", ""]


def test_csv_says_why_a_table_is_empty() -> None:
    lines = lines_of(sample("id"))
    assert ["#empty", "Tidak ada gangguan massal dalam periode ini."] in lines


def test_a_negative_number_is_no_formula() -> None:
    lines = lines_of(only((-0.5, -3), unit=Unit.POINTS))
    assert ["-0.5", "-3", ""] in lines


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, " =1+1", "a;=1+1", "a\n@x", "'=1", "＝1", "-1", "\t+1"])
def test_what_a_spreadsheet_takes_for_a_formula_begins_with_an_apostrophe(name: str) -> None:
    cell = next(line[0] for line in lines_of(only((name, "x"))) if line[1:2] == ["x"])
    pieces = [
        piece.strip(" \r\u00a0") for part in cell.split("\n") for one in part.split(";") for piece in one.split("\t")
    ]
    assert not [piece for piece in pieces if piece.startswith(("=", "+", "-", "@", "＝"))]
    assert undefused(cell) == name


@given(st.text(alphabet="=+-@'; \t\nab＝", max_size=12))
def test_defusing_loses_nothing(text: str) -> None:
    assert undefused(defused(text)) == text


def test_json_tells_how_to_ask_for_each_figure_again() -> None:
    told = json.loads(written(sample("en"), "json"))
    assert (told["format"], told["kind"], told["main"]) == ("kentongan-report/1", "bulanan", "sites")
    days = next(one for one in told["sections"] if one["name"] == "days")
    assert days["columns"][1] == {
        "name": "line",
        "label": "Ketersediaan saluran",
        "unit": "share",
        "measure": "line",
        "hours": "all",
        "exclusions": "with",
    }
    assert days["columns"][0]["measure"] is None
    assert days["rows"][0]["subject"] == {"scope": "all", "of": "", "period": "2026-10-01", "where": {}}


def test_json_keeps_what_is_not_known_apart_from_zero() -> None:
    told = json.loads(written(only((None, 0), unit=Unit.COUNT), "json"))
    assert told["sections"][0]["rows"] == [{"cells": [None, 0], "subject": None, "mark": ""}]


def test_json_has_the_numbers_of_charts_with_their_gaps() -> None:
    told = json.loads(written(sample("en"), "json"))
    trend = next(one for one in told["sections"] if one["name"] == "trend")
    assert (trend["type"], trend["kind"], trend["target"], trend["of_table"]) == ("chart", "lines", 0.95, "days")
    assert trend["lines"][0]["values"][11:14] == [None, None, None]


class Paper:
    """A file that can only be written to, from front to end."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, part: bytes) -> int:
        self.content += part
        return len(part)


def counted(n: int, paper: Paper, lengths: list[int]) -> Document:
    """A document of so many rows, which notes how much is written whenever the next row is taken."""

    def rows() -> Iterator[Row]:
        for number in range(n):
            lengths.append(len(paper.content))
            yield Row(cells=(number,))

    table = Table(name="t", title="Many", columns=(Column(name="n", label="N", unit=Unit.COUNT),), rows=rows)
    return replace(sample(), sections=[table])


@pytest.mark.parametrize("write", [plain.write_csv, plain.write_json])
def test_a_row_is_written_before_the_next_is_taken(write: Write) -> None:
    paper, lengths = Paper(), list[int]()
    write(counted(50, paper, lengths), cast(IO[bytes], paper), Texts("id"), silent)
    assert len(set(lengths)) == 50


def test_long_tables_tell_how_far_they_are() -> None:
    told: list[tuple[str, int, int]] = []
    document = counted(20_001, Paper(), [])
    plain.write_json(document, BytesIO(), Texts("id"), lambda *progress: told.append(progress))
    assert told == [("Many", n, 0) for n in range(5_000, 20_001, 5_000)]
