"""`sites`: the places with a line, and what the register says of them."""

import json
from argparse import Namespace
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from collector.accounting.calendar_files import load_calendars, unknown_calendars
from collector.commands.desk import OK, CannotRun, Desk, login_name, print_table
from collector.commands.spreadsheets import Import, export_file, import_file
from collector.register.columns import SITES
from collector.register.plan import Plan, plan
from collector.register.regions import NoProvince, NoRegions, Wanted, sites_of
from collector.register.rows import Reading
from collector.register.sheets import Sheet
from collector.register.site_sheet import Entry, Known, read_sites
from collector.register.writing import write_csv
from collector.registry import Details, Site
from collector.store import Store


def sites_import(desk: Desk, options: Namespace) -> int:
    """Shows what FILE would change, asks, changes it. Nothing is imported unless every row is right, or --partial."""
    with desk.store() as store:
        known = _known(store, desk)

        def read(sheet: Sheet) -> Reading[Entry]:
            reading = read_sites(sheet, known)
            tell_unknown_calendars((entry.site for entry in reading.records.values()), desk)
            return reading

        def save(planned: Plan[Entry], detail: Mapping[str, Any]) -> None:
            sites, details = [one.site for one in planned.writes], [one.details for one in planned.writes]
            store.acts.import_sites(sites, details, by=login_name(), at_ms=desk.clock.wall_ms(), detail=detail)

        how: Import[Entry] = Import(
            layout=SITES,
            read=read,
            planned=lambda wanted: plan(known.entries.values(), wanted, SITES, Entry.values),
            name_of=lambda entry: (entry.code, entry.site.name),
            save=save,
        )
        return import_file(desk, options, how)


def _known(store: Store, desk: Desk) -> Known:
    return Known.of(
        store.sites(),
        store.register.details(),
        contracts={contract.number for contract in store.register.contracts()},
        providers=desk.config.providers,
        timezone=desk.config.timezone,
    )


def tell_unknown_calendars(sites: Iterable[Site], desk: Desk) -> None:
    """A line for every calendar that sites name and no file has: there service counts as due around the clock."""
    calendars = load_calendars(desk.config.calendars, desk.config.default_calendar)
    for name, n in unknown_calendars(sites, calendars).items():
        desk.complain("collector.unknown_calendar", name=name, n=n)


def sites_list(desk: Desk, options: Namespace) -> int:
    """The registered sites as a table, CSV (which `sites import` reads again) or JSON."""
    with desk.store() as store:
        entries = _entries(store, desk)
    records = [entry.values() for entry in entries]
    if options.format == "csv":
        write_csv(records, SITES, desk.terminal.out)
    elif options.format == "json":
        print(json.dumps(records, indent=2, ensure_ascii=False, default=date.isoformat), file=desk.terminal.out)
    elif records:
        shown = ("code", "name", "kind", "regency", "provider", "medium", "until")
        rows = [[SITES.column(name).written(record[name]) for name in shown] for record in records]
        print_table([shown, *rows], desk.terminal.out)
    else:
        desk.say("sites.none")
    return OK


def sites_export(desk: Desk, options: Namespace) -> int:
    """Writes all sites into a file that `sites import` reads again."""
    with desk.store() as store:
        return export_file(desk, options, SITES, [entry.values() for entry in _entries(store, desk)])


def sites_template(desk: Desk, options: Namespace) -> int:
    """Writes a sheet of all villages of a province. What is known of them stands in it, so that importing it loses
    nothing."""
    wanted = Wanted(
        province=options.province,
        level=options.level,
        with_kelurahan=options.with_kelurahan,
        timezone=desk.config.timezone,
    )
    try:
        made = sites_of(wanted)
    except NoRegions:
        raise CannotRun(desk.texts.say("register.no_lokal")) from None
    except NoProvince as no:
        there_are = ", ".join(f"{code} {name}" for code, name in no.known.items())
        raise CannotRun(desk.texts.say("register.no_province", province=options.province, known=there_are)) from None
    with desk.store() as store:
        known = _known(store, desk).entries
    records = [(known.get(site.code) or Entry(site, Details(code=site.code))).values() for site in made]
    if options.output:
        return export_file(desk, Namespace(file=options.output, force=options.force), SITES, records)
    write_csv(records, SITES, desk.terminal.out)
    return OK


def _entries(store: Store, desk: Desk) -> list[Entry]:
    return sorted(_known(store, desk).entries.values(), key=lambda entry: entry.code)
