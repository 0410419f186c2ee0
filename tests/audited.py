"""A small province of which everything happened, its audit pack, and what the pack's own script says of it."""

import io
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

from collector.acts import CauseCode, Exclusion, ExclusionKind, GivenCause
from collector.app import main
from collector.commands.desk import Terminal
from collector.config import CollectorConfig
from collector.contracts import Contract, FeeOf, Formula
from collector.figures.periods import between, parse
from collector.followups import FollowUp, FollowUpState, Step
from collector.parts import Parts
from collector.registry import Details, Site, new_token
from collector.reports.source import Source, Wanted
from collector.store import Store, open_store
from shared.wire import Jump
from tests.bookkeeping import Office
from tests.fakes import FakeClock

HOUR, DAY = 3_600_000, 86_400_000
FROM_MS = 1_788_192_000_000
"""2026-09-01 in Samarinda."""
NOW_MS = FROM_MS + 7 * DAY + 10 * HOUR
PERIOD = between("2026-09-02", "2026-09-08")
PHONE = "081234567890"
ARGUMENTS = ("--sites", "4", "--days", "7", "--from", "2026-09-01", "--seed", "20", "--yes")
CONTRACTS = (
    Contract(number="K-1", begins=date(2026, 1, 1), sla=Decimal("0.99"), fee=3_000_000, formula=Formula.SHORTFALL),
    Contract(
        number="K-2",
        begins=date(2026, 1, 1),
        ends=date(2026, 9, 4),
        sla=Decimal("0.95"),
        fee=900_000,
        formula=Formula.PRORATED,
        charge_after_s=60,
    ),
    Contract(
        number="K-2",
        begins=date(2026, 9, 5),
        sla=Decimal("0.995"),
        fee=8_000_000,
        fee_of=FeeOf.CONTRACT,
        formula=Formula.PRORATA,
    ),
)
TARGETS = [
    {"name": "RPJMD", "indicator": "experienced", "years": {"2026": 0.95}},
    {"name": "IKU", "indicator": "experienced", "hours": "service", "kind": "opd", "years": {"2026": 0.9}},
    {"name": "Village", "indicator": "connected", "kind": "village", "years": {"2026": 0.8, "2027": 0.9}},
]
REPORT = re.compile(r"\((\w+)\): (\d+) figures, (\d+) agree, (\d+) of them")


def province(folder: Path) -> Path:
    """Its store: simulated, with contracts, exclusions before and after the fact, and results that came late."""
    (folder / "collector.toml").write_text('store = "sqlite:///simulated.db"\n', encoding="utf-8")
    terminal = Terminal(out=io.StringIO(), err=io.StringIO())
    assert main(["simulate", *ARGUMENTS, "--config", str(folder / "collector.toml")], terminal) == 0
    store = open_store(f"sqlite:///{folder}/simulated.db")
    sites = [replace(site, contract=f"K-{n % 2 + 1}") for n, site in enumerate(store.sites())]
    store.put_sites(sites)
    store.acts.import_contracts(CONTRACTS, by="operator", at_ms=FROM_MS, detail={})
    store.register.put_details([Details(code=site.code, contact="Pak Budi", phone=PHONE) for site in sites])
    store.put_token(new_token("read", "auditor", "", NOW_MS)[0])
    for n, site in enumerate(sites):
        store.acts.add_exclusion(exclusion_at(site, FROM_MS + (30 + 20 * n) * HOUR, entered_late=n % 2 == 0))
    _said(store, sites)
    store.close()
    _late_results(folder, sites[0])
    _sleeper(folder)
    return folder / "simulated.db"


def _said(store: Store, sites: Sequence[Site]) -> None:
    """What people gave as the cause of all outages of a site, and what is to be done about two."""
    start_ms, end_ms = FROM_MS, FROM_MS + 6 * DAY
    store.acts.give_cause(
        GivenCause(id=0, site=sites[1].code, start_ms=start_ms, end_ms=end_ms, code=CauseCode.PENYEDIA, note="",
                   by="operator", entered_ms=end_ms)
    )  # fmt: skip
    for n, site in enumerate(sites[:2]):
        due_ms = FROM_MS + (n + 4) * DAY if n else None
        entered = FollowUp(id=0, scope="site", of=site.code, what="new mast", owner="Bidang", by="operator",
                           entered_ms=FROM_MS + n * DAY, due_ms=due_ms)  # fmt: skip
        number = store.followups.add(entered).id
        if n:
            store.followups.step(Step(id=0, followup=number, state=FollowUpState.DONE, note="stands", by="operator",
                                      entered_ms=FROM_MS + 3 * DAY))  # fmt: skip


