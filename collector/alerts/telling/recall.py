"""What one address was told, as it is and as the store has it: under a digest of the address, which is a secret."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.alerts.telling.receivers import Told
from collector.store import SentAlert


class Recall:
    """The memory of one address. `receiver` is its name, "" of the simple form."""

    def __init__(self, receiver: str, url: str) -> None:
        named = f"{receiver}\n" if receiver else ""  # one URL may stand under several names
        mark = hashlib.sha256(f"{named}{url}".encode()).hexdigest()[:12]
        self._prefix, self._digest_key = f"apprise:{mark}:", f"digest:{mark}"
        self._stored: Mapping[str, Told] = {}
        self._stored_day = ""
        self.told: Mapping[str, Told] = {}
        self.digest_day = ""
        """The last day whose morning digest was sent."""

    def restore(self, records: Sequence[SentAlert]) -> None:
        """Take what is its own out of everything that the store keeps."""
        own = {r.key: r for r in records if r.key.startswith(self._prefix) or r.key == self._digest_key}
        if digest := own.pop(self._digest_key, None):
            self.digest_day = self._stored_day = digest.annotations["day"]
        self.told = self._stored = {key.removeprefix(self._prefix): _told(record) for key, record in own.items()}

    @property
    def changed(self) -> bool:
        """Whether the store has something else."""
        return self.told != self._stored or self.digest_day != self._stored_day

    def news(self) -> "News":
        """What the store must be told, and what it may forget."""
        changed = [(key, told) for key, told in self.told.items() if self._stored.get(key) != told]
        records = [_record(self._prefix + key, told) for key, told in changed]
        if self.digest_day != self._stored_day:
            day = {"day": self.digest_day}
            records.append(SentAlert(key=self._digest_key, labels={}, annotations=day, starts_at_ms=0))
        forget = [self._prefix + key for key in self._stored if key not in self.told]
        return News(records=records, forget=forget, told=self.told, digest_day=self.digest_day)

    def kept(self, news: "News") -> None:
        """The store has it."""
        self._stored, self._stored_day = news.told, news.digest_day


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the store does not have yet, and everything that was told by then."""

    records: Sequence[SentAlert]
    forget: Sequence[str]
    told: Mapping[str, Told]
    digest_day: str


def _record(key: str, told: Told) -> SentAlert:
    notes = {"seen_ms": told.seen_ms, "told_ms": told.told_ms, "sites": told.sites, "noted_by": told.noted_by}
    known = {name: str(value) for name, value in notes.items() if value}
    return SentAlert(key=key, labels={}, annotations=known, starts_at_ms=told.starts_ms)


def _told(record: SentAlert) -> Told:
    """What `_record` kept. Before receivers had rules, a record was the alert itself, and it had been told."""
    notes = record.annotations
    if "seen_ms" not in notes:
        return Told(starts_ms=record.starts_at_ms, seen_ms=record.starts_at_ms, told_ms=record.starts_at_ms)
    return Told(
        starts_ms=record.starts_at_ms,
        seen_ms=int(notes["seen_ms"]),
        told_ms=int(notes["told_ms"]) if "told_ms" in notes else None,
        sites=int(notes.get("sites", "0")),
        noted_by=notes.get("noted_by", ""),
    )
