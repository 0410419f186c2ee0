"""The one thread that writes. Deliveries wait for each other and share an fsync; all else is written at once."""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from collector.decode import results_in
from collector.store import BadDelivery, Delivery, Stored, StoreError
from shared.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")
Waiting = tuple[Delivery, "Future[Stored]"]
Job = Callable[[], None]

LINGER_S = 0.2
"""After a commit, how long deliveries gather for the next; the first after a silence waits for nobody."""
GROUP_DELIVERIES = 1_024
GROUP_RESULTS = 100_000
"""So many are committed without lingering, and never more in one group."""


class Writer:
    """`commit` stores a group in one transaction, or raises, and then nothing has changed."""

    def __init__(self, commit: Callable[[Sequence[Delivery]], list[Stored]], clock: Clock, linger_s: float) -> None:
        self._commit, self._clock, self._linger_ns = commit, clock, int(linger_s * 1e9)
        self._changed = threading.Condition()
        self._deliveries: deque[Waiting] = deque()
        self._jobs: deque[Job] = deque()
        self._results = 0
        self._linger_until_ns = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def append(self, delivery: Delivery) -> "Future[Stored]":
        """Resolved after the group commit, with StoreError if it failed."""
        future: Future[Stored] = Future()
        with self._changed:
            if self._closing:
                raise StoreError("the store is closed")
            self._deliveries.append((delivery, future))
            self._results += _size(delivery)
            if len(self._deliveries) == 1 or self._is_full():  # it knows of the others: waking it costs both threads
                self._changed.notify()
        return future

    def waiting(self) -> int:
        return self._results

    def do(self, job: Callable[[], T]) -> T:
        """Runs `job` in the writer's thread and waits for it."""
        future: Future[T] = Future()
        with self._changed:
            if self._closing:
                raise StoreError("the store is closed")
            self._jobs.append(lambda: _settle(future, job))
            self._changed.notify()
        return future.result()

    def close(self) -> None:
        """What waits is still written."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._jobs or self._due() or self._closing):
                    self._changed.wait(self._patience_s())
                jobs, self._jobs = list(self._jobs), deque()
                group = self._next_group() if self._due() or self._closing else []
                done = self._closing and not (jobs or group)
            if done:
                return
            for job in jobs:
                job()
            if group:
                self._store(group)
                self._linger_until_ns = self._clock.mono_ns() + self._linger_ns

    def _due(self) -> bool:
        if not self._deliveries:
            return False
        return self._is_full() or self._clock.mono_ns() >= self._linger_until_ns

    def _is_full(self) -> bool:
        return len(self._deliveries) >= GROUP_DELIVERIES or self._results >= GROUP_RESULTS

    def _patience_s(self) -> float | None:
        if not self._deliveries:
            return None
        return max(0.0, (self._linger_until_ns - self._clock.mono_ns()) / 1e9)

    def _next_group(self) -> list[Waiting]:
        group: list[Waiting] = []
        results = 0
        while self._deliveries and len(group) < GROUP_DELIVERIES and results < GROUP_RESULTS:
            delivery, future = self._deliveries.popleft()
            future.set_running_or_notify_cancel()  # a sender that hung up is stored all the same
            group.append((delivery, future))
            results += _size(delivery)
        self._results -= results
        return group

    def _store(self, group: Sequence[Waiting]) -> None:
        """One delivery that cannot be stored must not take the others with it: then each is tried by itself."""
        try:
            stored = self._commit([delivery for delivery, _ in group])
        except (StoreError, sqlite3.Error, MemoryError) as error:
            if len(group) == 1 or isinstance(error, sqlite3.OperationalError | MemoryError):
                return _fail(group, error if isinstance(error, StoreError) else as_store_error(error))
        except Exception as error:  # a task's boundary: what a delivery does to us is its own end, not the writer's
            if len(group) == 1:
                log.exception("event=delivery_refused agent=%s", group[0][0].agent)
                return _fail(group, BadDelivery(f"the delivery cannot be stored: {error!r}"))
        else:
            for (_, future), answer in zip(group, stored, strict=True):
                if not future.cancelled():
                    future.set_result(answer)
            return None
        for single in group:
            self._store([single])
        return None


def as_store_error(error: Exception) -> StoreError:
    """What SQLite says, with what to do where that is known."""
    said = str(error) or repr(error)
    if "full" in said:
        said += "; free some space, nothing was lost and the agents send again"
    return StoreError(f"the store could not write: {said}")


def _fail(group: Sequence[Waiting], error: StoreError) -> None:
    log.error("event=commit_failed deliveries=%d error=%s", len(group), error)
    for _, future in group:
        if not future.cancelled():
            future.set_exception(error)


def _settle(future: "Future[T]", job: Callable[[], T]) -> None:
    try:
        future.set_result(job())
    except sqlite3.Error as error:
        future.set_exception(as_store_error(error))
    except BaseException as error:  # a task's boundary: the caller gets it, the writer goes on
        future.set_exception(error)


def _size(delivery: Delivery) -> int:
    return results_in(delivery.batch) if delivery.columns is None else len(delivery.columns)
