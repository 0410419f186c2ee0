"""`sites`: the places with a line."""

import csv
import json
from argparse import Namespace
from pathlib import Path

from collector.commands.desk import CANNOT_RUN, FOUND_A_PROBLEM, OK, CannotRun, Desk, print_table
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
        if not planned.writes or options.dry_run:
            return OK
        if not options.yes:
            if desk.terminal.ask is None:
                raise CannotRun(desk.texts.say("import.needs_yes"))
            if not desk.terminal.ask(desk.texts.say("import.ask")):
                desk.say("import.not_done")
                return FOUND_A_PROBLEM
        store.put_sites(planned.writes)
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
