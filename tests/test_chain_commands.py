"""`verify --chain` names what was edited, and `anchor` writes what is to be kept elsewhere."""

import csv
import json
import re
from io import StringIO
from pathlib import Path

import pytest
import segno

from collector.accounting.anchor import Anchor, anchors_in
from collector.sole import sole_owner
from tests.bookkeeping import SITE
from tests.chained import FIRST_DAY, Terminals, change_byte, edited, keys, lived

HEAD = "ab" * 32


@pytest.fixture
def typist(tmp_path: Path) -> Terminals:
    office = lived(tmp_path)
    office.store.close()
    return Terminals(office)


def test_a_store_that_nobody_edited_is_whole(typist: Terminals) -> None:
    assert typist.types("verify", "--chain") == 0
    assert "The chain is whole: 4 links" in typist.said
    assert "2 closed days of 1 sites" in typist.said


def test_what_it_does_not_prove_is_said_every_time(typist: Terminals) -> None:
    typist.types("verify", "--chain")
    assert "No anchor was compared" in typist.said
    assert "What this does not prove: that measurements were true" in typist.said


def test_an_edited_day_is_named_by_site_day_and_link(typist: Terminals) -> None:
    change_byte(typist.office, "chunks", "data", keys(typist.office, "chunks")[3], -20)
    assert typist.types("verify", "--chain") == 1
    first, *_ = typist.said.splitlines()
    assert first == f"{SITE.code}, {FIRST_DAY}: the results are not those that link 4 was made over."
    assert typist.types("verify", "--chain", "--lang", "id") == 1
    assert "hasil ukur bukan yang dirantai dalam mata rantai 4" in typist.said


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DELETE FROM chain WHERE id = 2", "gap"),
        ("UPDATE chain SET why = '' WHERE id = 2", "link"),
        ("DELETE FROM chain WHERE id = 4", "number"),
        ("DELETE FROM days WHERE number = 1", "gone"),
        ("UPDATE days SET closed_ms = 0", "closed"),
        ("UPDATE days SET ledger = x''", "account"),
        ("UPDATE revisions SET ledger = x''", "before"),
        ("UPDATE revisions SET why = ''", "record"),
        ("UPDATE audit SET who = 'x'", "audit"),
        ("DELETE FROM chain WHERE id IN (2, 3, 4)", "unlinked"),
    ],
)
def test_every_kind_of_fault_has_its_sentence(typist: Terminals, statement: str, kind: str) -> None:
    edited(typist.office, statement)
    assert typist.types("verify", "--chain", "--format", "csv") == 1
    rows = {row["kind"]: row["sentence"] for row in csv.DictReader(StringIO(typist.said))}
    assert kind in rows
    assert "{" not in rows[kind]


def test_programs_read_the_faults_as_json(typist: Terminals) -> None:
    edited(typist.office, "UPDATE chain SET why = '' WHERE id = 2")
    assert typist.types("verify", "--chain", "--format", "json") == 1
    said = json.loads(typist.said)
    assert (said["links"], said["days"], said["faults"], said["kinds"]) == (4, 2, 1, {"link": 1})
    assert (said["found"][0]["n"], said["found"][0]["site"]) == (2, SITE.code)


def test_nothing_is_checked_while_a_collector_runs_but_a_copy_is(typist: Terminals) -> None:
    with sole_owner(f"sqlite:///{typist.folder / 'k.db'}"):
        assert typist.types("verify", "--chain") == 2
        assert "backup" in typist.told
        assert typist.types("backup", str(typist.folder / "copy.db")) == 0
        assert typist.types("verify", "--chain", "--store", str(typist.folder / "copy.db")) == 0
    assert "4 links" in typist.said


def test_a_store_that_is_not_there_is_not_made(typist: Terminals) -> None:
    assert typist.types("verify", "--chain", "--store", str(typist.folder / "no.db")) == 2
    assert not list(typist.folder.glob("no.db*"))


def test_without_the_flag_it_is_the_truth_of_a_simulation_that_is_asked_for(typist: Terminals) -> None:
    assert typist.types("verify") == 2
    assert "truth.jsonl" in typist.told


@pytest.mark.parametrize("form", ["txt", "json", "svg", "png"])
def test_an_anchor_in_any_form_can_be_compared_later(typist: Terminals, form: str) -> None:
    file = typist.folder / f"anchor.{form}"
    assert typist.types("anchor", "--output", str(file)) == 0
    assert "It does not prove" in typist.said
    assert typist.types("verify", "--anchor", str(file)) == 0, typist.told
    assert f"Compared with the anchor in {file} (link 4)" in typist.said
    edited(typist.office, "DELETE FROM chain WHERE id = 4", "DELETE FROM audit")
    assert typist.types("verify", "--chain", "--anchor", str(file)) == 1
    assert f"The anchor in {file} knows 4 links" in typist.said
    assert f"Entry 1 of the audit log is not the one that the anchor in {file} names" in typist.said


