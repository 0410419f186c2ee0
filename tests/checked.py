"""Reports of booked days, checked by the audit pack's script from nothing but the accounts of these days."""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from random import Random
from typing import IO, Any

from collector.accounting.ledger import LATE, MAJEURE, PLAIN, PLANNED
from collector.condition import DOWN_ROWS, Row
from collector.registry import Site
from collector.reports.kinds import REPORTS
from collector.reports.pack import register
from collector.reports.pack.listing import ListedShelf
from collector.reports.pack.raw import put_accounts
from collector.reports.pack.recompute.calendar import Zone
from collector.reports.pack.recompute.checks import Result, check
from collector.reports.pack.recompute.connected import Rule
from collector.reports.pack.recompute.contracts import Contract
from collector.reports.pack.recompute.expected import Expected
from collector.reports.pack.recompute.measures.asked import stops_of
from collector.reports.pack.recompute.reckoning import Reckoning, Settings
from collector.reports.pack.recompute.subjects import Accounts, Owners
from collector.reports.source import Source, silent
from collector.reports.writing.plain import write_json
from tests.booked import Lost

FIRST_MS = 1_785_000_000_000
"""Before the first day that is booked."""


def random_losses(random: Random) -> list[Lost]:
    """Some outages and power cuts of October and November, one over each midnight at a month's end, some excluded."""
    found = []
    for month, days in ((10, 31), (11, 30)):
        for day in random.sample(range(2, days), 12):
            start = f"{month}-{day:02} {random.randrange(12):02}:{random.randrange(60):02}"
            end = f"{month}-{day:02} {random.randrange(12, 24):02}:{random.randrange(60):02}"
            short = f"{start[:-2]}59" if random.random() < 0.3 else end
            row, code = random.choice([*DOWN_ROWS, Row.POWER]), random.choice([PLAIN, PLAIN, PLANNED, MAJEURE, LATE])
            found.append(Lost(start, max(short, f"{start[:-2]}59"), row, code))
    found.append(Lost("10-31 23:56", "11-01 00:03"))
    return sorted((one for one in found if one.span[0] < one.span[1]), key=lambda one: one.span)


def written(source: Source, kind: str) -> Any:
    """A report as the pack has it."""
    file = io.BytesIO()
    write_json(REPORTS[kind].make(source), file, source.texts, silent)
    return json.loads(file.getvalue())


def checked(source: Source, report: Any) -> Result:
    """What the script says of it."""
    return check(report, expected(source))


def expected(source: Source) -> Expected:
    """The script, had it recomputed from results every account that the pack has."""
    accounts, told = Accounts(io.BytesIO()), register.contracts(source)
    for site in source.sites:
        for line in account_lines(source, site):
            account = json.loads(line)
            downs = [{**down, "due_ms": 0} for down in account["downs"]]
            accounts.put(site.code, {**account, "downs": downs}, raw=True)
    zones = {name: Zone.of(one) for name, one in _zones(source).items()}
    owners = Owners(_plain(register.sites(source, source.judge, {})), zones, accounts, source.now_ms)
    settings = Settings(source.accounting.coverage_floor, round(source.accounting.charge_after_s * 1000))
    contracts = [Contract.of(one) for one in _plain(told["contracts"])]
    reckoning = Reckoning(owners, lambda code: stops_of(accounts, code), contracts, told["lines_elsewhere"], settings)
    causes = _plain([asdict(one) for one in source.store.acts.given_causes()])
    return Expected(
        owners=owners,
        accounts=accounts,
        reckoning=reckoning,
        daily={},
        rule=Rule(1, 1),
        floor=settings.floor,
        charge_after_ms=settings.charge_after_ms,
        pack={},
        acts={"causes": causes, "exclusions": [], "followups": []},
    )


class Kept:
    """A shelf in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    @contextmanager
    def put(self, name: str) -> Iterator[IO[bytes]]:
        file = io.BytesIO()
        yield file
        self.files[name] = file.getvalue()


def account_lines(source: Source, site: Site) -> list[bytes]:
    """The accounts that the pack has of a site."""
    shelf = Kept()
    put_accounts(source, site, source.wanted.period.span(site.timezone), ListedShelf(shelf))
    [told] = shelf.files.values()
    return told.splitlines()


def _zones(source: Source) -> Mapping[str, Any]:
    names = {site.timezone for site in source.registered}
    spans = [source.wanted.period.span(name) for name in names]
    starts_ms, ends_ms = min(start for start, _ in spans), max(end for _, end in spans)
    return register.zones(names, (min(FIRST_MS, starts_ms), max(source.now_ms, ends_ms)))


def _plain(told: Any) -> Any:
    """As it comes out of a file."""
    return json.loads(json.dumps(told))
