"""Pure: what an import would change."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from collector.register.columns import PERSONAL, Layout

T = TypeVar("T")
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[T]):
    """A known record that the file describes otherwise; `fields`: (column, before, after) of what differs."""

    before: T
    after: T
    fields: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Generic[T]):
    """What an import would do."""

    new: list[T]
    changed: list[Change[T]]
    unchanged: list[T]
    staying: list[T]
    """Known, and not in the file."""

    @property
    def writes(self) -> list[T]:
        return [*self.new, *(change.after for change in self.changed)]


def plan(known: Iterable[T], wanted: Sequence[T], layout: Layout, values: Callable[[T], Values]) -> Plan[T]:
    """How `wanted` differs from `known`; `values` tells a record by columns."""

    def key(record: T) -> tuple[object, ...]:
        told = values(record)
        return tuple(told[name] for name in layout.key)

    before = {key(record): record for record in known}
    named = {key(record) for record in wanted}
    pairs = [(before.get(key(record)), record) for record in wanted]
    return Plan(
        new=[record for old, record in pairs if old is None],
        changed=[
            Change(before=old, after=record, fields=differing(values(old), values(record), layout))
            for old, record in pairs
            if old is not None and old != record
        ],
        unchanged=[record for old, record in pairs if old == record],
        staying=[record for one, record in before.items() if one not in named],
    )


def differing(before: Values, after: Values, layout: Layout) -> list[tuple[str, str, str]]:
    """(column, before, after) as sheets write them."""
    return [
        (column.name, column.written(before[column.name]), column.written(after[column.name]))
        for column in layout.columns
        if before[column.name] != after[column.name]
    ]


def quoted(changes: Iterable[tuple[str, str, str]]) -> list[tuple[str, ...]]:
    """As the audit log keeps them: of personal data, that it was changed and nothing more."""
    return [(name,) if name in PERSONAL else (name, before, after) for name, before, after in changes]
