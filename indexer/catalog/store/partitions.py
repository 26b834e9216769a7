"""Partitions: the table of entries that each generation has, made and taken away beside searches."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TypeVar

import psycopg
import tenacity
from psycopg import Connection
from psycopg.rows import DictRow

from indexer.catalog.queries import compose
from indexer.catalog.store.database import Database
from indexer.models import GenerationId

Result = TypeVar("Result")
_WATCH_S = 0.2

# Between two tries searches go on undisturbed; each try holds them up for a tenth of a second at the most.
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 0.5


def patiently(change: Callable[[], Result]) -> Result:
    """Try a change of tables again until no search or writer stands in its way any more."""
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(psycopg.errors.LockNotAvailable),
        wait=tenacity.wait_random(_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S),
    )
    return retrying(change)


class Partitions:
    """Queries of sql/queries/partitions.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_partition(self, connection: Connection[DictRow], generation_id: GenerationId) -> None:
        """Make a generation's table of entries, inside a transaction; raises LockNotAvailable."""
        connection.execute(compose("partitions", "create_partition", generation=generation_id))

    def build_indexes(self, generation_id: GenerationId, dimensions: int, *, stop: Event | None = None) -> bool:
        """Index a generation's vectors and words, unless that is done; minutes for many entries.

        False, and nothing kept, when `stop` was set meanwhile.
        """
        with self._database.dedicated() as connection, _cancelled_on(stop or Event(), connection):
            connection.execute("SET maintenance_work_mem = '512MB'")
            try:
                self.index_partition(connection, generation_id, dimensions)
            except psycopg.errors.QueryCanceled:
                return False
        return True

    def index_partition(self, connection: Connection[DictRow], generation_id: GenerationId, dimensions: int) -> None:
        """Index a generation's vectors and words on a connection of the caller's."""
        connection.execute(compose("partitions", "index_partition", generation=generation_id, dimensions=dimensions))

    @contextmanager
    def hold_dropping(self) -> Iterator[None]:
        """Wait until no other process takes partitions away, and keep others from it."""
        asking = compose("partitions", "hold_dropping")
        with self._database.dedicated() as connection:
            # Asked again rather than waited for in a statement, which whoever detaches would wait for.
            while not any(row["held"] for row in connection.execute(asking)):
                time.sleep(_LONGEST_PAUSE_S)
            yield

    def remove_partition(self, generation_id: GenerationId) -> None:
        """Detach a generation's table and drop it, from wherever an interrupted removal left it."""
        with self._database.altering() as connection:
            patiently(lambda: self._take_steps(connection, generation_id))

    def find_steps(
        self, connection: Connection[DictRow], generation_id: GenerationId
    ) -> list[tuple[GenerationId, str]]:
        """Return what is to be done next, and to which generation's table; nothing once the table is gone."""
        rows = connection.execute(compose("partitions", "find_steps"), {"generation_id": generation_id}).fetchall()
        return [(row["generation_id"], row["step"]) for row in rows]

    def detach_partition(self, connection: Connection[DictRow], generation_id: GenerationId) -> None:
        """Take a generation's table out of `entry`; interrupted, or out of patience, it is to be finished."""
        connection.execute(compose("partitions", "detach_partition", generation=generation_id))

    def finish_detaching(self, connection: Connection[DictRow], generation_id: GenerationId) -> None:
        """Finish what an interrupted detaching left."""
        connection.execute(compose("partitions", "finish_detaching", generation=generation_id))

    def drop_partition(self, connection: Connection[DictRow], generation_id: GenerationId) -> None:
        """Remove a table that was detached."""
        connection.execute(compose("partitions", "drop_partition", generation=generation_id))

    def _take_steps(self, connection: Connection[DictRow], generation_id: GenerationId) -> None:
        take = {
            "detach_partition": self.detach_partition,
            "finish_detaching": self.finish_detaching,
            "drop_partition": self.drop_partition,
        }
        while steps := self.find_steps(connection, generation_id):
            whose, step = steps[0]
            take[step](connection, whose)


@contextmanager
def _cancelled_on(stop: Event, connection: Connection[DictRow]) -> Iterator[None]:
    """Cancel what a connection is doing as soon as `stop` is set."""
    done = Event()

    def watch() -> None:
        while not done.wait(_WATCH_S):
            if stop.is_set():
                connection.cancel_safe()
                return

    watching = Thread(target=watch, name="watch", daemon=True)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
