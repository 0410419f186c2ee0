"""`report`: one report, or a pack of them, into a file.

It reads the store beside a collector that runs. Only that one may write flips: of a site that fell silent within the
last minutes it may not have written yet that it did, and until then a report that includes this moment counts these
minutes as before. Where no collector runs, what one that was killed left behind is judged first.
"""

import os
import sqlite3
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from collector.accounting.accounts import Accounts
from collector.accounting.calendar_files import calendar_of, load_calendars
from collector.commands.desk import FOUND_A_PROBLEM, OK, CannotRun, Desk, accounts_of, login_name, print_table
from collector.commands.printing import make_folder, print_file, print_folder, print_out, size_of, telling
from collector.figures.periods import CURRENT, BadPeriod, Period, between, local, parse
from collector.figures.totals import SCOPES
from collector.judging.rejudge import Rejudge
from collector.live import Live
from collector.registry import Site
from collector.reports.kinds import PACKS, REPORTS
from collector.reports.press import ZIP, Press, file_name
from collector.reports.source import Wanted
from collector.reports.writing.formats import FORMATS, CannotWrite
from collector.reports.writing.words import decimal, grouped
from collector.sole import Taken, sole_owner
from collector.store import Store

LIST = "list"
STANDARD_OUTPUT = "-"
DEFAULT_FORMAT = "html"
TEXT_FORMATS = ("html", "csv", "json")
NAMED = 10
"""So many names are shown where another one was asked for."""


def report(desk: Desk, options: Namespace) -> int:
    """Makes a report and says where it is; or lists what there is."""
    if options.kind == LIST:
        return _list(desk)
    kind, form = _kind_and_form(desk, options)
    period = _period(desk, options.period)
    try:
        with desk.store() as store:
            _settle(desk, store)
            wanted = _wanted(desk, options, store.sites(), period)
            _make(desk, options, _press(desk, store), wanted, kind, form)
    except CannotWrite as cannot:
        raise CannotRun(str(cannot)) from None
    except KeyboardInterrupt:
        desk.complain("report.stopped")
        return FOUND_A_PROBLEM
    return OK


def _list(desk: Desk) -> int:
    """Every kind, what it is for, and its formats."""
    header = [desk.texts.say(f"report.head.{name}") for name in ("kind", "formats", "about")]
    rows = [[kind, " ".join(FORMATS), desk.texts.say(f"reports.{kind}.about")] for kind in REPORTS]
    rows += [[kind, ZIP, desk.texts.say(f"reports.{kind}.about")] for kind in PACKS]
    print_table([header, *rows], desk.terminal.out)
    return OK


# what is asked for


def _kind_and_form(desk: Desk, options: Namespace) -> tuple[str, str]:
    kind, kinds = options.kind, [*REPORTS, *PACKS]
    if kind not in kinds:
        raise CannotRun(desk.texts.say("report.unknown_kind", kind=kind, known=", ".join(_near(kind, kinds) or kinds)))
    if kind in PACKS:
        if options.format:
            raise CannotRun(desk.texts.say("report.pack_has_no_format", kind=kind))
        return kind, ZIP
    form = options.format or DEFAULT_FORMAT
    try:
        FORMATS[form].ready(desk.texts)
    except CannotWrite as cannot:
        raise CannotRun(str(cannot)) from None
    return kind, form


def _period(desk: Desk, text: str | None) -> Period:
    """As figures/periods.py reads it, `FROM/TO` too; the last month where nothing is said."""
    now_ms, timezone = desk.clock.wall_ms(), desk.config.timezone
    if not text:
        first, _ = CURRENT["last_month"](local(now_ms, timezone).date())
        return parse(f"{first:%Y-%m}")
    try:
        start, slash, end = text.partition("/")
        period = between(start, end) if slash else parse(text)
    except BadPeriod:
        raise CannotRun(desk.texts.say("report.bad_period", period=text)) from None
    if period.span(timezone)[0] >= now_ms:
        raise CannotRun(desk.texts.say("report.not_begun", period=text))
    return period


