"""The right to write the entries of a generation."""

from contextlib import suppress

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow

from indexer.catalog.queries import compose
from indexer.errors import DatabaseError
from indexer.models import GenerationId


class IndexingLock:
    """The right to write a generation's entries, held by one process at a time and given up when that process ends."""

    def __init__(self, connection: Connection[DictRow]) -> None:
        self._connection = connection
        self._held: GenerationId | None = None

    def take(self, generation_id: GenerationId) -> bool:
        """Try to take the lock of a generation, letting go of another's; True when it is held, also from before.

        Raises DatabaseError when the server is gone.
        """
        try:
            if self._held == generation_id:
                self._connection.execute("SELECT 1")  # lost with its connection, it is not held any more
                return True
            self.release()
            row = self._connection.execute(
                compose("generations", "hold_indexing"), {"generation_id": generation_id}
            ).fetchone()
        except psycopg.Error as exc:
            raise DatabaseError("The connection that held the right to write entries was lost.") from exc
        self._held = generation_id if row and row["held"] else None
        return self._held is not None

    def release(self) -> None:
        """Let others write."""
        if self._held is not None:
            held, self._held = self._held, None
            with suppress(psycopg.Error):  # a connection that is lost has given it back already
                self._connection.execute(compose("generations", "release_indexing"), {"generation_id": held})
