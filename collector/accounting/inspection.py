"""Whether the chain of evidence adds up, and the store still holds what it proves. Writes nothing.

1. Every link is made anew from its content and the link before it, and no number is missing.
2. Every anchor that was kept elsewhere is held against the link, and the entry of the audit log, that it names.
3. Every closed day is held against its newest link: the results that the store has now, and the account that is kept.
   So is what a revision says, and the account before it, against the links of these revisions.

Results that have come and are not accounted for yet make a day another than its link says, rightly: such a day waits.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from collector.accounting.anchor import Anchor
from collector.accounting.calendars import Span
from collector.accounting.ledger import Ledger
from collector.accounting.proof import (
    BEFORE_FIRST,
    LINKED_LATER,
    Link,
    account_digest,
    changes_digest,
    day_of,
    linked,
    results_digest,
)
from collector.figures.sums import latencies_of, tally
from collector.store import Store
from collector.store.books import Correction, KeptDay

FOREVER_MS = 1 << 60
PORTION = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What does not agree; `kind` names a sentence of the catalogue, `chain.fault.<kind>`, which quotes the others."""

    kind: str
    site: str = ""
    day: str = ""
    n: int = 0
    what: str = ""


@dataclass(slots=True, kw_only=True)
class Extent:
    """What was looked at: so many days of so many sites. Of these, `waiting` are to be accounted for anew, `unlinked`
    wait for their first link, and `late` got it later than they were closed."""

    links: int = 0
    head: str = ""
    sites: int = 0
    days: int = 0
    waiting: int = 0
    unlinked: int = 0
    late: int = 0


class Inspection:
    """Blocks. Nobody else may use the store meanwhile. `tell` is told (`links` or `days`, done, of how many)."""

    def __init__(
        self,
        store: Store,
        anchors: Sequence[Anchor] = (),
        tell: Callable[[str, int, int], None] = lambda _stage, _done, _of: None,
    ) -> None:
        self._store, self._anchors, self._tell = store, anchors, tell
        self._is_behind = store.chain.is_behind()
        self._zones = {desk.site: desk.timezone for desk in store.books.desks()}
        self._old_books: dict[str, list[str]] = {}
        for desk in store.books.retired():
            self._old_books.setdefault(desk.site.rpartition("@")[0], []).append(desk.site)
        self._news: Mapping[str, Span] = {one.site: (one.from_ms, one.to_ms + 1) for one in store.take_touched()}
        self.extent = Extent()
        """Complete when `faults` has ended."""

    def faults(self) -> Iterator[Fault]:
        """One after the other, as they are found."""
        self.extent.links, self.extent.head = self._store.chain.head()
        yield from self._of_links()
        yield from self._of_anchors()
        yield from (Fault(kind="audit", what=said) for said in self._store.acts.faults())
        sites = sorted({*self._zones, *self._store.chain.sites()})
        for done, site in enumerate(sites, 1):
            yield from self._of_site(site)
            self._tell("days", done, len(sites))
        self.extent.sites = len(sites)

    def _of_links(self) -> Iterator[Fault]:
        before, last, after = [BEFORE_FIRST], 0, -FOREVER_MS
        while portion := self._store.chain.links(after, PORTION):
            for link in portion:
                after = link.n
                if link.n < 1:  # the program counts from 1; what follows does not follow from this one
                    yield Fault(kind="link", site=link.of.site, day=link.of.day, n=link.n)
                    continue
                made = [linked(one, link.content_digest) for one in before]
                if link.n != last + 1:
                    yield Fault(kind="gap", n=last + 1, what=str(link.n - 1))
                elif link.link not in [one.hex() for one in made]:
                    yield Fault(kind="link", site=link.of.site, day=link.of.day, n=link.n)
                # the next may follow from what this one should be: then nothing but this one was changed
                before, last = [_bytes(link.link), made[0]], link.n
            self._tell("links", last, self.extent.links)

    def _of_anchors(self) -> Iterator[Fault]:
        for anchor in self._anchors:
            if anchor.links > self.extent.links:
                yield Fault(kind="short", n=anchor.links, what=anchor.told)
            elif not any(one.link.startswith(anchor.head) for one in self._store.chain.links(anchor.links - 1, 1)):
                yield Fault(kind="anchor", n=anchor.links, what=anchor.told)
            entries = self._store.acts.audit_log(anchor.entries - 1, 1) if anchor.entries else []
            if anchor.entries and not any(one.digest.startswith(anchor.audit) for one in entries):
                yield Fault(kind="audit_anchor", n=anchor.entries, what=anchor.told)

    def _of_site(self, site: str) -> Iterator[Fault]:
        books = self._store.books
        links: dict[Span, list[Link]] = {}
        for link in self._store.chain.of(site, -FOREVER_MS, FOREVER_MS):
            links.setdefault((link.of.from_ms, link.of.to_ms), []).append(link)
        records = {
            from_ms: list(found)
            for from_ms, found in groupby(books.corrections(site, -FOREVER_MS, FOREVER_MS), lambda one: one.from_ms)
        }
        gone = set(links)
        for day in books.days(site, -FOREVER_MS, FOREVER_MS):
            self.extent.days += 1
            gone.discard((day.from_ms, day.to_ms))
            of_day = _since_closed(links.get((day.from_ms, day.to_ms), []), day.closed_ms)
            yield from self._of_day(day, of_day) if of_day else self._of_unlinked(day)
            yield from _of_records(day, records.get(day.from_ms, []), of_day)
        for day in self._retired(site):
            gone.discard((day.from_ms, day.to_ms))
            of_day = links.get((day.from_ms, day.to_ms), [])
            if of_day and _account(day) not in {link.of.account for link in of_day}:
                yield _fault("account", of_day[-1])
        yield from (_fault("gone", links[span][-1]) for span in sorted(gone, key=str))

    def _retired(self, site: str) -> Iterator[KeptDay]:
        """The days of books of `site` that nobody adds to any more; results may have come since."""
        for desk in self._old_books.get(site, ()):
            yield from self._store.books.days(desk, -FOREVER_MS, FOREVER_MS)

    def _of_unlinked(self, day: KeptDay) -> Iterator[Fault]:
        if self._is_behind:
            self.extent.unlinked += 1
        else:
            yield Fault(kind="unlinked", site=day.site, day=day_of(self._zones[day.site], day.from_ms))

    def _of_day(self, day: KeptDay, links: Sequence[Link]) -> Iterator[Fault]:
        first, newest = links[0], links[-1]
        self.extent.late += first.of.why == LINKED_LATER
        if newest.of.number != day.number:
            yield replace(_fault("number", newest), what=str(day.number))
        if first.of.number == 1 and first.of.why != LINKED_LATER and first.of.at_ms != day.closed_ms:
            yield _fault("closed", first)
        if _account(day) != newest.of.account:
            yield _fault("account", newest)
        if results_digest(self._store.read(day.site, day.from_ms, day.to_ms)) != newest.of.results:
            if self._waits(day):
                self.extent.waiting += 1
            else:
                yield _fault("results", newest)

    def _waits(self, day: KeptDay) -> bool:
        """Whether its results may be others because some came that were not accounted for yet."""
        from_ms, to_ms = self._news.get(day.site, (0, 0))
        return (from_ms < day.to_ms and to_ms > day.from_ms) or self._store.books.is_marked(day.site, day.from_ms)


