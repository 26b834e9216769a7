"""Open the catalogue that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager

from indexer.catalog.embedded_postgres import embedded_postgres
from indexer.catalog.migrating import connect, migrate, pending
from indexer.catalog.store import Store
from indexer.errors import DatabaseError
from indexer.settings import Settings

# Somebody waits for the answer, and a service that is told to end waits for whoever waits.
_SERVED_WITHIN_S = 10.0


@contextmanager
def open_database(settings: Settings) -> Iterator[str]:
    """Give the connection string of the database in use, starting the embedded one where none is named."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with embedded_postgres(settings.home) as conninfo:
        yield conninfo


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """Give the store over a database brought to the newest schema: for commands."""
    with open_database(settings) as conninfo:
        migrate(conninfo)
        with Store(conninfo) as store:
            yield store


@contextmanager
def open_served_store(settings: Settings) -> Iterator[Store]:
    """Give the store for a service, which migrates no database but the embedded one.

    Raises DatabaseError, saying what to run, when the schema is not the newest.
    """
    with open_database(settings) as conninfo:
        if settings.database_url is None:
            migrate(conninfo)
        with connect(conninfo) as connection:
            if missing := pending(connection):
                raise DatabaseError(
                    f"The database lacks {len(missing)} migrations ({', '.join(missing)}): run `indexer db migrate`."
                )
        with Store(conninfo, patience_s=_SERVED_WITHIN_S) as store:
            yield store