def test_a_chain_that_was_made_anew_is_not_the_anchored_one(typist: Terminals) -> None:
    (typist.folder / "report.txt").write_text(f"links=3 head={HEAD}", encoding="ascii")
    assert typist.types("verify", "--anchor", str(typist.folder / "report.txt")) == 1
    assert "Link 3 is not the one that the anchor" in typist.said


def test_the_sixteen_characters_at_the_foot_of_a_report_are_an_anchor(typist: Terminals) -> None:
    typist.types("anchor", "--format", "json")
    head, audit = (json.loads(typist.said)[name] for name in ("head", "audit"))
    for foot, code in ((head[:16], 0), (head[1:17], 1)):
        (typist.folder / "foot.txt").write_text(f"links=4 head={foot} entries=1 audit={audit[:16]}", encoding="ascii")
        assert typist.types("verify", "--anchor", str(typist.folder / "foot.txt")) == code


def test_a_printed_anchor_says_whose_it_is_and_what_it_does_not_prove(typist: Terminals) -> None:
    assert typist.types("anchor") == 0
    for words in ("Kalimantan Timur", "Links in the chain: 4", "Entries in the audit log: 1", "does not prove"):
        assert words in typist.said
    typist.types("anchor", "--format", "svg", "--lang", "id")
    page = typist.said
    assert ("Jangkar rantai bukti" in page, page.count("<path")) == (True, 1)
    assert re.search(r"<desc>kentongan links=4 head=[0-9a-f]{64} entries=1 audit=[0-9a-f]{64} at=\S+Z</desc>", page)


def test_the_qr_code_says_the_line_of_the_anchor(typist: Terminals) -> None:
    typist.types("anchor", "--format", "svg")
    line = re.search(r"<desc>(.*)</desc>", typist.said)[1]  # type: ignore[index]  # it is there
    drawn = re.search(r'<path[^>]* d="([^"]*)"', typist.said)[1]  # type: ignore[index]
    assert drawn in segno.make(line, error="m", micro=False).svg_inline(border=4)


@pytest.mark.parametrize(
    "text",
    [
        f"links=12 head={HEAD}",
        f"> links=12\n> head={HEAD}".replace("> ", ""),
        f"links=12 head={HEAD[:37]}\n    {HEAD[37:].upper()}\n",
        f"kentongan links=12 head={HEAD} entries=3 audit={HEAD} at=2026-11-01T02:00:00Z",
    ],
)
def test_an_anchor_is_found_in_a_mail_and_in_what_was_copied_from_paper(text: str) -> None:
    [found] = anchors_in(f"Yth. Inspektorat\n\n{text}\n\nSalam".encode(), "surat.eml")
    assert (found.links, found.head, found.told) == (12, HEAD, "surat.eml")
    assert (found.entries, found.audit) == ((3, HEAD) if "entries" in text else (0, ""))


def test_an_anchor_reads_its_own_line() -> None:
    anchor = Anchor(links=7, head=HEAD, entries=2, audit=HEAD, told="f")
    assert list(anchors_in(anchor.line.encode(), "f")) == [anchor]


def test_a_file_without_an_anchor_is_refused(typist: Terminals) -> None:
    (typist.folder / "a.txt").write_text("links=12 head=abc", encoding="ascii")
    assert typist.types("verify", "--anchor", str(typist.folder / "a.txt")) == 2
    assert "There is no anchor in" in typist.told
    assert typist.types("verify", "--anchor", str(typist.folder / "b.txt")) == 2


def test_a_picture_needs_a_file(typist: Terminals) -> None:
    assert typist.types("anchor", "--format", "png") == 2
    assert typist.types("anchor", "--output", str(typist.folder / "no" / "a.png")) == 2
    assert typist.types("anchor", "--output", str(typist.folder / "a.pdf")) == 2
    assert "pdf" in typist.told


def test_an_empty_chain_has_no_anchor(typist: Terminals) -> None:
    edited(typist.office, "DELETE FROM chain")
    assert typist.types("anchor") == 2


def test_days_that_a_rebuild_makes_anew_are_linked_anew(typist: Terminals) -> None:
    edited(typist.office, "DELETE FROM days WHERE number = 1")
    assert typist.types("verify", "--chain") == 1
    assert typist.types("rebuild", "--check") == 1
    assert typist.types("rebuild") == 1
    assert typist.types("verify", "--chain", "--format", "json") == 0, typist.said
    assert json.loads(typist.said)["links"] > 4


def test_what_was_edited_stays_visible_after_it_was_made_right(typist: Terminals) -> None:
    first, second = keys(typist.office, "days")[:2]
    edited(typist.office, f"UPDATE days SET tally = (SELECT tally FROM days WHERE key = {second}) WHERE key = {first}")
    assert typist.types("rebuild") == 1
    assert typist.types("verify", "--chain") == 1
    assert "the account that stood before revision 4 is not the one that link 4 was made over" in typist.said
    assert typist.said.count(SITE.code) == 1
