"""What importing and exporting a spreadsheet is for every kind of sheet: mistakes told, the plan shown, a question."""

from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from collector.commands.desk import CANNOT_RUN, FOUND_A_PROBLEM, OK, CannotRun, Desk
from collector.register.columns import Layout
from collector.register.faults import BadSheet, Fault
from collector.register.plan import Plan, quoted
from collector.register.rows import Reading
from collector.register.sheets import Sheet, read_sheet
from collector.register.writing import csv_of, xlsx_of
from shared.texts import Texts

T = TypeVar("T")
REMARKS = 10
"""So many remarks of one kind are told, the rest are counted; mistakes are all told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import(Generic[T]):
    """One import. `name_of` is how the plan calls a record: (code, name); `values` tells it by columns."""

    layout: Layout
    read: Callable[[Sheet], Reading[T]]
    planned: Callable[[Sequence[T]], Plan[T]]
    name_of: Callable[[T], tuple[str, str]]
    save: Callable[[Plan[T], Mapping[str, Any]], None]


def import_file(desk: Desk, options: Namespace, how: Import[T]) -> int:
    """1. Every mistake is told; without --partial nothing is imported then.
    2. What would change is shown.
    3. Somebody agrees, or --yes; then all of it is written, or nothing.
    """
    try:
        reading = how.read(read_sheet(Path(options.file), options.sheet))
    except BadSheet as bad:
        return _refuse(desk, options, bad.faults)
    _tell_remarks(desk, reading.remarks)
    if reading.faults and not options.partial:
        return _refuse(desk, options, reading.faults)
    _tell(desk, reading.faults)
    planned = how.planned(list(reading.records.values()))
    _show(desk, planned, how)
    if reading.faults:
        rows = ", ".join(map(str, reading.wrong_rows))
        desk.complain("import.left_out", n=len(reading.wrong_rows), rows=rows)
    code = FOUND_A_PROBLEM if reading.faults else OK
    if not planned.writes or options.dry_run:
        return code
    if not options.yes and not _agreed(desk):
        return FOUND_A_PROBLEM
    how.save(planned, _detail(planned, Path(options.file), how, reading.wrong_rows))
    desk.say(f"import.done.{how.layout.name}", n=len(planned.writes))
    return code


def _agreed(desk: Desk) -> bool:
    if desk.terminal.ask is None:
        raise CannotRun(desk.texts.say("import.needs_yes"))
    if desk.terminal.ask(desk.texts.say("import.ask")):
        return True
    desk.say("import.not_done")
    return False


def _refuse(desk: Desk, options: Namespace, faults: Sequence[Fault]) -> int:
    _tell(desk, faults)
    desk.complain("import.refused", n=len(faults), file=options.file)
    if any(fault.row > 1 for fault in faults) and not options.partial:
        desk.complain("import.or_partial")
    return CANNOT_RUN


def _tell(desk: Desk, faults: Sequence[Fault]) -> None:
    for fault in faults:
        desk.complain("import.fault", where=where(fault, desk.texts), why=why(fault, desk.texts))


def _tell_remarks(desk: Desk, remarks: Sequence[Fault]) -> None:
    """One line for all rows that say the same."""
    told: Counter[str] = Counter()
    first = {(one.column, one.value, one.reason, one.detail): one for one in reversed(remarks)}
    rows = Counter((one.column, one.value, one.reason, one.detail) for one in remarks)
    for key, remark in sorted(first.items(), key=lambda item: item[1].row):
        told[remark.reason] += 1
        if told[remark.reason] <= REMARKS:
            place = where(remark, desk.texts, rows[key] - 1)
            desk.complain("import.remark", where=place, why=why(remark, desk.texts))
    more = sum(n - REMARKS for n in told.values() if n > REMARKS)
    if more:
        desk.complain("import.more_remarks", n=more)


def where(fault: Fault, texts: Texts, more: int = 0) -> str:
    """The place of a mistake: row, column and what stands there; `more`: so many other rows have the same."""
    if not fault.row:
        return fault.value or texts.say("import.file")
    title = fault.column if fault.column.isprintable() else ascii(fault.column)  # a terminal would obey it
    column = texts.say("import.column", column=title) if title else ""
    value = f" ({fault.value!r})" if fault.value else ""
    row = texts.say("import.row_and_more", row=fault.row, n=more) if more else texts.say("import.row", row=fault.row)
    return row + column + value


def why(fault: Fault, texts: Texts) -> str:
    """What is wrong, and what to write instead."""
    return texts.say(f"import.{fault.reason}", detail=fault.detail)


def _show(desk: Desk, planned: Plan[T], how: Import[T]) -> None:
    for record in planned.new:
        code, name = how.name_of(record)
        desk.say("import.new", code=code, name=name)
    for change in planned.changed:
        code, name = how.name_of(change.after)
        fields = ", ".join(
            f"{how.layout.column(name).title(desk.texts.language)}: {before or '–'} → {after or '–'}"
            for name, before, after in change.fields
        )
        desk.say("import.changed", code=code, name=name, fields=fields)
    desk.say(
        "import.sum",
        new=len(planned.new),
        changed=len(planned.changed),
        unchanged=len(planned.unchanged),
        staying=len(planned.staying),
    )


def _detail(planned: Plan[T], file: Path, how: Import[T], left_out: Sequence[int]) -> dict[str, Any]:
    """What the audit log keeps of an import."""
    changed = {how.name_of(change.after)[0]: quoted(change.fields) for change in planned.changed}
    return {
        "file": file.name,
        "new": [how.name_of(record)[0] for record in planned.new],
        "changed": changed,
        "unchanged": len(planned.unchanged),
        **({"rows_left_out": list(left_out)} if left_out else {}),
    }


def export_file(desk: Desk, options: Namespace, layout: Layout, records: Sequence[Mapping[str, Any]]) -> int:
    """Writes `records` into a new file: XLSX or CSV, as its name says."""
    write_file(desk, Path(options.file), layout, records, force=options.force)
    desk.say(f"export.done.{layout.name}", n=len(records), file=options.file)
    return OK


def write_file(
    desk: Desk, path: Path, layout: Layout, records: Sequence[Mapping[str, Any]], *, force: bool = False
) -> None:
    """CannotRun where the name says no format, or the file is there already."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise CannotRun(desk.texts.say("export.which_format", file=path))
    made = csv_of(records, layout) if suffix == ".csv" else xlsx_of(records, layout, desk.texts)
    try:
        fresh = path.with_name(f".{path.name}.new") if force else path
        with fresh.open("wb" if force else "xb") as file:
            file.write(made)
        fresh.replace(path)  # what was there is there until all of the new one is
    except FileExistsError:
        raise CannotRun(desk.texts.say("export.exists", file=path)) from None
    except OSError as error:
        raise CannotRun(desk.texts.say("export.cannot_write", file=path, error=error.strerror)) from None
