"""The account of every site and day: made from flips, host facts, calendars and exclusions, kept, corrected, revised.

A day of a site's own calendar is the piece of which all longer periods are sums. A closed day is written once and, when
late data or a human act changes it, again as a new revision; older ones stay readable. Which days are to be made says
agenda.py; what a day is made of, evidence.py; what is proved of it with every writing, proof.py.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import msgspec

from collector.accounting.agenda import Agenda, Task
from collector.accounting.calendars import Calendar
from collector.accounting.changes import changes
from collector.accounting.days import day_at, days_between
from collector.accounting.evidence import Account, account_of
from collector.accounting.latency import Latency
from collector.accounting.ledger import Ledger
from collector.accounting.proof import LINKED_LATER, Proof, changes_digest, proof_of
from collector.acts import Exclusion
from collector.figures.sums import latencies_of, tally
from collector.registry import Site
from collector.store import Store
from collector.store.books import Correction, KeptDay
from collector.store.chain import Unlinked
from shared.clock import Clock

CLOSE_DAYS = 200
"""What one call of `close` does at most: a second or less."""
LINK_DAYS = 100
"""What one call of `catch_up` does at most: half a second or less."""
FIRST_WHY = "closed"
LATE_RESULTS = "late results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The account of one site over one of its days. `latency` by (group, inside service hours)."""

    site: str
    ledger: Ledger
    latency: Mapping[tuple[str, int], Latency]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A closed day as it was told from `made_ms` on. `number` counts from 1; `why` says what made it, `changes` what
    changed: (row or measure, before, after) in milliseconds or counts; empty for the first, and where something moved
    without changing any of these sums."""

    site: str
    from_ms: int
    to_ms: int
    number: int
    made_ms: int
    why: str
    changes: Sequence[tuple[str, int, int]]


class Accounts:
    """Blocks; may be used from several threads. `settle(sites)` makes sure that the flips of the sites are complete.

    `calendar_of` must answer for any site; after it answers differently, the next `close` marks what that changes.
    """

    def __init__(
        self,
        store: Store,
        calendar_of: Callable[[Site], Calendar],
        clock: Clock,
        settle: Callable[[Sequence[str]], None] = lambda sites: None,
    ) -> None:
        self._store, self._books = store, store.books
        self._calendar_of, self._clock, self._settle = calendar_of, clock, settle
        self._agenda = Agenda(store, calendar_of, clock)
        self._closing = threading.Lock()
        self._exclusions: tuple[int, list[Exclusion]] = (-1, [])

    def days(self, site: str, from_ms: int, to_ms: int, as_of_ms: int | None = None) -> list[Day]:
        """By time, without gaps, from the first day with a result of `site` to `to_ms` or now; none without any result.

        Closed days are as they are kept; what is not closed, or only partly inside, is made on the spot. With
        `as_of_ms` only whole days that were closed by then, as they stood then.
        """
        if as_of_ms is not None:
            return [_day(kept) for kept in self._as_of(site, from_ms, to_ms, as_of_ms)]
        desk, span = self._agenda.desk(site), self._store.span(site)
        zone = desk.timezone if desk else self._agenda.site(site).timezone
        first_ms = desk.first_ms if desk else day_at(zone, span[0])[0] if span else None
        if first_ms is None:
            return []
        until_ms = min(to_ms, self._clock.wall_ms())
        kept = {(day.from_ms, day.to_ms): day for day in self._books.days(site, from_ms, to_ms)}
        found: list[Day] = []
        for day in days_between(zone, max(from_ms, first_ms), until_ms):
            piece = max(day[0], from_ms), min(day[1], until_ms)
            whole = kept.get(piece)
            found.append(_day(whole) if whole else self.make(site, *piece))
        return found

    def make(self, site: str, from_ms: int, to_ms: int) -> Day:
        """The account of any period, from what is known now."""
        self._settle([site])
        return self._make(site, from_ms, to_ms)

    def revisions(self, site: str, from_ms: int, to_ms: int) -> list[Revision]:
        """Of the closed days that begin in [from_ms, to_ms), by day and number."""
        first = [
            Revision(
                site=site, from_ms=d.from_ms, to_ms=d.to_ms, number=1, made_ms=d.closed_ms, why=FIRST_WHY, changes=()
            )
            for d in self._books.days(site, from_ms, to_ms)
        ]
        later = [
            Revision(
                site=site,
                from_ms=c.from_ms,
                to_ms=c.to_ms,
                number=c.number,
                made_ms=c.made_ms,
                why=c.why,
                changes=c.changes,
            )
            for c in self._books.corrections(site, from_ms, to_ms)
        ]
        return sorted(first + later, key=lambda one: (one.from_ms, one.number))

    def touched(self, site: str, from_ms: int, to_ms: int, why: str = LATE_RESULTS) -> None:
        """Results of `site` in [from_ms, to_ms] were judged. Costs only memory unless a closed day is touched."""
        self._agenda.touched(site, from_ms, to_ms, why)

    def acts_changed(self) -> None:
        """Exclusions were entered or withdrawn. `close` finds that out by itself; this only marks at once."""
        with self._closing:
            self._agenda.acts_changed()

    def close(self, limit: int = CLOSE_DAYS, *, thorough: bool = False) -> int:
        """Makes up to `limit` days that ended or are marked, and says how many; 0: all is done.

        `thorough`: also explain silences by what came back just now where nothing hints at one, instead of within the
        hour.
        """
        with self._closing:
            tasks = self._agenda.take(limit, thorough=thorough)
            if tasks:
                try:
                    self._work(tasks)
                except BaseException:
                    self._agenda.failed(tasks)
                    raise
                self._agenda.done(tasks)
            return len(tasks)

    def catch_up(self, limit: int = LINK_DAYS) -> int:
        """Looks at up to `limit` days that were closed before there was a chain, links those that have no link, and
        says how many it looked at; 0: there are no more."""
        chain = self._store.chain
        if not chain.is_behind():
            return 0
        with self._closing:  # a day that is closed anew at the same time gets its link there
            found = chain.unlinked(limit)
            chain.catch_up(list(self._late_proofs(found)), found[-1].key if found else None)
            return len(found)

    def _work(self, tasks: Sequence[Task]) -> None:
        self._settle(sorted({task.site for task in tasks}))
        days: list[KeptDay] = []
        corrections: dict[str, list[Correction]] = {}
        proofs: list[Proof] = []
        for task in tasks:
            new, proof = self._kept(task)
            old = next(iter(self._books.days(task.site, task.day[0], task.day[0] + 1)), None)
            if old is None:
                days.append(new)
            elif (old.ledger, old.tally) != (new.ledger, new.tally):
                correction = _correction(old, new, task)
                corrections.setdefault(task.site, []).append(correction)
                days.append(replace(new, number=correction.number))
                changed = changes_digest(correction.changes)
                proof = replace(proof, number=correction.number, why=correction.why, changes=changed)
            else:  # other results may make the same account: that is to be proved, too
                proof = replace(proof, number=old.number)
                if self._stands(proof):
                    continue
            proofs.append(proof)
        self._books.write(days, corrections, [task.mark for task in tasks if task.mark], proofs)

    def _kept(self, task: Task) -> tuple[KeptDay, Proof]:
        made, desk = self._account(task.site, *task.day), self._agenda.desk(task.site)
        new = KeptDay(
            site=task.site,
            from_ms=task.day[0],
            to_ms=task.day[1],
            number=1,
            closed_ms=self._clock.wall_ms(),
            ledger=made.ledger.to_bytes(),
            tally=tally(made.ledger, made.latency),
        )
        zone = desk.timezone if desk else self._agenda.site(task.site).timezone
        return new, proof_of(
            task.site, zone, new.closed_ms, made.results, made.ledger, made.latency, _why(task, FIRST_WHY)
        )

    def _late_proofs(self, days: Sequence[Unlinked]) -> Iterator[Proof]:
        """Of what stands now, for those of books in use that have no link."""
        for day in days:
            if "@" not in day.site and not self._store.chain.newest(day.site, day.from_ms, day.to_ms):
                with suppress(
                    msgspec.DecodeError, ValueError, IndexError
                ):  # damaged: whoever checks is told of no link
                    ledger, latencies = Ledger.from_bytes(day.ledger), latencies_of(day.tally)
                    results = self._store.read(day.site, day.from_ms, day.to_ms)
                    now_ms = self._clock.wall_ms()
                    proof = proof_of(day.site, day.timezone, now_ms, results, ledger, latencies, LINKED_LATER)
                    yield replace(proof, number=day.number)

    def _stands(self, proof: Proof) -> bool:
        """Whether the newest link of the day says the same."""
        newest = self._store.chain.newest(proof.site, proof.from_ms, proof.to_ms)
        return newest is not None and all(
            getattr(newest.of, name) == getattr(proof, name) for name in ("number", "results", "account")
        )

    def _make(self, code: str, from_ms: int, to_ms: int) -> Day:
        made = self._account(code, from_ms, to_ms)
        return Day(site=code, ledger=made.ledger, latency=made.latency)

    def _account(self, code: str, from_ms: int, to_ms: int) -> Account:
        site = self._agenda.site(code)
        made = account_of(self._store, site, self._calendar_of(site), self._all_exclusions(), from_ms, to_ms)
        if made.reach_ms:
            self._agenda.learn(code, made.reach_ms)
        return made

    def _all_exclusions(self) -> list[Exclusion]:
        version = self._store.acts.version()
        if self._exclusions[0] != version:
            self._exclusions = version, self._store.acts.exclusions()
        return self._exclusions[1]

    def _as_of(self, site: str, from_ms: int, to_ms: int, as_of_ms: int) -> Iterator[KeptDay]:
        replaced: dict[int, Correction] = {}
        for one in reversed(self._books.corrections(site, from_ms, to_ms)):
            if one.made_ms > as_of_ms:
                replaced[one.from_ms] = one
        for day in self._books.days(site, from_ms, to_ms):
            if day.closed_ms <= as_of_ms and day.to_ms <= to_ms:
                stood = replaced.get(day.from_ms)
                yield replace(day, ledger=stood.ledger, tally=stood.tally) if stood else day


def _day(kept: KeptDay) -> Day:
    return Day(site=kept.site, ledger=Ledger.from_bytes(kept.ledger), latency=latencies_of(kept.tally))


def _why(task: Task, otherwise: str) -> str:
    return "; ".join(task.mark.whys) if task.mark else otherwise


def _correction(old: KeptDay, new: KeptDay, task: Task) -> Correction:
    before, after = _day(old), _day(new)
    return Correction(
        from_ms=old.from_ms,
        to_ms=old.to_ms,
        number=old.number + 1,
        made_ms=new.closed_ms,
        why=_why(task, LATE_RESULTS),
        changes=changes(before.ledger, after.ledger, before.latency, after.latency),
        ledger=old.ledger,
        tally=old.tally,
    )
