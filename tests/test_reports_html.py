"""A report as a page: exact values beside words, nothing from outside, readable on a phone, at a desk and on paper."""

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest

from collector.reports.document import Chart, Column, Document, Fact, Facts, Prose, Row, Section, Table, Unit, Value
from collector.reports.source import silent
from collector.reports.writing import html
from collector.reports.writing.parts import lying
from collector.reports.writing.rows import cell
from collector.reports.writing.shapes import Shape, shape_of
from collector.reports.writing.words import head_lines, said
from shared.texts import LANGUAGES, Texts
from tests.browser import chromium, violations
from tests.report_pages import read
from tests.sample_documents import HOSTILE_NAMES, sample, unfinished


def written(document: Document, language: str = "id") -> str:
    file = BytesIO()
    html.write(document, file, Texts(language), silent)
    return file.getvalue().decode()


def tables(document: Document) -> list[Table]:
    return [one for one in document.sections if isinstance(one, Table)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_of_every_table_is_read_back_exactly(language: str) -> None:
    document = sample(language, rows=120)
    page = read(written(document, language))
    for table in tables(document):
        assert page.tables[table.name].rows == [(row.subject, list(row.cells)) for row in table.rows()] or (
            table.name == "empty"
        )


def test_every_fact_is_read_back_exactly() -> None:
    document = sample()
    facts = {fact.name: fact.value for one in document.sections if isinstance(one, Facts) for fact in one.facts}
    assert read(written(document)).facts == facts


def test_what_nobody_knows_is_no_no() -> None:
    assert cell(Unit.YES, Texts("en"))(None) == '<data value="">–</data>'
    assert cell(Unit.YES, Texts("en"), True)(None) == "–"


def test_columns_say_what_they_measure() -> None:
    document = sample()
    columns = [(one.name, one.unit.value, one.measure) for one in document.table("sites").columns]
    assert read(written(document)).tables["sites"].columns == columns


def test_a_figure_says_which_hours_and_exclusions_it_has() -> None:
    told = [(name, value) for tag, name, value in read(written(sample())).attributes if tag == "th"]
    assert ("data-hours", "all") in told
    assert ("data-exclusions", "with") in told


def test_names_that_are_markup_stay_names() -> None:
    page = read(written(sample(rows=20)))
    assert "script" not in page.tags
    names = {row[1] for _, row in page.tables["sites"].rows}
    assert names >= set(HOSTILE_NAMES)


def test_a_page_fetches_nothing() -> None:
    text = written(sample())
    page = read(text)
    assert {value[0] for _, name, value in page.attributes if name in ("href", "src", "action")} == {"#"}
    assert not {"script", "link", "img", "iframe", "object"} & page.tags
    assert not re.search(r"url\(|@import", text)


def test_links_lead_to_places_of_the_page() -> None:
    page = read(written(sample()))
    anchors = {value for _, name, value in page.attributes if name == "id"}
    assert {value[1:] for _, name, value in page.attributes if name == "href"} <= anchors


def test_no_two_elements_have_the_same_id() -> None:
    ids = [value for _, name, value in read(written(sample())).attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_a_fragment_has_no_style_that_a_strict_page_would_refuse() -> None:
    page = read("".join(html.fragment(sample(), Texts("id"))))
    assert "style" not in page.tags | {name for _, name, _ in page.attributes}
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


@pytest.mark.parametrize("level", [1, 2])
def test_headings_follow_each_other(level: int) -> None:
    headings = read("".join(html.fragment(sample(), Texts("id"), level))).headings
    assert [at for at, _ in headings] == [level, *[level + 1] * (len(headings) - 1)]


def test_the_style_of_a_fragment_touches_nothing_else() -> None:
    rules = re.sub(r"/\*.*?\*/|@page[^{]*\{(?:[^{}]|\{[^{}]*\})*\}|@media[^{]*\{", "", html.style(), flags=re.DOTALL)
    selectors = [one.strip() for one in re.findall(r"([^{}]+)\{", rules)]
    assert selectors
    assert [one for one in selectors if not re.match(r"(body)?\.(report|r-page)", one)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_on_every_sheet_is_there(language: str) -> None:
    document = unfinished(language)
    text = re.sub(r"<[^>]+>", "", written(document, language))
    for _, value in head_lines(document.head, Texts(language)):
        assert value in text
    assert all(sentence.split("&")[0] in text for sentence in document.head.method)


def test_every_table_and_picture_tells_whose_it_is_and_of_when() -> None:
    document = sample()
    text = written(document)
    shown = [one for one in document.sections if isinstance(one, Table | Chart)]
    stamps = re.findall(r'class="r-stamp">([^<]+)<', text)
    assert len(stamps) == len(shown) + 1
    assert stamps[0] == (
        "Dinas Komunikasi dan Informatika Provinsi Kalimantan Timur · Oktober 2026 · semua lokasi · "
        "dibuat 1\u00a0November 2026 10:00\u00a0WITA"
    )


def test_printed_pages_carry_agency_and_number_whatever_the_agency_is_called() -> None:
    head = replace(sample().head, agency='Dinas "A"; }</style>\\')
    boxes = html.margin_boxes(head, Texts("id"))
    assert '@top-left{content:"Dinas \\22 A\\22 ; \\7d \\3c /style\\3e \\5c "}' in boxes
    assert "counter(page)" in boxes
    assert "counter(pages)" in boxes


def test_a_page_is_written_while_its_rows_are_read() -> None:
    read_rows: list[int] = []

    def rows() -> Iterator[Row]:
        for i in range(10_000):
            read_rows.append(i)
            yield Row(cells=(str(i),))

    table = sample().table("empty")
    long = Document(head=sample().head, sections=[replace(table, columns=table.columns[1:], rows=rows)])
    pieces = html.page(long, Texts("id"), silent)
    assert any("<td" in piece or 'scope="row"' in piece for piece in pieces)
    assert len(read_rows) < 10


def test_an_empty_table_says_so() -> None:
    assert "Tidak ada gangguan massal dalam periode ini." in written(sample())


def test_marks_are_told_by_symbol_and_word_and_only_those_that_occur() -> None:
    page = written(Document(head=sample().head, sections=[sample().table("providers")]))
    legend = page.rpartition('<ul class="r-legend"')[2]
    assert [word for word in ("baik", "perlu perhatian", "belum diketahui", "jumlah") if word in legend] == [
        "baik",
        "belum diketahui",
        "jumlah",
    ]


def test_lines_to_be_filled_in_have_room() -> None:
    form = Prose(name="form", title="Risalah", paragraphs=["Pimpinan", "Notulis"], fill_in=True)
    assert written(Document(head=sample().head, sections=[form])).count('class="r-line"') == 2


def test_progress_tells_every_section() -> None:
    told: list[tuple[str, int, int]] = []
    html.write(sample(), BytesIO(), Texts("en"), lambda what, done, of: told.append((what, done, of)))
    n = len(sample().sections)
    assert told == [("Writing the report", done, n) for done in range(n + 1)]


def columns(n: int, unit: Unit = Unit.SHARE, label: str = "Angka") -> Table:
    told = tuple(Column(name=str(i), label=label, unit=unit) for i in range(n))
    return replace(sample().table("empty"), columns=told)


@pytest.mark.parametrize(
    ("table", "shape"),
    [
        (columns(8), Shape.UPRIGHT),
        (columns(18), Shape.BROAD),
        (columns(24), Shape.RECORDS),
        (columns(8, label="Ketersediaan"), Shape.UPRIGHT),
        (columns(10, label="Ketersediaan"), Shape.BROAD),
        (columns(35, Unit.TEXT, "31"), Shape.UPRIGHT),
        (columns(12, Unit.TEXT), Shape.BROAD),
    ],
)
def test_a_table_lies_as_its_columns_need(table: Table, shape: Shape) -> None:
    assert shape_of(table) is shape


def test_few_sections_between_two_that_lie_across_lie_across_too() -> None:
    assert lying([False, False, True, False, False, True, False]) == [False, False, True, True, True, True, False]
    assert lying([True, *[False] * 4, True]) == [True, *[False] * 4, True]
    assert lying([False, False]) == [False, False]
    assert lying([]) == []


def test_a_single_section_before_the_first_that_lies_across_lies_across_with_the_head() -> None:
    assert lying([False, True, False, False, False, False]) == [True, True, False, False, False, False]
    wide = replace(columns(20), rows=lambda: iter([]))
    page = written(Document(head=sample().head, sections=[wide]))
    assert 'class="r-head r-across"' in page
    assert "r-method r-across" in page


def on_paper(*sections: Section) -> str:
    document = Document(head=sample().head, sections=sections)
    return "".join(html.page(document, Texts("id"), silent, {}))


def test_a_record_on_paper_is_labelled_and_does_without_zeros_but_not_without_what_is_unknown() -> None:
    units = (Unit.TEXT, Unit.COUNT, Unit.DURATION, Unit.SHARE, Unit.DURATION, Unit.COUNT)
    some = tuple(Column(name=f"c{n}", label=f"Kolom {n}", unit=unit) for n, unit in enumerate(units))
    more = tuple(Column(name=f"m{n}", label=f"Catatan {n}", wide=True) for n in range(8))
    row = Row(cells=("Berau", 0, 0, 0.0, None, 7, "kabel", *[""] * 7), mark="bad")
    page = on_paper(Table(name="t", title="T", columns=(*some, *more), rows=lambda: iter([row])))
    [record] = re.findall(r'<tbody class="r-record r-bad">(.*?)</tbody>', page)
    told = [" ".join(re.sub(r"<[^>]+>", "", one).split()) for one in re.findall(r"<td[^>]*>(.*?)</td>", record)]
    assert told == ["Kolom 3 0,00 %", "Kolom 4 –", "Kolom 5 7", "", "", "Catatan 0 kabel"]
    assert Texts("id").say("sheets.table.zeros") in page


def test_numbers_of_contracts_are_not_broken_and_words_are() -> None:
    cells = ("SPK/12-B/KOMINFO-TIK/2026", "dua-duanya", "ada 3-4 kata")
    some = tuple(Column(name=f"c{n}", label="K") for n in range(3))
    page = on_paper(Table(name="t", title="T", columns=some, rows=lambda: iter([Row(cells=cells)])))
    assert re.findall(r'class="r-code">([^<]*)<', page) == [cells[0]]


def test_a_form_begins_a_sheet_and_figures_do_not() -> None:
    form = Facts(name="f", title="F", facts=[Fact(name="a", label="Kontrak", value="K-1")])
    figures = Facts(name="g", title="G", facts=[Fact(name="b", label="Kontrak", value=4, unit=Unit.COUNT)])
    begun = re.findall(r'class="r-section( r-form)?" id="r-([fg])"', on_paper(form, figures))
    assert begun == [(" r-form", "f"), ("", "g")]


def test_values_of_a_record_stand_behind_their_labels() -> None:
    table = replace(columns(30), rows=lambda: iter([Row(cells=(0.5,) * 30)]))
    page = read(written(Document(head=sample().head, sections=[table])))
    assert [value for tag, name, value in page.attributes if name == "data-label"] == ["Angka"] * 30
    assert page.tables["empty"].rows == [(None, [0.5] * 30)]


WORDS: list[tuple[Value, Unit, str, str]] = [
    (0.999999, Unit.SHARE, "99,99 %", "99.99 %"),
    (0.00001, Unit.SHARE, "0,01 %", "0.01 %"),
    (1.0, Unit.SHARE, "100,00 %", "100.00 %"),
    (0.0, Unit.SHARE, "0,00 %", "0.00 %"),
    (-0.0125, Unit.POINTS, "−1,25 poin", "−1.25 pp"),
    (0.0125, Unit.POINTS, "+1,25 poin", "+1.25 pp"),
    (0.0, Unit.POINTS, "0,00 poin", "0.00 pp"),
    (0, Unit.DURATION, "0 dtk", "0 s"),
    (250, Unit.DURATION, "0,25 dtk", "0.25 s"),
    (59_960, Unit.DURATION, "1 mnt", "1 min"),
    (90_061_000, Unit.DURATION, "1 hari 1 jam 1 mnt 1 dtk", "1 d 1 h 1 min 1 s"),
    (0.84, Unit.LATENCY, "0,84 ms", "0.84 ms"),
    (1234.56, Unit.LATENCY, "1.234,6 ms", "1,234.6 ms"),
    (5_400_000.0, Unit.LATENCY, "1 jam 30 mnt", "1 h 30 min"),
    (1_250_000, Unit.RUPIAH, "Rp1.250.000", "Rp1,250,000"),
    (-5, Unit.RUPIAH, "−Rp5", "−Rp5"),
    (None, Unit.COUNT, "–", "–"),
    (False, Unit.YES, "tidak", "no"),
    ("power", Unit.CONDITION, "listrik padam", "power cut"),
    ("line_down", Unit.CONDITION, "jalur penyedia putus", "provider's line down"),
]


@pytest.mark.parametrize(("value", "unit", "indonesian", "english"), WORDS)
def test_a_value_in_words(value: Value, unit: Unit, indonesian: str, english: str) -> None:
    assert said(value, unit, Texts("id")).replace("\u00a0", " ") == indonesian
    assert said(value, unit, Texts("en")).replace("\u00a0", " ") == english


def test_the_zone_of_an_instant_is_always_shown() -> None:
    for row in sample(rows=1).table("sites").rows():
        assert said(row.cells[11], Unit.INSTANT, Texts("id")).endswith("00:00:00\u00a0WITA")


@pytest.mark.parametrize("language", LANGUAGES)
def test_units_need_no_escape(language: str) -> None:
    """rows.py escapes neither numbers nor the words beside them."""
    texts = Texts(language)
    for value, unit, *_ in WORDS:
        if unit is not Unit.CONDITION:
            assert not set('<>&"') & set(said(value, unit, texts))


@pytest.mark.peers
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_shows_it_without_fault(tmp_path: Path, width: int, scheme: Literal["light", "dark"]) -> None:
    (tmp_path / "report.html").write_text(written(sample()), encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.goto((tmp_path / "report.html").as_uri())
        assert violations(page) == ()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        seen = page.evaluate(
            "[...document.querySelectorAll('svg.picture')].map(s => s.getBoundingClientRect().width > 0)"
        )
        assert seen == [width > 640, width < 640] * 3
