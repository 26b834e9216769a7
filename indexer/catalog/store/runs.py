"""Runs: one execution of a command, alive for as long as it holds its lock."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow

from indexer.catalog.queries import compose
from indexer.catalog.store.database import Database
from indexer.errors import DatabaseError
from indexer.models import RunId


class Runs:
    """Queries of sql/queries/runs.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[RunId, Connection[DictRow]] = {}

    @contextmanager
    def running(self, command: str, arguments: Mapping[str, object]) -> Iterator[RunId]:
        """Record a run and hold its lock on a connection of its own, so that its claims die with it.

        `check_lock` tells whether it is still held.
        """
        with self._database.dedicated() as connection:
            run_id = self.start_run(connection, command, arguments)
            self.hold_run(connection, run_id)
            self._held[run_id] = connection
            try:
                yield run_id
            finally:
                del self._held[run_id]
                self.release_run(connection, run_id)

    def check_lock(self, run_id: RunId) -> None:
        """Raise DatabaseError when the connection that holds a run's lock is lost: others may pay for its images."""
        try:
            self._held[run_id].execute("SELECT 1")
        except psycopg.Error as exc:
            raise DatabaseError("The connection that held this run's claims was lost; run the command again.") from exc

    def start_run(self, connection: Connection[DictRow], command: str, arguments: Mapping[str, object]) -> RunId:
        """Record that a command began."""
        values = {"command": command, "arguments": json.dumps(arguments)}
        row = connection.execute(compose("runs", "start_run"), values).fetchone()
        return RunId(row["id"] if row else 0)

    def hold_run(self, connection: Connection[DictRow], run_id: RunId) -> None:
        """Take the run's advisory lock for as long as the connection lives."""
        connection.execute(compose("runs", "hold_run"), {"run_id": run_id})

    def release_run(self, connection: Connection[DictRow], run_id: RunId) -> None:
        """Give the run's advisory lock back; a connection that is lost has given it back already."""
        with suppress(psycopg.Error):
            connection.execute(compose("runs", "release_run"), {"run_id": run_id})

    def finish_run(self, run_id: RunId, summary: Mapping[str, object]) -> None:
        """Record how a command ended."""
        self._database.execute("runs", "finish_run", run_id=run_id, summary=json.dumps(summary))
