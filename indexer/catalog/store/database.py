"""Connections to Postgres, and the few ways a store method runs its query."""

import select
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, LiteralString, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from pgvector.psycopg import register_vector
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from indexer.catalog.queries import Part, compose
from indexer.errors import DatabaseError

# A server process notices within this time that its client was killed: an HNSW build left behind held its lock
# for 38 s without it and 0.3 s with it.
_CHECK_CLIENT = "SET client_connection_check_interval = '500ms'"
# A vector search yields as many candidates as the window asks for (the default stops at 40), also behind a filter.
_SEARCH_DEEPLY = "SET hnsw.ef_search = 150; SET hnsw.iterative_scan = 'strict_order'"


# With as many searches at once as cores, none wants workers or compiled code: starting them takes longer than a search.
_SEARCH_ALONE = "SET max_parallel_workers_per_gather = 0; SET jit = off"
# A statement that is always planned the same need not be planned again: a third of a search's time. One with filters
# is planned for their values: a plan for any values took half as long again.
Plan = Literal["once", "anew"]
_PLANS: dict[Plan, LiteralString] = {
    "once": "SET plan_cache_mode = 'force_generic_plan'",
    "anew": "SET plan_cache_mode = 'force_custom_plan'",
}

# So long a connection is waited for, while others use all of them, or the server is away.
PATIENCE_S = 30.0

# A machine that was switched off gives up its locks within minutes.
_KEEP_ALIVE: dict[str, Any] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

Result = TypeVar("Result")


class Database:
    """A pool of autocommit connections; each call is one statement, and so one short transaction."""

    def __init__(self, conninfo: str, *, max_connections: int = 10, patience_s: float = PATIENCE_S) -> None:
        self.conninfo = conninfo
        self._plans: WeakKeyDictionary[Connection[DictRow], Plan] = WeakKeyDictionary()
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            conninfo,
            min_size=1,
            max_size=max_connections,
            open=True,
            timeout=patience_s,
            kwargs={"autocommit": True, "row_factory": dict_row},
            configure=_configure,
            check=_check,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def pool_stats(self) -> Mapping[str, int]:
        """Tell how the pool is used, by the names of psycopg_pool."""
        return self._pool.get_stats()

    @contextmanager
    def connection(self) -> Iterator[Connection[DictRow]]:
        """Lend a connection; raises DatabaseError when the server is gone, or cannot keep what it is given."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError) as exc:
            raise DatabaseError(f"The database does not answer: {_first_line(exc)}.") from exc
        except psycopg.DataError as exc:
            raise DatabaseError(f"The database cannot keep a value: {_first_line(exc)}.") from exc

    def fetch(
        self, noun: str, query: str, parts: Mapping[str, Part] | None = None, /, **values: object
    ) -> list[DictRow]:
        """Run a query of `noun`'s file and return its rows; `parts` fill its template fields."""
        return self._run(noun, query, parts, values, lambda cursor: cursor.fetchall())

    def fetch_one(
        self, noun: str, query: str, parts: Mapping[str, Part] | None = None, /, **values: object
    ) -> DictRow | None:
        """Run a query of `noun`'s file and return its first row, if any."""
        return self._run(noun, query, parts, values, lambda cursor: cursor.fetchone())

    def search(
        self, noun: str, query: str, parts: Mapping[str, Part], plan: Plan, /, **values: object
    ) -> list[DictRow]:
        """Run a query of `noun`'s file and return its rows; `plan` says whether it is planned for these values."""
        with self.connection() as connection:
            if self._plans.get(connection) != plan:
                connection.execute(_PLANS[plan])
                self._plans[connection] = plan
            return connection.execute(compose(noun, query, **parts), values).fetchall()

    def execute(self, noun: str, query: str, parts: Mapping[str, Part] | None = None, /, **values: object) -> int:
        """Run a query of `noun`'s file and return how many rows it touched."""
        return self._run(noun, query, parts, values, lambda cursor: cursor.rowcount)

    def dedicated(self) -> Connection[DictRow]:
        """Open a connection outside the pool, for locks that live as long as it does."""
        try:
            connection = psycopg.connect(self.conninfo, autocommit=True, row_factory=dict_row, **_KEEP_ALIVE)
        except psycopg.OperationalError as exc:
            raise DatabaseError(f"The database does not answer: {_first_line(exc)}.") from exc
        connection.execute(_CHECK_CLIENT)
        return connection

    @contextmanager
    def altering(self) -> Iterator[Connection[DictRow]]:
        """Open a connection for statements that change tables; raises DatabaseError when the server is gone.

        One that waits for a lock has every new search wait behind it: each gives up soon (LockNotAvailable).
        """
        try:
            with self.dedicated() as connection:
                connection.execute("SET lock_timeout = '100ms'")
                yield connection
        except psycopg.OperationalError as exc:
            raise DatabaseError(f"The database does not answer: {_first_line(exc)}.") from exc

    def _run(
        self,
        noun: str,
        query: str,
        parts: Mapping[str, Part] | None,
        values: Mapping[str, object],
        take: Callable[[Cursor[DictRow]], Result],
    ) -> Result:
        """Run one statement; one that met another's locks crosswise is run again, as Postgres asks for."""
        for last in (False, False, True):
            with self.connection() as connection:
                try:
                    return take(connection.execute(compose(noun, query, **parts or {}), values))
                except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                    if last:
                        raise
        raise AssertionError  # the loop above returns or raises


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".?")


def _check(connection: Connection[DictRow]) -> None:
    """Have a connection replaced that the server has dropped: an idle one has nothing to say but that.

    Asking the server each time would make a statement of 75 µs one of 135.
    """
    heard = select.poll()
    heard.register(connection.fileno(), select.POLLIN)
    if heard.poll(0):
        ConnectionPool.check_connection(connection)


def _configure(connection: Connection[DictRow]) -> None:
    connection.execute(_CHECK_CLIENT)
    connection.execute(_SEARCH_DEEPLY)
    connection.execute(_SEARCH_ALONE)
    register_vector(connection)
