"""What tests of `indexer reindex` share: locks that hold it up, what a sound catalogue has."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from indexer.catalog.store import Store
from indexer.models import GenerationId


def states(database: str) -> list[str]:
    """Return the states of all generations, the oldest first."""
    return [state for (state,) in _rows(database, "SELECT state FROM generation ORDER BY id")]


def find_verdicts(database: str) -> list[str | None]:
    """Return what the gate said of each generation, the oldest first."""
    return [verdict for (verdict,) in _rows(database, "SELECT verdict FROM generation ORDER BY id")]


def count_revisions(database: str) -> int:
    """Count the revisions of the retrieval prompt that were numbered."""
    return len(_rows(database, "SELECT id FROM prompt WHERE kind = 'retrieval'"))


def find_faults(database: str) -> list[str]:
    """Name what an interrupted reindex may have left: tables, partitions, backends, locks, a second live generation."""
    queries = {
        "a table without its generation": """
            SELECT relname FROM pg_class WHERE relname ~ '^entry_[0-9]+$' AND relkind = 'r'
            AND substr(relname, 7)::bigint NOT IN (SELECT id FROM generation)""",
        "a generation without its partition": """
            SELECT id FROM generation WHERE NOT EXISTS (
                SELECT FROM pg_inherits WHERE inhparent = 'entry'::regclass AND NOT inhdetachpending
                AND inhrelid = to_regclass('entry_' || id))""",
        "an advisory lock": """
            SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory' AND classid <> 0
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""",
        "not one live generation": "SELECT count(*) FROM generation WHERE state = 'live' HAVING count(*) <> 1",
        "an open request": "SELECT id FROM request WHERE outcome IS NULL",
    }
    return [f"{fault}: {rows}" for fault, query in queries.items() if (rows := _rows(database, query))]


def find_waiting(database: str, statement: str) -> list[Any]:
    """Return the backends that wait for a lock with a statement like this."""
    query = """
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'
          AND query ILIKE %s"""
    return _rows(database, query, f"%{statement}%")


def count_backends(database: str) -> int:
    """Count the connections to a database, this one apart."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return len(_rows(database, query))


def has_table(database: str, name: str) -> bool:
    """Tell whether there is such a table."""
    return _rows(database, "SELECT to_regclass(%s) IS NOT NULL", name) == [(True,)]


@contextmanager
def holding(database: str, statement: str) -> Iterator[None]:
    """Hold the locks that a statement takes."""
    with psycopg.connect(database) as connection:
        connection.execute(statement.encode())
        yield


def _rows(database: str, query: str, *values: object) -> list[Any]:
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(query.encode(), values or None).fetchall()


def count_captions(database: str) -> int:
    """Count the captions of all revisions."""
    return len(_rows(database, "SELECT id FROM caption"))


def count_entries(database: str) -> dict[int, int]:
    """Count the entries of each generation."""
    return dict(_rows(database, "SELECT generation_id, count(*) FROM entry GROUP BY 1 ORDER BY 1"))


def count_fresh(database: str, generation_id: int) -> int:
    """Count the entries of a generation that are of its own making."""
    with Store(database) as store:
        return store.generations.count_coverage(GenerationId(generation_id)).fresh


def find_sentences(database: str, generation_id: int, location: Path) -> list[str]:
    """Return what an image is found by in a generation."""
    query = """
        SELECT sentences FROM entry JOIN location USING (image_id) WHERE generation_id = %s AND location = %s"""
    [(sentences,)] = _rows(database, query, generation_id, str(location))
    return list(sentences)


def find_folder(database: str) -> Path:
    """Return the folder that the images are in."""
    return Path(_rows(database, "SELECT location FROM location ORDER BY id LIMIT 1")[0][0]).parent


def make_edit(database: str, location: Path) -> None:
    """Let an image be one that an editor made."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "UPDATE image SET origin = 'edit' WHERE id = (SELECT image_id FROM location WHERE location = %s)",
            [str(location)],
        )


def kill(process: "subprocess.Popen[str]") -> None:
    """Kill a command and wait for its end."""
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
