"""Recomputes a pack and says what agrees. Exit code 0: everything; 1: something does not; 2: it cannot be read."""

import io
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .calendar import Zone
from .checks import FORMAT as REPORT_FORMAT
from .checks import Result, Wrong, check
from .connected import Rule
from .contracts import Contract
from .entered import Log, compare
from .expected import Expected
from .measures.asked import stops_of
from .names import Names
from .proof import CHANGED, NO_END, broken_audit_log, read_chain
from .reading import FORMAT, Pack, Unreadable, changed_files
from .reckoning import Reckoning, Settings
from .sites import Checked, Desk, spans_of
from .subjects import Accounts, Owners
from .whole import left_out
from .words import Words, plain

AGREES, DIFFERS, CANNOT_READ = 0, 1, 2
MOST_LINES = 50
"""Of one kind of fault are shown at most so many."""
USAGE = "recompute.py PACK.zip|FOLDER"
VERDICTS = {AGREES: "SEMUA SAMA / EVERYTHING AGREES", DIFFERS: "ADA YANG TIDAK SAMA / SOMETHING DOES NOT AGREE"}
"""Not of the pack's sentences: who forges a pack chooses these."""
KINDS = ("bulanan", "keterhubungan", "gangguan", "sla", "harian", "penyedia", "tinjauan")
"""The reports that every pack has."""
Tell = Callable[[str], None]


def main(arguments: Sequence[str], beside: Path) -> int:
    """`beside`: the folder that is read where none is named."""
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(USAGE, file=sys.stderr)
        return CANNOT_READ
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # whatever the pack names, and the terminal cannot show
    try:
        return _recompute(Path(arguments[0]) if arguments else beside)
    except Unreadable as error:
        told = str(error)
    except Exception as error:  # the script's boundary: a pack may be anything, and is then none that can be read
        told = repr(error)
    print(plain(f"{USAGE}: {told}"), file=sys.stderr)
    return CANNOT_READ


def _recompute(path: Path) -> int:
    pack = Pack(path)
    told = pack.json("data/pack.json")
    if told.get("format") != FORMAT:
        raise Unreadable(f"data/pack.json: format {told.get('format')}, this script reads {FORMAT}")
    return Recomputation(pack, told, Words(pack)).run()


