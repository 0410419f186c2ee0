"""`anchor`: what of the chain of evidence is to be kept elsewhere, as text, as a page to print, as a QR code."""

import json
import struct
import zlib
from argparse import Namespace
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from xml.sax.saxutils import escape

import segno

from collector.accounting.anchor import Anchor
from collector.commands.desk import OK, CannotRun, Desk, local
from collector.store import Store
from shared.clock import rfc3339
from shared.texts import Texts

SAYS = ("keep", "check", "proves", "proves_not")
"""The sentences that every anchor has: `anchor.<name>`."""
PNG_HEAD = 33
"""Bytes of the signature and the first chunk of a PNG, behind which others may stand."""
PAGE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="148mm" height="210mm" viewBox="0 0 148 210">
<title>{title}</title><desc>{line}</desc>
<rect width="148" height="210" fill="#fff"/>
<g fill="#000" font-family="sans-serif">
{texts}
</g>
<svg x="44" y="44" width="60" height="60" viewBox="0 0 {side} {side}">{qr}</svg>
</svg>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An anchor and whose it is."""

    anchor: Anchor
    agency: str
    at: str
    """As people there read it."""
    line: str
    """What the QR code says: the anchor's line and when it was made."""


def anchor(desk: Desk, options: Namespace) -> int:
    """Prints or writes the anchor of now; a collector may run meanwhile."""
    form = options.format or Path(options.output or "").suffix.removeprefix(".") or "txt"
    if form not in FORMATS:
        raise CannotRun(desk.texts.say("anchor.bad_format", format=form, known=", ".join(FORMATS)))
    if form == "png" and not options.output:
        raise CannotRun(desk.texts.say("anchor.needs_output"))
    with desk.store() as store:
        made, is_behind = _made(store), store.chain.is_behind()
    if not made.links:
        raise CannotRun(desk.texts.say("anchor.empty"))
    _put(FORMATS[form](_sheet(made, desk), desk.texts), options.output, desk)
    if is_behind:
        desk.complain("anchor.behind")
    return OK


def _made(store: Store) -> Anchor:
    links, head = store.chain.head()
    version = store.acts.version()
    entries = store.acts.audit_log(version - 1, 1) if version else []  # number and digest of one and the same entry
    return Anchor(links=links, head=head, entries=version, audit=entries[0].digest if entries else "")


def _sheet(made: Anchor, desk: Desk) -> Sheet:
    now_ms = desk.clock.wall_ms()
    return Sheet(
        anchor=made,
        agency=desk.config.reports.agency or desk.config.province,
        at=local(now_ms, desk),
        line=f"kentongan {made.line} at={rfc3339(now_ms)}",
    )


def _put(content: bytes, output: str | None, desk: Desk) -> None:
    if output is None:
        print(content.decode(), end="", file=desk.terminal.out)
        return
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise CannotRun(desk.texts.say("anchor.not_written", file=output, error=error.strerror)) from None
    desk.say("anchor.written", file=output)
    desk.say("anchor.keep")
    desk.say("anchor.proves_not")


def _facts(sheet: Sheet, texts: Texts) -> list[str]:
    made = sheet.anchor
    facts = [texts.say("anchor.title"), sheet.agency, texts.say("anchor.made", at=sheet.at)]
    facts.append(texts.say("anchor.links", n=made.links))
    return [*filter(None, facts), *([texts.say("anchor.entries", n=made.entries)] if made.entries else [])]


def _txt(sheet: Sheet, texts: Texts) -> bytes:
    said = [*_facts(sheet, texts), "", sheet.line, ""]
    for name in SAYS:
        said += [*wrap(texts.say(f"anchor.{name}"), 100), ""]
    return "\n".join(said).encode()


def _json(sheet: Sheet, texts: Texts) -> bytes:
    made = sheet.anchor
    known = {
        "agency": sheet.agency,
        "at": sheet.at,
        "links": made.links,
        "head": made.head,
        "entries": made.entries,
        "audit": made.audit,
        "line": sheet.line,
        **{name: texts.say(f"anchor.{name}") for name in SAYS},
    }
    return (json.dumps(known, indent=2, ensure_ascii=False) + "\n").encode()


def _svg(sheet: Sheet, texts: Texts) -> bytes:
    """A page of A5; a browser prints it."""
    title, *facts = _facts(sheet, texts)
    lines = [_text(title, 16, 6), *(_text(fact, 24 + 6 * at, 4) for at, fact in enumerate(facts))]
    told = [part for word in sheet.line.split() for part in wrap(word, 37)]
    lines += [_text(part, 112 + 4.5 * at, 3.2, "monospace") for at, part in enumerate(told)]
    below = [part for name in SAYS for part in (*wrap(texts.say(f"anchor.{name}"), 88), "")]
    lines += [_text(part, 148 + 4 * at, 2.8) for at, part in enumerate(below) if part]
    qr, side = _qr(sheet)
    path = BytesIO()
    qr.save(path, kind="svg", xmldecl=False, svgns=False, nl=False, border=4, omitsize=True)
    page = PAGE.format(
        title=escape(title), line=sheet.line, texts="\n".join(lines), side=side, qr=path.getvalue().decode()
    )
    return page.encode()


def _text(said: str, y: float, size: float, family: str = "sans-serif") -> str:
    return f'<text x="10" y="{y:g}" font-size="{size:g}" font-family="{family}">{escape(said)}</text>'


def _png(sheet: Sheet, _texts: Texts) -> bytes:
    """The QR code alone. A picture cannot be read back without a reader of QR codes, so it says its line as a text,
    too."""
    picture = BytesIO()
    _qr(sheet)[0].save(picture, kind="png", scale=8, border=4)
    body = b"tEXtDescription\0" + sheet.line.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return picture.getvalue()[:PNG_HEAD] + chunk + picture.getvalue()[PNG_HEAD:]


def _qr(sheet: Sheet) -> tuple[segno.QRCode, int]:
    """The code, and its side in modules with the margin."""
    code = segno.make(sheet.line, error="m", micro=False)
    return code, int(code.symbol_size(border=4)[0])


FORMATS = {"txt": _txt, "json": _json, "svg": _svg, "png": _png}
