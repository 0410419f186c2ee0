"""The tables of all reports and packs: REPORTS are documents in any format, PACKS are many files at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector.people import Role
from collector.reports.connectivity import connected, monthly, providers
from collector.reports.document import Document
from collector.reports.evaluation import evidence, review
from collector.reports.lines import daily, downtime, fulfilment
from collector.reports.pack import audit
from collector.reports.shelf import Shelf
from collector.reports.source import Source


@dataclass(frozen=True, slots=True)
class Report:
    """`make` may block for long and tells its source how far it is. `role`: from which on people may read it: fees and
    restitution are nobody's business who only looks on."""

    make: Callable[[Source], Document]
    role: Role = Role.VIEWER


@dataclass(frozen=True, slots=True)
class Pack:
    """`fill` puts its files on the shelf."""

    fill: Callable[[Source, Shelf], None]
    role: Role = Role.OPERATOR


REPORTS: Mapping[str, Report] = {
    "bulanan": Report(monthly.make),
    "keterhubungan": Report(connected.make),
    "gangguan": Report(downtime.make),
    "sla": Report(fulfilment.make, Role.OPERATOR),
    "harian": Report(daily.make),
    "penyedia": Report(providers.make),
    "tinjauan": Report(review.make),
}
"""By the name that people give it; `reports.<kind>` is its title, `reports.<kind>.about` what it is for."""

PACKS: Mapping[str, Pack] = {
    "audit": Pack(audit.fill),
    "bukti": Pack(evidence.fill),
}
