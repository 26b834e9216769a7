"""Figures of the index, the ledger and the pool, collected when somebody reads them."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

from prometheus_client import Metric
from prometheus_client.registry import Collector

from indexer.catalog.store import Store
from indexer.catalog.store.status import Counts, Paid
from indexer.errors import DatabaseError
from indexer.pipelines.generations.switching import Standing, find_standings
from search_api.metrics.figures import tell_counts, tell_gauge, tell_paid, tell_pool, tell_standings
from search_api.model_calls import ModelCalls

# Counting reads every image: reading the figures often must not have it done as often.
_AGE_S = 10.0
# Whoever reads figures gives up after a few seconds; a database that is away is waited for much longer than that.
_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted in the database."""

    counts: Counts
    standings: Sequence[Standing]
    paid: Sequence[Paid]


def count(store: Store) -> Counted:
    """Count what is indexed, how the generations stand, and what was paid."""
    return Counted(
        counts=store.status.count_everything(), standings=find_standings(store), paid=store.status.sum_paid()
    )


class Recent:
    """What takes long to count, or cannot be counted now, on a thread of its own."""

    def __init__(self, make: Callable[[], Counted], clock: Callable[[], float] = time.monotonic) -> None:
        self._make = make
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "metrics")
        self._asking = Lock()
        self._asked_at = 0.0
        self._counting: Future[Counted] | None = None

    def get(self, patience_s: float = _PATIENCE_S) -> Counted | None:
        """Return what is at most ten seconds old; None where the database does not tell."""
        try:
            return self._ask().result(patience_s)
        except (TimeoutError, DatabaseError):
            return None

    def _ask(self) -> "Future[Counted]":
        with self._asking:
            now, known = self._clock(), self._counting
            if known is None or (known.done() and now - self._asked_at > _AGE_S):
                known = self._counting = self._thread.submit(self._make)
                self._asked_at = now
            return known


class IndexCollector(Collector):
    """Tells the figures of one service's index."""

    def __init__(self, store: Store, model_calls: ModelCalls) -> None:
        self._store = store
        self._model_calls = model_calls
        self._recent = Recent(lambda: count(store))

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: the registry would collect everything to find out."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Yield what is known; only whether the database is up, and what needs none, where it is away."""
        calls = self._model_calls.in_flight
        yield tell_gauge("model_calls_in_flight", "Requests that call a model now.", calls)
        yield from tell_pool(self._store.pool_stats())
        counted = self._recent.get()
        yield tell_gauge("database_up", "Whether the database answers.", counted is not None)
        if counted is not None:
            yield from tell_counts(counted.counts)
            yield from tell_standings(counted.standings)
            yield from tell_paid(counted.paid)
