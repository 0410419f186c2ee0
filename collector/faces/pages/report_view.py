"""Pure: how the pages of reports tell what there is, what can be chosen, and what became of an order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from collector.faces.pages import period_words
from collector.faces.pages.figure_rows import name_of
from collector.faces.pages.forms import MAX_LISTED, Form
from collector.faces.pages.shell import Reader
from collector.faces.report_jobs import Job, State
from collector.faces.report_wanted import Order
from collector.figures.periods import local
from collector.figures.totals import SCOPES
from collector.registry import Site
from collector.reports.document import Document, Row, Table
from collector.reports.kinds import PACKS, REPORTS
from collector.reports.source import Wanted
from collector.reports.writing.formats import FORMATS
from shared.texts import Texts

OFFERED = (
    ("last_month", "month", 1),
    ("last_quarter", "quarter", 1),
    ("last_year", "year", 1),
    ("this_month", "month", 0),
    ("this_quarter", "quarter", 0),
    ("this_year", "year", 0),
)
"""(word for it, how periods are cut, how many of them ago). The first is what most want."""
GROUPED = ("regency", "opd", "provider", "medium", "kind")
"""Scopes whose owners are chosen from a list."""
MARKS = {
    State.WAITING: "…",
    State.WORKING: "▸",
    State.DONE: "✓",
    State.FAILED: "✗",
    State.CANCELLED: "–",
}
BYTES = ("B", "kB", "MB", "GB")


@dataclass(frozen=True, slots=True)
class Shown:
    """A report on the page; `cut`: some of its tables are longer."""

    html: Markup
    cut: bool


def kinds(known: Sequence[str], texts: Texts) -> list[dict[str, Any]]:
    """What one may have, with what it is for."""
    return [
        {
            "name": kind,
            "title": texts.say(f"reports.{kind}"),
            "about": texts.say(f"reports.{kind}.about"),
            "is_pack": kind in PACKS,
        }
        for kind in known
    ]


def kept_back(known: Sequence[str], reader: Reader) -> str:
    """Which reports somebody without a log-in would have after it; "" where that is no question."""
    texts = reader.view.texts
    more = [texts.say(f"reports.{kind}") for kind in (*REPORTS, *PACKS) if kind not in known]
    return texts.say("reports_page.kept_back", kinds=", ".join(more)) if more and not reader.who.name else ""


def formats(texts: Texts, known: Sequence[str] = ()) -> list[tuple[str, str]]:
    """(name, what it is good for)."""
    return [(form, texts.say(f"reports_page.format.{form}")) for form in known or FORMATS]


def choices(sites: Sequence[Site], today: date, reader: Reader, form: Form) -> dict[str, Any]:
    """What the form offers: periods, and whom a report can be about."""
    texts = reader.view.texts
    owners = [
        (
            texts.say(f"indicators.filter.{scope}"),
            [
                (f"{scope}:{of}", name_of(scope, of, texts))
                for of in sorted({SCOPES[scope](site) for site in sites} - {""})
            ],
        )
        for scope in GROUPED
    ]
    return {
        "periods": offered(today, texts),
        "owners": [(label, found) for label, found in owners if found],
        "codes": [(site.code, site.name) for site in sites] if len(sites) <= MAX_LISTED else [],
        "language": form.value("language", texts.language),
    }


def offered(today: date, texts: Texts) -> list[tuple[str, str]]:
    """(name, in words) of the periods that people ask for most."""
    found = []
    for word, by, n in OFFERED:
        name = period_words.ago(today, by, n)
        called = period_words.called(period_words.known(name), texts)
        found.append(
            (name, texts.say("reports_page.period.one", word=texts.say(f"reports_page.period.{word}"), called=called))
        )
    return found


def asked_by(form: Form) -> dict[str, str]:
    """Period, scope and of as the form has them: what was typed counts before what was chosen."""
    scope, _, of = form.value("about", "all").partition(":")
    if form.text("site"):
        scope, of = "site", form.text("site")
    return {"period": form.text("other_period") or form.text("period"), "scope": scope, "of": of}


def field_of(problem: str, form: Form) -> str:
    """Which field of the form a refusal is about: the one that counts."""
    if problem == "bad-period":
        return "other_period" if form.text("other_period") else "period"
    return "site" if form.text("site") else "of"


def with_period(reader: Reader, timezone: str) -> dict[str, str]:
    """What the address asks for; last month if it does not say when."""
    asked = {name: said for name, said in reader.query.items() if said}
    return {"period": period_words.ago(local(reader.view.now_ms, timezone).date(), "month", 1)} | asked


def path_of(order: Order) -> str:
    """Where what is ordered can be read on a page."""
    wanted = order.wanted
    asked = {"period": wanted.period.name}
    asked |= {} if wanted.scope == "all" else {"scope": wanted.scope, "of": wanted.of}
    return f"reports/{order.kind}?{urlencode(asked | {'lang': order.language})}"


def around(kind: str, wanted: Wanted, reader: Reader, timezone: str) -> dict[str, Any]:
    """What stands around a report on its page."""
    texts = reader.view.texts
    path = f"reports/{kind}"
    is_all = wanted.scope == "regency" and wanted.of == reader.who.regency  # of what this reader may see
    neighbours = period_words.neighbours(wanted.period, local(reader.view.now_ms, timezone).date())
    return {
        "title": texts.say(f"reports.{kind}"),
        "about": texts.say(f"reports.{kind}.about"),
        "period": wanted.period.name,
        "period_called": period_words.called(wanted.period, texts),
        "scope": wanted.scope,
        "of": wanted.of,
        "scope_called": scope_called(wanted, texts),
        "neighbours": [
            (period_words.called(period_words.known(name), texts), reader.again(path, period=name))
            if name
            else ("", "")
            for name in neighbours
        ],
        "whole": "" if wanted.scope == "all" or is_all else reader.again(path, scope="", of=""),
    }


def scope_called(wanted: Wanted, texts: Texts) -> str:
    """Whom a report is about."""
    if wanted.scope == "all":
        return texts.say("reports.scope.all")
    if wanted.scope == "site":
        names = [site.name for site in wanted.sites if wanted.touches(site)]
        return f"{', '.join(names)} ({wanted.of})"
    scope = texts.say(f"indicators.scope.{wanted.scope}")
    one = texts.say("reports.scope.one", scope=scope, of=name_of(wanted.scope, wanted.of, texts))
    return f"{one} · {wanted.within}" if wanted.within else one


def cut(document: Document, most: int, texts: Texts) -> tuple[Document, bool]:
    """`document` with the first `most` rows of each table, and whether that leaves something out."""
    sections, left_out = [], False
    for section in document.sections:
        if isinstance(section, Table):
            rows = list(islice(section.rows(), most + 1))
            if len(rows) > most:
                said = texts.say("reports_page.first_rows", n=most)
                section, left_out = replace(section, note=f"{section.note} {said}".strip()), True  # noqa: PLW2901
            section = replace(section, rows=partial(_iterated, rows[:most]))  # noqa: PLW2901
        sections.append(section)
    return replace(document, sections=sections), left_out


def _iterated(rows: Sequence[Row]) -> Iterator[Row]:
    return iter(rows)


def job_row(job: Job, reader: Reader, before: int, keep_hours: float) -> dict[str, Any]:
    """An order and what became of it. `before`: how many are made before it."""
    order, view, texts = job.order, reader.view, reader.view.texts
    what, done, of = job.doing
    began_ms = job.began_ms or job.asked_ms
    return {
        "href": reader.href(f"reports/jobs/{job.id}"),
        "file": reader.href(f"reports/jobs/{job.id}/file"),
        "cancel": reader.href(f"reports/jobs/{job.id}/cancel"),
        "title": texts.say(f"reports.{order.kind}"),
        "period": period_words.called(order.wanted.period, texts),
        "scope": scope_called(order.wanted, texts),
        "format": order.form.upper(),
        "language": texts.say(f"nav.language.{order.language}"),
        "state": job.state.value,
        "mark": MARKS[job.state],
        "is_over": job.state.is_over,
        "shows": order.form == "html",
        "before": view.count(before),
        "what": what,
        "share": f"{done / of:.3f}" if of > 0 else "",
        "counted": texts.say("reports_page.counted", done=view.count(done), of=view.count(of)) if of > 1 else "",
        "lasted": view.ago(began_ms),
        "size": size(job.bytes, texts),
        "asked": view.at(job.asked_ms),
        "until": texts.say("reports_page.until", hours=f"{keep_hours:g}"),
        "again": reader.href(path_of(order)) if order.kind not in PACKS else reader.href("reports"),
        "failed": _failed(job, texts),
    }


def size(n: int, texts: Texts) -> str:
    """Bytes as people read them."""
    amount, unit = float(n), 0
    while amount >= 1000 and unit < len(BYTES) - 1:
        amount, unit = amount / 1000, unit + 1
    said = f"{amount:.0f}" if amount >= 10 or unit == 0 else f"{amount:.1f}"
    return f"{said.replace('.', ',') if texts.language == 'id' else said} {BYTES[unit]}"


def _failed(job: Job, texts: Texts) -> str:
    """Why there is no file; "" where there is one, or may be."""
    return texts.say(f"reports_page.failed.{job.failure.why}", detail=job.failure.detail) if job.failure else ""