def exclusion_at(site: Site, from_ms: int, *, entered_late: bool = True) -> Exclusion:
    """Five hours and a little from then on."""
    return Exclusion(
        id=0,
        scope="site",
        of=site.code,
        from_ms=from_ms,
        to_ms=from_ms + 5 * HOUR + 1_234,
        kind=ExclusionKind.MAINTENANCE,
        why="new antenna",
        by="operator",
        entered_ms=from_ms + (HOUR if entered_late else -HOUR),
    )


def _late_results(folder: Path, site: Site) -> None:
    """A second agent comes with a week-old spool: closed days get another revision."""
    clock = FakeClock(wall_ms=NOW_MS)
    office = Office(folder, site, file="simulated.db", clock=clock)
    office.deliver(FROM_MS + 50 * HOUR, FROM_MS + 60 * HOUR, "line", agent="late-pc")
    office.store.close()


def _sleeper(folder: Path) -> None:
    """A site whose one computer is put to sleep each night, an hour further east."""
    site = Site(code="64.99", name="Kantor", kind="opd", opd="Dinas", contract="K-2", calendar="", provider="P")
    site = replace(site, timezone="Asia/Jayapura")
    office = Office(folder, site, file="simulated.db", clock=FakeClock(wall_ms=NOW_MS))
    jump: Jump | None = None
    for day in range(8):
        morning_ms = FROM_MS + day * DAY + 7 * HOUR
        evening_ms = min(morning_ms + 10 * HOUR, NOW_MS)
        office.deliver(morning_ms, evening_ms, "internet" if day == 3 else "up", agent="desk", jump=jump)
        jump = Jump(at_ms=morning_ms + DAY - 60_000, slept_ms=14 * HOUR - 60_000, stepped_ms=0)
    office.store.close()


@dataclass(frozen=True, slots=True)
class House:
    """Parts over the store of a province, at NOW_MS."""

    store: Store
    parts: Parts

    @classmethod
    def of(cls, database: Path) -> "House":
        settings = {"store": f"sqlite:///{database}", "language": "en", "province": "P", "targets": TARGETS}
        config = CollectorConfig.model_validate(settings)
        store = open_store(config.store)
        parts = Parts.of(config, FakeClock(wall_ms=NOW_MS), store)
        while parts.accounts.catch_up() or parts.accounts.close(thorough=True):
            pass
        return cls(store, parts)

    def source(self, scope: str = "all", of: str = "", sites: Sequence[Site] | None = None, period: str = "") -> Source:
        """`period`: as it is parsed, FROM/TO too."""
        seen = self.store.sites() if sites is None else sites
        when = between(*period.split("/")) if "/" in period else parse(period) if period else PERIOD
        wanted = Wanted(period=when, sites=seen, scope=scope, of=of)
        return self.parts.press.source(wanted)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the script said."""

    code: int
    said: str
    complained: str

    @property
    def reports(self) -> dict[str, tuple[int, int, int]]:
        """Figures, those that agree, those of them from kept accounts, by report."""
        return {kind: (int(a), int(b), int(c)) for kind, a, b, c in REPORT.findall(self.said)}


def recompute(pack: Path, empty: Path) -> Verdict:
    """Runs the pack's script as an auditor does: its one file alone in an empty folder."""
    empty.mkdir()
    script = empty / "recompute.py"
    source = Path(str(files("collector.reports.pack") / "script.py"))  # of the wheel, where the tests run against one
    script.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-I", script.name, str(pack)], cwd=empty, capture_output=True, text=True, timeout=300
    )
    return Verdict(told.returncode, told.stdout, told.stderr)
