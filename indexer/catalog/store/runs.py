"""Runs: one execution of a command, alive for as long as it holds its lock."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from psycopg import Connection
from psycopg.rows import DictRow

from indexer.catalog.queries import compose
from indexer.catalog.store.database import Database
from indexer.models import RunId


class Runs:
    """Queries of sql/queries/runs.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def running(self, command: str, arguments: Mapping[str, object]) -> Iterator[RunId]:
        """Record a run and hold its lock on a connection of its own, so that its claims die with it."""
        with self._database.dedicated() as connection:
            run_id = self.start_run(connection, command, arguments)
            self.hold_run(connection, run_id)
            yield run_id

    def start_run(self, connection: Connection[DictRow], command: str, arguments: Mapping[str, object]) -> RunId:
        """Record that a command began."""
        values = {"command": command, "arguments": json.dumps(arguments)}
        row = connection.execute(compose("runs", "start_run"), values).fetchone()
        return RunId(row["id"] if row else 0)

    def hold_run(self, connection: Connection[DictRow], run_id: RunId) -> None:
        """Take the run's advisory lock for as long as the connection lives."""
        connection.execute(compose("runs", "hold_run"), {"run_id": run_id})

    def finish_run(self, run_id: RunId, summary: Mapping[str, object]) -> None:
        """Record how a command ended."""
        self._database.execute("runs", "finish_run", run_id=run_id, summary=json.dumps(summary))
