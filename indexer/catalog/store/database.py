"""Connections to Postgres, and the few ways a store method runs its query."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from pgvector.psycopg import register_vector
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from indexer.catalog.queries import compose
from indexer.errors import DatabaseError

# A server process notices within this time that its client was killed: an HNSW build left behind held its lock
# for 38 s without it and 0.3 s with it.
_CHECK_CLIENT = "SET client_connection_check_interval = '500ms'"
# A vector search yields as many candidates as the window asks for (the default stops at 40), also behind a filter.
_SEARCH_DEEPLY = "SET hnsw.ef_search = 200; SET hnsw.iterative_scan = 'strict_order'"


class Database:
    """A pool of autocommit connections; each call is one statement, and so one short transaction."""

    def __init__(self, conninfo: str, *, max_connections: int = 10) -> None:
        self.conninfo = conninfo
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            conninfo,
            min_size=1,
            max_size=max_connections,
            open=True,
            timeout=30,
            kwargs={"autocommit": True, "row_factory": dict_row},
            configure=_configure,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection[DictRow]]:
        """Lend a connection; raises DatabaseError when the server is gone."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, psycopg.OperationalError) as exc:
            raise DatabaseError(f"The database does not answer: {str(exc).strip()}.") from exc

    def fetch(
        self, noun: str, query: str, parts: Mapping[str, int] | None = None, /, **values: object
    ) -> list[DictRow]:
        """Run a query of `noun`'s file and return its rows; `parts` fill its template fields."""
        with self.connection() as connection:
            return connection.execute(compose(noun, query, **parts or {}), values).fetchall()

    def fetch_one(
        self, noun: str, query: str, parts: Mapping[str, int] | None = None, /, **values: object
    ) -> DictRow | None:
        """Run a query of `noun`'s file and return its first row, if any."""
        with self.connection() as connection:
            return connection.execute(compose(noun, query, **parts or {}), values).fetchone()

    def execute(self, noun: str, query: str, parts: Mapping[str, int] | None = None, /, **values: object) -> int:
        """Run a query of `noun`'s file and return how many rows it touched."""
        with self.connection() as connection:
            return connection.execute(compose(noun, query, **parts or {}), values).rowcount

    def dedicated(self) -> Connection[DictRow]:
        """Open a connection outside the pool, for locks that live as long as it does."""
        try:
            return psycopg.connect(self.conninfo, autocommit=True, row_factory=dict_row)
        except psycopg.OperationalError as exc:
            raise DatabaseError(f"The database does not answer: {str(exc).strip()}.") from exc


def _configure(connection: Connection[DictRow]) -> None:
    connection.execute(_CHECK_CLIENT)
    connection.execute(_SEARCH_DEEPLY)
    register_vector(connection)
