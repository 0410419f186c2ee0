"""`sites`: the places with a line."""

import csv
import json
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from collector.accounting.calendar_files import load_calendars, unknown_calendars
from collector.commands.desk import CANNOT_RUN, FOUND_A_PROBLEM, OK, CannotRun, Desk, login_name, print_table
from collector.registry import Site
from collector.site_import import COLUMNS, BadSheet, Fault, Plan, plan, read_sheet
from shared.texts import Texts


def sites_import(desk: Desk, options: Namespace) -> int:
    """Shows what FILE.csv would change, asks, changes it. Nothing is imported unless every row is right."""
    try:
        wanted = read_sheet(Path(options.file), desk.config.timezone)
    except BadSheet as bad:
        for fault in bad.faults:
            desk.complain("import.fault", where=_where(fault, desk.texts), why=_why(fault, desk.texts))
        desk.complain("import.refused", n=len(bad.faults), file=options.file)
        return CANNOT_RUN
    with desk.store() as store:
        planned = plan(store.sites(), wanted)
        _show(planned, desk)
        tell_unknown_calendars(wanted, desk)
        if not planned.writes or options.dry_run:
            return OK
        if not options.yes:
            if desk.terminal.ask is None:
                raise CannotRun(desk.texts.say("import.needs_yes"))
            if not desk.terminal.ask(desk.texts.say("import.ask")):
                desk.say("import.not_done")
                return FOUND_A_PROBLEM
        store.acts.import_sites(
            planned.writes, by=login_name(), at_ms=desk.clock.wall_ms(), detail=_detail(planned, Path(options.file))
        )
        desk.say("import.done", n=len(planned.writes))
    return OK


def _where(fault: Fault, texts: Texts) -> str:
    if not fault.row:
        return fault.value or texts.say("import.file")
    column = texts.say("import.column", column=fault.column) if fault.column else ""
    value = f" ({fault.value!r})" if fault.value else ""
    return texts.say("import.row", row=fault.row) + column + value


def _why(fault: Fault, texts: Texts) -> str:
    return texts.say(f"import.{fault.reason}", detail=fault.detail)


def _show(planned: Plan, desk: Desk) -> None:
    for site in planned.new:
        desk.say("import.new", code=site.code, name=site.name)
    for change in planned.changed:
        fields = ", ".join(f"{name}: {before or '–'} → {after or '–'}" for name, before, after in change.fields)
        desk.say("import.changed", code=change.after.code, name=change.after.name, fields=fields)
    desk.say(
        "import.sum",
        new=len(planned.new),
        changed=len(planned.changed),
        unchanged=len(planned.unchanged),
        staying=len(planned.staying),
    )


def _detail(planned: Plan, file: Path) -> dict[str, Any]:
    """What the audit log keeps of an import."""
    return {
        "file": file.name,
        "new": [site.code for site in planned.new],
        "changed": {change.after.code: change.fields for change in planned.changed},
        "unchanged": len(planned.unchanged),
    }


def tell_unknown_calendars(sites: Iterable[Site], desk: Desk) -> None:
    """A line for every calendar that sites name and no file has: there service counts as due around the clock."""
    calendars = load_calendars(desk.config.calendars, desk.config.default_calendar)
    for name, n in unknown_calendars(sites, calendars).items():
        desk.complain("collector.unknown_calendar", name=name, n=n)


def sites_list(desk: Desk, options: Namespace) -> int:
    """The registered sites as a table, CSV (which `sites import` reads again) or JSON."""
    with desk.store() as store:
        sites = sorted(store.sites(), key=lambda site: site.code)
    rows = [{name: str(getattr(site, name)) for name in COLUMNS} for site in sites]
    if options.format == "csv":
        writer = csv.DictWriter(desk.terminal.out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif options.format == "json":
        print(json.dumps(rows, indent=2, ensure_ascii=False), file=desk.terminal.out)
    elif rows:
        shown = ("code", "name", "kind", "regency", "provider", "medium")
        print_table([shown, *([row[name] for name in shown] for row in rows)], desk.terminal.out)
    else:
        desk.say("sites.none")
    return OK
