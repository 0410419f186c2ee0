"""Where everything is kept: the Store protocol, declared by its consumers, and `open_store(url)`.

The append-only log is the truth: one row a commit group. `compact` folds it into hourly chunks per site. Flips are derived and can be
rebuilt from log and chunks; registry, tokens and sent alerts are small and relational.

All methods block and may be called from any thread (the server wraps them in `asyncio.to_thread`); `append` alone answers with a
future, because it waits for the group commit.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from collector.columns import Columns
from collector.condition import Flip
from collector.registry import AgentState, Site, Token
from shared.wire import Batch, Context


class StoreError(Exception):
    """The store could not do it (disk full, locked, damaged). Retrying later may help; nothing was acknowledged."""


class UnknownContext(StoreError):
    """A batch names a context that was never sent in full. Retrying helps with `context_body`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One accepted batch on its way into the log: the good rows with their sequence numbers, in order of sequence number."""

    agent: str
    site: str
    batch: Batch
    """As decoded, for its stream, floor and host; its planes and rows are not stored, `columns` are."""
    context: Context | None
    """The context it was measured in, if it has one."""
    columns: Columns
    seqs: "Sequence[int]"
    """One per row of `columns`; numpy int64."""
    received_at_ms: int
    set_aside: Sequence[tuple[int, str, str]] = ()
    """(sequence number, reason, the row as text) of rows that were refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of a delivery once its commit group was fsynced."""

    stored: int
    duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A committed change: `site` has new results from `from_ms` to `to_ms` (wall time of the results)."""

    site: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentAlert:
    """An alert that was sent, kept so that a restart keeps its `starts_at_ms` and still resolves it."""

    key: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at_ms: int
    ends_at_ms: int | None = None


class Store(Protocol):
    """One contract for every engine; tests/test_collector_store.py runs against each."""

    # results
    def append(self, delivery: Delivery) -> "Future[Stored]":
        """Durable when the future resolves; StoreError when it is not."""

    def take_touched(self) -> list[Touched]:
        """What was committed since the last call, one entry a site; empty when nothing was."""

    def read(self, site: str, from_ms: int, to_ms: int) -> Columns:
        """Results that concern `site` with from_ms <= at < to_ms, sorted as `concatenate` sorts."""

    def span(self, site: str) -> tuple[int, int] | None:
        """First and last stamp of any result of `site`."""

    def context(self, agent: str, name: str) -> Context | None: ...

    def compact(self, before_ms: int) -> int:
        """Fold log rows received before `before_ms` into hourly chunks; returns the rows folded."""

    # flips
    def flips(self, site: str, from_ms: int, to_ms: int, scope: str | None = None) -> list[Flip]:
        """Flips with from_ms <= at < to_ms, by time."""

    def state_at(self, site: str, at_ms: int) -> list[Flip]:
        """The last flip of every scope of `site` at or before `at_ms`."""

    def latest_site_flips(self, at_ms: int) -> dict[str, Flip]:
        """The last flip of scope `site` of every site at or before `at_ms`."""

    def replace_flips(self, site: str, from_ms: int, to_ms: int, flips: Sequence[Flip]) -> None:
        """In one transaction: delete the flips of `site` with from_ms <= at < to_ms and write `flips`."""

    # registry
    def sites(self) -> list[Site]: ...
    def put_sites(self, sites: Sequence[Site]) -> None: ...
    def agents(self) -> list[AgentState]: ...
    def tokens(self) -> list[Token]: ...
    def put_token(self, token: Token) -> None: ...

    # alerts
    def sent_alerts(self) -> list[SentAlert]: ...
    def put_alerts(self, alerts: Sequence[SentAlert], forget: Sequence[str] = ()) -> None: ...

    def size_bytes(self) -> int: ...
    def close(self) -> None: ...


def open_store(url: str) -> Store:
    """The store at `url`: `sqlite:///path/to/file.db`. Raises StoreError with what to do."""
    from collector.store.sqlite import SqliteStore  # noqa: PLC0415  engines are optional extras, imported when asked for

    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise StoreError(f"store url {url!r} is not known; use sqlite:///path/to/file.db")
    return SqliteStore(path)
