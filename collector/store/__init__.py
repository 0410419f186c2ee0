"""Where everything is kept: the Store protocol, declared by its consumers, and `open_store(url)`.

The append-only log is the truth: one row a commit group. `compact` folds it into hourly chunks per site. Flips are
derived and can be rebuilt from log and chunks; registry, tokens and sent alerts are small and relational.

All methods block and may be called from any thread (the server wraps them in `asyncio.to_thread`); `append` alone
answers with a future, because it waits for the group commit.

    StoreError            retrying later may help
      UnknownContext      retrying helps, with the context in full
      BadDelivery         retrying never helps
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from collector.columns import Columns, Series
from collector.condition import Flip, Outage
from collector.registry import AgentState, Site, Token
from shared.wire import Batch, Context

if TYPE_CHECKING:  # they need StoreError from here
    from collector.accounting.silence import Stay
    from collector.store.acts import Acts
    from collector.store.books import Books
    from collector.store.chain import Chain
    from collector.store.followups import FollowUps
    from collector.store.fresh import Fresh
    from collector.store.marks import Marks
    from collector.store.outbox import Outbox
    from collector.store.people import People
    from collector.store.register import Register


class StoreError(Exception):
    """The store could not do it (disk full, locked, damaged). Retrying later may help; nothing was acknowledged."""


class UnknownContext(StoreError):  # noqa: N818  it reads as what it is
    """A batch names a context that was never sent in full. Retrying helps with `context_body`."""


class BadDelivery(StoreError):  # noqa: N818  it reads as what it is
    """A delivery that cannot be stored, and never could; others are not affected. Retrying does not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One accepted batch on its way into the log. Its sequence numbers are contiguous from `batch.first_seq`.

    `columns` None: the writer decodes `batch`, in one pass with its whole commit group; `batch` has passed
    `decode.check`. Otherwise `columns`, `seqs` and `set_aside` are what `decode.decode` made of it.
    """

    agent: str
    site: str
    batch: Batch
    """For its stream, floor and host, and for its results if `columns` is None."""
    context: Context | None
    """The context it was measured in; None only if `columns` say all there is to know."""
    received_at_ms: int
    columns: Columns | None = None
    seqs: Sequence[int] = ()
    """One per row of `columns`."""
    set_aside: Sequence[tuple[int, str, str]] = ()
    """(sequence number, reason, the row as text) of rows that were refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of a delivery once its commit group was fsynced; the three counts add up to its results."""

    stored: int
    duplicates: int
    set_aside: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why rows were set aside, and how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that was set aside: kept as evidence, never counted."""

    agent: str
    stream: str
    seq: int
    reason: str
    text: str
    at_ms: int
    """When it was received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A committed change: `site` has other results from `from_ms` to `to_ms`, in true time, than before."""

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


Replacement = tuple[str, int, int, Sequence[Flip]]
"""(site, from, to, flips), as `replace_flips` takes them."""