def _of_records(day: KeptDay, records: Sequence[Correction], links: Sequence[Link]) -> Iterator[Fault]:
    """What the revisions of a day say against their links: of when they were made, and of what stood before."""
    first, last = {link.of.number: link for link in reversed(links)}, {link.of.number: link for link in links}
    for one in records:
        before, made = last.get(one.number - 1), first.get(one.number)
        stood = replace(day, ledger=one.ledger, tally=one.tally)
        if before and _account(stood) != before.of.account:
            yield replace(_fault("before", before), what=str(one.number))
        if made and made.of.why != LINKED_LATER and not _is_record(one, made):
            yield replace(_fault("record", made), what=str(one.number))
        if links and one.number > max(day.number, *last):
            yield replace(_fault("record", links[-1]), what=str(one.number))
    for number in sorted(first.keys() - {1} - {one.number for one in records}):
        yield replace(_fault("record", first[number]), what=str(number))


def _is_record(one: Correction, link: Link) -> bool:
    told = (one.made_ms, one.why, changes_digest(one.changes))
    return told == (link.of.at_ms, link.of.why, link.of.changes)


def _since_closed(links: Sequence[Link], closed_ms: int) -> Sequence[Link]:
    """Those since the day was closed: before, it may have been closed in books that were retired, or lost."""
    starts = [at for at, link in enumerate(links) if (link.of.number, link.of.at_ms) == (1, closed_ms)]
    return links[starts[0] :] if starts else links


def _account(day: KeptDay) -> str:
    """The digest of the account that is kept; "" where what is kept is not one account."""
    try:
        ledger, latencies = Ledger.from_bytes(day.ledger), latencies_of(day.tally)
        return account_digest(ledger, latencies) if tally(ledger, latencies) == day.tally else ""
    except Exception:  # bytes that somebody edited may fail in any way, and all that matters is that they do
        return ""


def _fault(kind: str, link: Link) -> Fault:
    return Fault(kind=kind, site=link.of.site, day=link.of.day, n=link.n)


def _bytes(link: str) -> bytes:
    try:
        return bytes.fromhex(link)
    except ValueError:  # edited
        return link.encode()
