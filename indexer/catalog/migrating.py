"""Bring a database to the newest schema: yoyo over the plain .sql files of sql/migrations."""

import logging
import os
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from indexer.catalog.queries import sql_folder
from indexer.errors import DatabaseError

# Any two numbers, as long as every process uses the same.
_LOCK = (7201, 1)
LEAST_POSTGRES, LEAST_PGVECTOR = 15, (0, 8)


def migrate(conninfo: str) -> list[str]:
    """Apply what is missing and return its names; several processes may call this at once.

    yoyo's own lock is a row that a killed process leaves behind for ever, so an advisory lock stands before it and
    the row is broken. Raises DatabaseError when the server is not fit or cannot be reached.
    """
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    os.environ.setdefault("LOGNAME", "indexer")  # yoyo notes who migrated, and fails for a uid without a name
    with connect(conninfo) as connection:
        connection.execute("SELECT pg_advisory_lock(%s, %s)", _LOCK)
        _check_server(connection)
        if not pending(connection):
            return []
        return _apply(conninfo)


def pending(connection: psycopg.Connection) -> list[str]:
    """Name the migrations this database lacks, without writing to it."""
    names = sorted(path.stem for path in (sql_folder() / "migrations").glob("*.sql"))
    known = connection.execute("SELECT to_regclass('_yoyo_migration') IS NOT NULL").fetchone()
    if known is None or not known[0]:
        return names
    applied = {row[0] for row in connection.execute("SELECT migration_id FROM _yoyo_migration")}
    return [name for name in names if name not in applied]


def connect(conninfo: str) -> psycopg.Connection:
    """Open one autocommit connection; raises DatabaseError, without the password, when there is no server."""
    try:
        return psycopg.connect(conninfo, autocommit=True, connect_timeout=10)
    except psycopg.Error as exc:
        place = describe(conninfo)
        reason = str(exc).strip().partition("\n")[0]
        raise DatabaseError(f"No database at {place} ({reason}): check DATABASE_URL.") from exc


def describe(conninfo: str) -> str:
    """Name a database for people: host and database, never the password."""
    try:
        parts = conninfo_to_dict(conninfo)
    except psycopg.Error:
        return "DATABASE_URL"
    return f"{parts.get('host') or 'the local socket'}/{parts.get('dbname') or parts.get('user') or ''}"


def _apply(conninfo: str) -> list[str]:
    # Imported here: nearly every command finds nothing to apply.
    import yoyo

    backend = yoyo.get_backend(_yoyo_url(conninfo))
    try:
        backend.break_lock()
        missing = backend.to_apply(yoyo.read_migrations(str(sql_folder() / "migrations")))
        # One transaction around all: killed in between, yoyo would leave a migration applied and not noted.
        with backend.lock(), backend.transaction():
            backend.apply_migrations(missing)
    finally:
        backend.connection.close()
    return [migration.id for migration in missing]


def _check_server(connection: psycopg.Connection) -> None:
    if connection.info.server_version < LEAST_POSTGRES * 10_000:
        raise DatabaseError(
            f"Postgres {connection.info.server_version // 10_000} is too old: {LEAST_POSTGRES} or newer is needed."
        )
    row = connection.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'").fetchone()
    if row is None:
        raise DatabaseError("This Postgres has no pgvector: install it there (Debian: postgresql-NN-pgvector).")
    if tuple(int(part) for part in row[0].split(".")[:2]) < LEAST_PGVECTOR:
        raise DatabaseError(f"pgvector {row[0]} is too old: 0.8 or newer is needed.")


def _yoyo_url(conninfo: str) -> str:
    parts = {key: str(value) for key, value in conninfo_to_dict(conninfo).items() if value is not None}
    user, password = (quote(parts.pop(key, ""), safe="") for key in ("user", "password"))
    database = quote(parts.pop("dbname", "") or user, safe="")
    who = f"{user}:{password}@" if password else f"{user}@" if user else ""
    return f"postgresql+psycopg://{who}/{database}?{urlencode(parts)}"