class Store(Protocol):
    """One contract for every engine; tests/test_collector_store.py runs against each."""

    acts: "Acts"
    """What people said."""
    books: "Books"
    """The kept accounts."""
    marks: "Marks"
    """Whether it is simulated."""
    people: "People"
    """Who may sign in."""
    followups: "FollowUps"
    """What people do about what was found."""
    outbox: "Outbox"
    """How far remote-write stores were told."""
    register: "Register"
    """What is known of lines and contracts beside what judging needs."""
    chain: "Chain"
    """Proof that closed days were not changed."""

    # results
    def append(self, delivery: Delivery) -> "Future[Stored]":
        """Durable when the future resolves; StoreError when it is not."""

    def waiting(self) -> int:
        """Results that were appended and are not committed yet."""

    def take_touched(self) -> list[Touched]:
        """What was committed since the last call, one entry a site; empty when nothing was.

        After opening, everything that is not compacted counts as just committed: it may not have been judged yet.
        """

    def take_fresh(self) -> "Fresh":
        """`take_touched` by place, with the rows that came; one of the two is called, never both."""

    def newest(self) -> int:
        """The number of the last log row that may be read."""

    def place_of(self, site: str) -> int | None: ...
    def site_of(self, place: int) -> str: ...
    def watched(self) -> list[tuple[str, int]]:
        """(site of a watcher, place that it watches from outside), each pair once."""

    def series_numbers(self, site: str) -> dict[Series, int]:
        """The series that concern `site` and whose stamps stand as they are, with their numbers."""

    def read(self, site: str, from_ms: int, to_ms: int) -> Columns:
        """Results that concern `site` with from_ms <= at < to_ms in true time, sorted as `concatenate` sorts.

        Results of which nobody knows when they were (collector/clocks.py) are left out.
        """

    def span(self, site: str) -> tuple[int, int] | None:
        """First and last stamp of any result of `site`, in true time."""

    def stays(self, site: str, from_ms: int, to_ms: int) -> "list[Stay]":
        """In true time, by agent and time: the contexts that results were measured in, of every agent at `site` and of
        every one that watches it, which overlap [from_ms, to_ms); and of each agent the nearest before and after."""

    def untrusted(self) -> dict[str, int]:
        """Agent -> results that `read` leaves out."""

    def cloned(self) -> dict[str, tuple[str, ...]]:
        """Agent -> boots of it that pushed side by side: several hosts with one token. Results of each that come after
        it was noticed are of an agent `<agent>~<first 8 of boot id>`."""

    def context(self, agent: str, name: str) -> Context | None: ...

    def compact(self, before_ms: int) -> int:
        """Fold log rows received before `before_ms` into hourly chunks; returns the results folded."""

    def refusals(self, agent: str) -> list[Refusal]:
        """The newest rows of `agent` that were set aside, bounded; newest first."""

    def refusal_counts(self) -> dict[tuple[str, str], int]:
        """(agent, reason) -> rows set aside since ever, exactly."""

    def damage(self) -> list[str]:
        """A sentence for each log row or chunk found so far that cannot be read; the others are not affected."""

    # flips
    def flips(self, site: str, from_ms: int, to_ms: int, scope: str | None = None) -> list[Flip]:
        """Flips with from_ms <= at < to_ms, by time."""

    def state_at(self, site: str, at_ms: int) -> list[Flip]:
        """The last flip of every scope of `site` at or before `at_ms`."""

    def latest_site_flips(self, at_ms: int) -> dict[str, Flip]:
        """The last flip of scope `site` of every site at or before `at_ms`."""

    def outages(self, sites: Sequence[str], from_ms: int, to_ms: int, now_ms: int) -> list[Outage]:
        """The outages of `sites` that touch [from_ms, to_ms), each whole, by site and start.

        `end_ms` is None while it lasts: where no flip ends it, and where that flip lies ahead of now, for that is only
        the end of what the results cover.
        """

    def replace_flips(self, site: str, from_ms: int, to_ms: int, flips: Sequence[Flip]) -> None:
        """In one transaction: delete the flips of `site` with from_ms <= at < to_ms and write `flips`.

        Costs no write when they stand there already.
        """

    def replace_many(self, changes: Sequence[Replacement]) -> None:
        """Several replacements in one transaction, one after the other."""

    # registry
    def sites(self) -> list[Site]: ...
    def put_sites(self, sites: Sequence[Site]) -> None: ...
    def agents(self) -> list[AgentState]:
        """Every agent that was heard or has a token that may push."""

    def tokens(self) -> list[Token]: ...
    def put_token(self, token: Token) -> None: ...

    # alerts
    def sent_alerts(self) -> list[SentAlert]: ...
    def put_alerts(self, alerts: Sequence[SentAlert], forget: Sequence[str] = ()) -> None: ...

    def size_bytes(self) -> int: ...
    def close(self) -> None: ...


def open_store(url: str) -> Store:
    """The store at `url`: `sqlite:///path/to/file.db`. Raises StoreError with what to do."""
    from collector.store.sqlite import SqliteStore  # engines are optional extras, imported when asked for

    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise StoreError(f"store url {url!r} is not known; use sqlite:///path/to/file.db")
    return SqliteStore(path)
