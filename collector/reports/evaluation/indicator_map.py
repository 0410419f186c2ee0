"""The evaluation map: which report answers which indicator, and what people must still add. A data file with a source
for every entry (evaluation.toml); another one may be named in the settings."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from collector.reports.settings import ReportSettings
from shared.settings import Settings, load

OURS = Path(__file__).with_name("evaluation.toml")
NOT_CONFIRMED = "[NC]"
REPORTS_NAMED = ("bulanan", "keterhubungan", "gangguan", "sla", "harian", "penyedia", "tinjauan", "audit")
"""What an indicator may be answered with. (kinds.py, which has them all, needs this module.)"""


class Said(Settings):
    """A sentence in both languages."""

    id: str
    en: str

    def of(self, language: str) -> str:
        return self.id if language == "id" else self.en


class Predicate(Settings):
    """What an index from `from` on is called."""

    from_: Annotated[float, Field(alias="from", ge=0, le=5)]
    name: str


class Instrument(Settings):
    """A way to evaluate, with the rule it hangs on."""

    id: str
    name: str
    title: Said
    regulation: str
    nc: bool
    formula: str
    predicates: tuple[Predicate, ...]
    predicates_nc: bool
    note: Said
    source: str

    @property
    def told(self) -> str:
        """Its regulation, marked if nobody compared it with the official text."""
        return marked(self.regulation, self.nc)


class Supply(Said):
    """What of a report answers the indicator."""

    report: str


class Indicator(Settings):
    """One thing that is asked for."""

    instrument: str
    code: str
    name: str
    weight: Annotated[float, Field(gt=0, le=100)]
    nc: bool
    asks: tuple[Said, ...]
    supplies: tuple[Supply, ...]
    people: tuple[Said, ...]
    source: str


class EvaluationMap(Settings):
    """The whole file."""

    instruments: tuple[Instrument, ...]
    indicators: tuple[Indicator, ...]

    @classmethod
    def across(cls, table: Mapping[str, Any]) -> Iterator[str]:
        known = {one.get("id") for one in _tables(table.get("instruments"))}
        for one in _tables(table.get("indicators")):
            code, instrument = one.get("code"), one.get("instrument")
            if instrument not in known:
                yield f"indicators {code}: {instrument!r} is no instrument of this file"
            for report in (supply.get("report") for supply in _tables(one.get("supplies"))):
                if report not in REPORTS_NAMED:
                    yield f"indicators {code}: {report!r} is no report; use one of {', '.join(REPORTS_NAMED)}"

    def instrument(self, id_: str) -> Instrument:
        return next(one for one in self.instruments if one.id == id_)

    def reports(self) -> list[str]:
        """Every report that is named, in the order of REPORTS_NAMED."""
        named = {supply.report for one in self.indicators for supply in one.supplies}
        return [name for name in REPORTS_NAMED if name in named]


def evaluation_map(settings: ReportSettings) -> EvaluationMap:
    """The map in use. Raises BadSettings with every mistake in it."""
    return load(Path(settings.evaluation) if settings.evaluation else OURS, EvaluationMap)


def marked(text: str, nc: bool) -> str:
    """`text`, marked where it was not confirmed from an official text."""
    return f"{text} {NOT_CONFIRMED}" if nc else text


def predicates_of(one: Instrument) -> str:
    """Which index is called what, from the lowest on."""
    ends = [*(f" < {following.from_:g}" for following in one.predicates[1:]), ""]
    told = [f"{p.from_:g} <= x{end}: {p.name}" for p, end in zip(one.predicates, ends, strict=True)]
    return marked("; ".join(told), one.predicates_nc)


def _tables(found: object) -> list[Mapping[str, Any]]:
    """Those of `found` that are tables: anything may stand in a file."""
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, Sequence) else []