class Recomputation:
    """One run over one pack. What was found is told on the standard output, how far it is on the other."""

    def __init__(self, pack: Pack, told: Any, words: Words) -> None:
        self._pack, self._told, self._words, self._say = pack, told, words, words.say
        self._faults = 0
        self._sites = pack.json("data/sites.json")
        self._contracts = pack.json("data/contracts.json")
        self._acts = {name: pack.json(f"data/{name}.json") for name in ("exclusions", "causes", "followups")}
        zones = {name: Zone.of(one) for name, one in told["zones"].items()}
        self._accounts = Accounts()
        self._owners = Owners(self._sites, zones, self._accounts, told["now_ms"])
        self._desk = Desk(
            pack=pack,
            zones=zones,
            calendars=pack.json("data/calendars.json"),
            exclusions=self._acts["exclusions"],
            blind=spans_of(pack.json("data/blind.json")),
            judge=told["judge"],
            chain=read_chain(pack, told["chain"]["head"], told["chain"]["length"]),
            accounts=self._accounts,
            daily={},
        )

    def run(self) -> int:
        """Everything, in the order of the evidence."""
        self._print("opening", **self._told["asked"])
        if self._told["simulated"]:
            self._print("simulated")
        if self._told["days_waiting"]:
            self._print("waiting", n=self._told["days_waiting"])
        self._files()
        self._links()
        self._entered()
        self._all_sites()
        figures = self._reports()
        verdict = DIFFERS if self._faults or not figures else AGREES
        print(VERDICTS[verdict], f"({self._faults})" if self._faults else "", flush=True)
        return verdict

    def _files(self) -> None:
        found = list(changed_files(self._pack))
        for what, name in found:
            self._fault(f"file.{what}", file=name)
        self._print("files", n=len(self._pack.names), wrong=len(found))

    def _links(self) -> None:
        chain = self._desk.chain
        for what, number in chain.faults[:MOST_LINES]:
            self._fault(f"link.{what if what in (CHANGED, NO_END) else 'missing'}", n=number)
        self._faults += len(chain.faults[MOST_LINES:])
        broken = list(broken_audit_log(self._pack.lines("data/audit_log.jsonl")))
        for number in broken:
            self._fault("act", n=number)
        self._print("links", n=chain.links, wrong=len(chain.faults))

    def _entered(self) -> None:
        """What people entered, against the log of it."""
        data = {**self._acts, "contracts": self._contracts["contracts"]}
        try:
            log = Log.of(self._pack.lines("data/audit_log.jsonl"))
            found = compare(log, data, self._sites, self._told["now_ms"])
        except (ValueError, KeyError, TypeError) as error:
            self._fault("entered.unreadable", why=repr(error))
            return
        for fault in found.faults[:MOST_LINES]:
            what = self._say(f"entered.{fault.act}", number=fault.number)
            self._fault(f"entered.{fault.why}", what=what, n=fault.entry)
        self._faults += len(found.faults[MOST_LINES:])
        self._print("entered", n=found.compared, wrong=len(found.faults))
        if found.unsure:
            self._print("entered.unsure", n=found.unsure)

    def _all_sites(self) -> None:
        total = Checked()
        raw = sum(bool(site["raw"]) for site in self._sites)
        for number, site in enumerate(self._sites, 1):
            self._progress("progress", n=number, all=len(self._sites), site=site["code"])
            checked = self._desk.check(site)
            total.results += checked.results
            total.days += checked.days
            total.flips += checked.flips
            total.linked += checked.linked
            self._site_faults(site, checked)
        self._print("sites", n=len(self._sites), raw=raw)
        self._print("computed", results=total.results, days=total.days, flips=total.flips, linked=total.linked)
        if raw < len(self._sites):
            self._print("sampled", n=len(self._sites) - raw)

    def _site_faults(self, site: Any, checked: Checked) -> None:
        faults, code = checked.faults, site["code"]
        for day, link in faults.results:
            self._fault("results", site=code, day=day, n=link)
        for day, link in faults.accounts:
            self._fault("account", site=code, day=day, n=link)
        for name, line in faults.lines[:MOST_LINES]:
            self._fault("line", file=name, n=line)
        for day, what in faults.days:
            self._fault("day", site=code, day=day, what=what)
        if faults.flips:
            self._fault("flips", site=code, n=faults.flips, all=checked.flips)
        if faults.blind:
            self._fault("blind", site=code)

    def _reports(self) -> int:
        """How many figures there are."""
        expected, names, digests = self._expected(), self._names(), self._acts_digests()
        figures, missing = 0, {*KINDS}
        for name in self._pack.within("reports"):
            if not name.endswith(".json"):
                continue
            report = self._pack.json(name)
            if report.get("format") != REPORT_FORMAT:
                continue
            self._progress("report.progress", kind=report["kind"])
            missing.discard(report["kind"])
            result = check(report, expected)
            figures += result.figures
            self._tell_report(report, result)
            self._tell_head(report, digests)
            self._tell_names(report, names)
            for one in left_out(report, expected.known):
                self._fault("left_out", kind=report["kind"], **one._asdict())
        for kind in sorted(missing):
            self._fault("report.missing", kind=kind)
        return figures

    def _names(self) -> Names:
        return Names(owners=self._owners, words=self._words, targets=self._told["targets"], acts=self._acts)

    def _tell_head(self, report: Any, digests: set[str]) -> None:
        """Whether the report is of what it says, and rests on what the pack has."""
        kind, chain = report["kind"], self._told["chain"]
        revision = report["revision"]
        stands = (revision["chain_length"], revision["chain_head"]) == (chain["length"], chain["head"])
        if not stands or revision["audit_head"] not in digests:
            self._fault("report.head", kind=kind)
        if report["asked"] != self._told["asked"]:
            self._fault("report.asked", kind=kind)

    def _tell_names(self, report: Any, names: Names) -> None:
        """Whether its rows are what they are called."""
        found = list(names.misnamed(report))
        for one in found[:MOST_LINES]:
            said = {"table": one.table, "row": one.row, "column": one.column, "in_pack": one.told}
            self._fault("name" if one.column else "twice", kind=report["kind"], **said, wanted=" | ".join(one.wanted))
        if len(found) > MOST_LINES:
            self._faults += len(found) - MOST_LINES
            self._print("more", n=len(found) - MOST_LINES)

    def _acts_digests(self) -> set[str]:
        """Of every entry of the log of human acts; "" stands for none."""
        return {"", *(json.loads(line)["digest"] for line in self._pack.lines("data/audit_log.jsonl"))}

    def _tell_report(self, report: Any, result: Result) -> None:
        said = {"figures": result.figures, "agree": result.agree, "kept": result.kept}
        self._print("report", kind=report["kind"], title=report["title"], **said)
        if result.unmeasured:
            self._fault("unmeasured", n=result.unmeasured)
        for name, found in (("figure.wrong", result.wrong), ("figure.unknown", result.unknown)):
            for wrong in found[:MOST_LINES]:
                self._fault(name, kind=report["kind"], **_told_of(wrong))
            if len(found) > MOST_LINES:
                self._fault("more", n=len(found) - MOST_LINES)

    def _expected(self) -> Expected:
        told = self._told
        settings = Settings(told["accounting"]["coverage_floor"], told["accounting"]["charge_after_ms"])
        reckoning = Reckoning(
            self._owners,
            lambda code: stops_of(self._accounts, code),
            [Contract.of(one) for one in self._contracts["contracts"]],
            self._contracts["lines_elsewhere"],
            settings,
        )
        rule = Rule(**told["connected"])
        return Expected(
            owners=self._owners,
            accounts=self._accounts,
            reckoning=reckoning,
            daily=self._desk.daily,
            rule=rule,
            floor=settings.floor,
            charge_after_ms=settings.charge_after_ms,
            pack=told,
            acts=self._acts,
        )

    def _print(self, name: str, **values: object) -> None:
        print(self._say(name, **values), flush=True)

    def _fault(self, name: str, **values: object) -> None:
        self._faults += 1
        self._print(name, **values)

    def _progress(self, name: str, **values: object) -> None:
        print(self._say(name, **values), file=sys.stderr, flush=True)


def _told_of(wrong: Wrong) -> dict[str, object]:
    figure = wrong.figure
    return {
        "table": figure.table,
        "row": figure.row,
        "column": figure.column,
        "in_pack": "–" if figure.value is None else figure.value,
        "computed": _shown(wrong.computed, figure.unit),
        "why": wrong.why,
    }


def _shown(value: Any, unit: str) -> object:
    if value is None:
        return "–"
    if unit == "instant":
        return datetime.fromtimestamp(value / 1000, UTC).isoformat()
    return value
