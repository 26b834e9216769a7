"""Generations: making one, finding the live one, measuring what it covers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.sql import Composed

from indexer.catalog.queries import compose
from indexer.catalog.store.database import Database
from indexer.catalog.store.indexing_lock import IndexingLock
from indexer.catalog.store.partitions import Partitions, patiently
from indexer.catalog.vectors import Vectors
from indexer.errors import NotFoundError
from indexer.models import Generation, GenerationId, PromptId, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of the catalogue a generation holds; fresh entries come from its own prompt revision and model."""

    images: int
    entries: int
    fresh: int

    @property
    def share(self) -> float:
        """Return entries over images, 0 to 1."""
        return self.entries / self.images if self.images else 0.0

    @property
    def fresh_share(self) -> float:
        """Return fresh entries over entries, 0 to 1."""
        return self.fresh / self.entries if self.entries else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a generation holds, and what it takes up on disk, with its indexes."""

    coverage: Coverage
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sentence of a generation and its vector, float32 [dimensions]."""

    sentence: str
    vector: Vectors


class Generations:
    """Queries of sql/queries/generations.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._partitions = Partitions(database)

    def get_live(self) -> Generation | None:
        """Return the generation that answers searches, if there is one yet."""
        row = self._database.fetch_one("generations", "get_live")
        return Generation(**row) if row else None

    def get_generation(self, generation_id: GenerationId) -> Generation:
        """Return one generation, live or not; raises NotFoundError."""
        row = self._database.fetch_one("generations", "get_generation", generation_id=generation_id)
        if row is None:
            raise NotFoundError("generation", generation_id)
        return Generation(**row)

    def find_generations(self) -> list[Generation]:
        """Return every generation, the oldest first."""
        return [Generation(**row) for row in self._database.fetch("generations", "find_generations")]

    def is_first_due(self) -> bool:
        """Tell whether there are captions, but no generation yet to hold them."""
        return bool(self._database.fetch("generations", "is_first_due")[0]["due"])

    def add_generation(
        self,
        *,
        prompt_id: PromptId | None,
        captioner: str,
        model: str,
        embedder: str,
        dimensions: int,
        state: State,
    ) -> GenerationId:
        """Add a generation with its partition, and with its indexes unless it is to be built first."""
        values = {
            "prompt_id": prompt_id,
            "captioner": captioner,
            "model": model,
            "embedder": embedder,
            "dimensions": dimensions,
            "state": state,
        }
        adding = compose("generations", "add_generation")
        with self._database.connection() as connection:
            return patiently(lambda: self._add_with_partition(connection, adding, values, dimensions))

    def mark_ready(self, generation_id: GenerationId) -> None:
        """Note that a building generation is complete and has its indexes, or take a retired one up again."""
        self._database.execute("generations", "mark_ready", generation_id=generation_id)

    def mark_taken_back(self, generation_id: GenerationId) -> None:
        """Note that a generation gave its place back in a rollback; until it is live again."""
        self._database.execute("generations", "mark_taken_back", generation_id=generation_id)

    def note_verdict(self, generation_id: GenerationId, verdict: str) -> None:
        """Keep what was found out when a generation was to take the live one's place."""
        self._database.execute("generations", "note_verdict", generation_id=generation_id, verdict=verdict)

    def activate(self, generation_id: GenerationId, *, instead_of: GenerationId | None = None) -> bool:
        """Make a ready or retired generation the live one and retire the one before it, in one transaction.

        False, and nothing done, in any other state, or when `instead_of` is not the live one any more.
        """
        row = self._database.fetch_one("generations", "activate", generation_id=generation_id, instead_of=instead_of)
        return bool(row and row["activated"])

    def mark_dropping(self, generation_id: GenerationId) -> bool:
        """Take a generation out of use before it is dropped; False where it is the live one, or gone."""
        return self._database.execute("generations", "mark_dropping", generation_id=generation_id) > 0

    def delete_generation(self, generation_id: GenerationId) -> None:
        """Forget a generation whose partition is gone."""
        self._database.execute("generations", "delete_generation", generation_id=generation_id)

    @contextmanager
    def hold_reindexing(self) -> Iterator[bool]:
        """Try to be the one process that builds generations, and tell whether it is; given up when the process ends."""
        with self._database.dedicated() as connection:
            row = connection.execute(compose("generations", "hold_reindexing")).fetchone()
            yield bool(row and row["held"])

    @contextmanager
    def hold_indexing(self) -> Iterator[IndexingLock]:
        """Give a lock that one process at a time can take to write a generation's entries."""
        with self._database.dedicated() as connection:
            lock = IndexingLock(connection)
            yield lock
            lock.release()  # at once; the end of a connection is noticed later

    def get_sample(self, generation_id: GenerationId) -> Sample | None:
        """Return a sentence with the vector that it was given; None while there is no entry."""
        row = self._database.fetch_one("generations", "get_sample", generation_id=generation_id)
        return Sample(sentence=row["sentence"], vector=row["vector"].to_numpy().astype(np.float32)) if row else None

    def count_coverage(self, generation_id: GenerationId) -> Coverage:
        """Count images, entries and fresh entries."""
        row = self._database.fetch_one("generations", "count_coverage", generation_id=generation_id)
        return Coverage(**row or {"images": 0, "entries": 0, "fresh": 0})

    def find_holdings(self) -> dict[GenerationId, Holding]:
        """Count what every generation holds; quicker than one by one."""
        return {
            row.pop("generation_id"): Holding(size_bytes=row.pop("size_bytes"), coverage=Coverage(**row))
            for row in self._database.fetch("generations", "find_holdings")
        }

    def refresh_lexemes(self, generation_id: GenerationId) -> None:
        """Count again how many entries hold each lexeme, and how many entries there are."""
        self._database.execute("generations", "refresh_lexemes", generation_id=generation_id)

    def _add_with_partition(
        self, connection: Connection[DictRow], adding: Composed, values: Mapping[str, object], dimensions: int
    ) -> GenerationId:
        with connection.transaction():
            row = connection.execute(adding, values).fetchone()
            generation_id = GenerationId(row["id"] if row else 0)
            self._partitions.create_partition(connection, generation_id)
            if values["state"] != "building":
                self._partitions.index_partition(connection, generation_id, dimensions)
        return generation_id
