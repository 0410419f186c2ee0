"""`contracts`: what providers promised, from when to when."""

import json
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from collector.acts import BadAct, check_texts
from collector.commands.desk import FOUND_A_PROBLEM, OK, CannotRun, Desk, login_name, print_table
from collector.commands.spreadsheets import Import, export_file, import_file
from collector.contracts import Contract
from collector.register.columns import CONTRACTS, Column
from collector.register.contract_sheet import KnownContracts, read_contracts, values_of
from collector.register.plan import Plan, plan
from collector.register.rows import Reading
from collector.register.sheets import Sheet
from collector.register.writing import write_csv

SHOWN = ("number", "provider", "begins", "ends", "sla", "fee", "formula")


def contracts_import(desk: Desk, options: Namespace) -> int:
    """Shows what FILE would change, asks, changes it. Nothing is imported unless every row is right, or --partial."""
    with desk.store() as store:
        contracts = store.register.contracts()
        providers = {site.provider for site in store.sites()} | set(desk.config.providers)

        def read(sheet: Sheet) -> Reading[Contract]:
            return read_contracts(sheet, KnownContracts.of(contracts, providers))

        def save(planned: Plan[Contract], detail: Mapping[str, Any]) -> None:
            at_ms = desk.clock.wall_ms()
            store.acts.import_contracts(planned.writes, by=login_name(), at_ms=at_ms, detail=detail)

        how: Import[Contract] = Import(
            layout=CONTRACTS,
            read=read,
            planned=lambda wanted: plan(contracts, wanted, CONTRACTS, values_of),
            name_of=lambda one: (f"{one.number} {one.begins.isoformat()}", one.provider),
            save=save,
        )
        return import_file(desk, options, how)


def contracts_list(desk: Desk, options: Namespace) -> int:
    """All versions of all contracts as a table, CSV (which `contracts import` reads again) or JSON."""
    with desk.store() as store:
        contracts = store.register.contracts()
    if options.format == "csv":
        write_csv(map(values_of, contracts), CONTRACTS, desk.terminal.out)
    elif options.format == "json":
        print(json.dumps([told(one) for one in contracts], indent=2, ensure_ascii=False), file=desk.terminal.out)
    elif contracts:
        columns = [CONTRACTS.column(name) for name in SHOWN]
        print_table([SHOWN, *([_cell(column, one) for column in columns] for one in contracts)], desk.terminal.out)
    else:
        desk.say("contracts.none")
    return OK


def told(contract: Contract) -> dict[str, Any]:
    """As JSON: days as ISO, the SLA as a number from 0 to 1."""
    known = asdict(contract)
    days = {name: known[name].isoformat() if known[name] else None for name in ("begins", "ends")}
    return known | days | {"sla": None if contract.sla is None else float(contract.sla)}


def _cell(column: Column, contract: Contract) -> str:
    return column.written(getattr(contract, column.name)) or "–"


def contracts_export(desk: Desk, options: Namespace) -> int:
    """Writes all versions of all contracts into a file that `contracts import` reads again."""
    with desk.store() as store:
        return export_file(desk, options, CONTRACTS, [values_of(one) for one in store.register.contracts()])


def contracts_remove(desk: Desk, options: Namespace) -> int:
    """Takes one version out: of a mistyped number or first day nothing else gets rid. The audit log quotes it."""
    with desk.store() as store:
        gone = _version(desk, options, list(store.register.contracts()))
        try:
            check_texts(by=login_name(), why=options.why)
        except BadAct as bad:
            raise CannotRun(desk.texts.say(f"acts.{bad.reason}", **bad.values)) from None
        desk.say("contracts.removing", number=gone.number, begins=gone.begins, provider=gone.provider or "–")
        if not options.yes:
            if desk.terminal.ask is None:
                raise CannotRun(desk.texts.say("import.needs_yes"))
            if not desk.terminal.ask(desk.texts.say("import.ask")):
                desk.say("import.not_done")
                return FOUND_A_PROBLEM
        detail = told(gone) | {"why": options.why}
        store.acts.remove_contract(gone, by=login_name(), at_ms=desk.clock.wall_ms(), detail=detail)
    desk.say("contracts.removed", number=gone.number, begins=gone.begins)
    return OK


def _version(desk: Desk, options: Namespace, contracts: list[Contract]) -> Contract:
    """The one that is named; CannotRun, with those there are, if there is none."""
    mine = {one.begins: one for one in contracts if one.number == options.number}
    try:
        return mine[date.fromisoformat(options.begins)]
    except (ValueError, KeyError):
        known = ", ".join(day.isoformat() for day in sorted(mine)) or "–"
        raise CannotRun(
            desk.texts.say("contracts.unknown", number=options.number, begins=options.begins, known=known)
        ) from None