def _wanted(desk: Desk, options: Namespace, sites: Sequence[Site], period: Period) -> Wanted:
    scope, of = options.scope, options.of or ""
    if not sites:
        raise CannotRun(desk.texts.say("sites.none"))
    if (scope == "all") != (not of):
        raise CannotRun(desk.texts.say("report.scope_and_of"))
    wanted = Wanted(period=period, sites=sites, scope=scope, of=of, by=login_name())
    if not any(map(wanted.touches, sites)):
        known = sorted({SCOPES[scope](site) for site in sites} - {""})
        near = [site.code for site in sites if scope == "site" and site.name == of] or _near(of, known)
        raise CannotRun(_unknown(desk, wanted, known, near))
    if of and not any(wanted.touches(site) and wanted.finds(site) for site in sites):
        raise CannotRun(desk.texts.say("reports_page.closed", of=of))
    return wanted


def _unknown(desk: Desk, wanted: Wanted, known: Sequence[str], near: Sequence[str]) -> str:
    said = {"scope": desk.texts.say(f"indicators.scope.{wanted.scope}"), "of": wanted.of}
    if near:
        return desk.texts.say("report.did_you_mean", **said, near=", ".join(near))
    if not known:
        return desk.texts.say("report.nobody_there", **said)
    return desk.texts.say(
        "report.unknown_of", **said, known=", ".join(known[:NAMED]), n=grouped(len(known), desk.texts)
    )


def _near(name: str, known: Sequence[str]) -> list[str]:
    """Those that may be meant."""
    folded = {one.casefold(): one for one in known}
    close = get_close_matches(name.casefold(), folded, n=3)
    within = [one for key, one in folded.items() if name.casefold() in key] if len(name) > 1 else []
    return [*dict.fromkeys([*(folded[one] for one in close), *within[:3]])]


# what it is made from


def _settle(desk: Desk, store: Store) -> None:
    """Where no collector runs, what one that was killed had not judged to the end is judged, and days that came to
    their end or that people changed are closed, so that a report says what the acts beside it say."""
    try:
        with suppress(Taken), sole_owner(desk.config.store):
            judging = Rejudge(store, Live(), desk.config.judge, desk.clock)
            judging.load()
            judging.judge_touched()
            _close(desk, accounts_of(store, desk, desk.clock, judging.settle))
            judging.close()
    except sqlite3.Error as error:
        raise CannotRun(desk.texts.say("collector.no_store", error=error)) from None


def _close(desk: Desk, accounts: Accounts) -> None:
    """A collector that stood still for long left many days."""
    done = 0
    with telling(desk) as progress:
        while made := accounts.close():
            done += made
            progress.tell(desk.texts.say("report.closing"), done, 0)


def _press(desk: Desk, store: Store) -> Press:
    default = desk.config.default_calendar
    of_site = partial(calendar_of, calendars=load_calendars(desk.config.calendars, default), default=default)
    return Press(desk.config, store, Accounts(store, of_site, desk.clock), of_site, desk.clock)


# where it goes


def _make(desk: Desk, options: Namespace, press: Press, wanted: Wanted, kind: str, form: str) -> None:
    began_ns, given = desk.clock.mono_ns(), options.output or ""
    if given == STANDARD_OUTPUT and form not in TEXT_FORMATS and desk.terminal.out.isatty():
        raise CannotRun(desk.texts.say("report.not_for_terminals", form=form))
    with telling(desk) as progress:
        source = press.source(wanted, desk.texts.language, progress.tell)
        write = partial(press.write, kind, form, source)
        if given == STANDARD_OUTPUT:
            print_out(desk, write, progress.end)
            return
        path, is_folder = _path(desk, given, file_name(kind, wanted, form))
        if is_folder and kind in PACKS:
            path = path.with_name(path.name.removesuffix(f".{ZIP}"))
            print_folder(desk, path, partial(press.lay_out, kind, source), force=options.force)
        else:
            print_file(desk, path, write, force=options.force)
    seconds = decimal((desk.clock.mono_ns() - began_ns) / 1e9, 1, desk.texts)
    desk.say("report.done", path=path, size=size_of(path, desk), seconds=seconds)


def _path(desk: Desk, given: str, name: str) -> tuple[Path, bool]:
    """The file that is meant, and whether a folder was given for it, which is made then."""
    into = Path(given)
    if not given or not (given.endswith(("/", os.sep)) or into.is_dir()):
        return Path(given or name), False
    make_folder(desk, into)
    return into / name, True
