"""What no search over a library can be faster than: the nearest vectors alone, by the index and by an exact scan."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from psycopg import sql

from indexer.catalog.vectors import Vectors
from indexer.models import Generation

_NEAREST = sql.SQL(
    "SELECT image_id FROM entry WHERE generation_id = {generation} "
    "ORDER BY embedding::halfvec({dimensions}) <=> %s::halfvec({dimensions}) LIMIT 20"
)
_ALL = "SELECT embedding FROM entry WHERE generation_id = %s"
_SENTENCES = "SELECT sentence_embeddings[1] FROM entry WHERE generation_id = %s ORDER BY md5(image_id::text) LIMIT 500"


@dataclass(frozen=True, slots=True)
class Floors:
    """Searches without words, filters or hits, for vectors of the library's own sentences."""

    connection: psycopg.Connection
    generation: Generation
    matrix: Vectors
    queries: Vectors

    def nearest(self, count: int) -> list[float]:
        """Find the 20 nearest by the vector index, so many times; return milliseconds."""
        parts = {"generation": self.generation.id, "dimensions": self.generation.dimensions}
        statement = _NEAREST.format(**{name: sql.Literal(value) for name, value in parts.items()})
        took = []
        for number in range(count):
            vector = HalfVector(self.queries[number % len(self.queries)])
            started = time.perf_counter()
            self.connection.execute(statement, [vector]).fetchall()
            took.append((time.perf_counter() - started) * 1000)
        return took

    def exact(self, count: int) -> list[float]:
        """Compare with every vector in numpy, so many times; return milliseconds."""
        took = []
        for number in range(count):
            started = time.perf_counter()
            np.argpartition(self.matrix @ self.queries[number % len(self.queries)], -20)
            took.append((time.perf_counter() - started) * 1000)
        return took


@contextmanager
def open_floors(conninfo: str, generation: Generation) -> Iterator[Floors]:
    """Load a generation's vectors, float32 [entries, dimensions], and hold a connection to it."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        register_vector(connection)
        cursor = connection.cursor(binary=True)
        matrix, queries = (
            np.stack([row[0].to_numpy() for row in cursor.execute(statement, [generation.id])]).astype(np.float32)
            for statement in (_ALL, _SENTENCES)
        )
        yield Floors(connection, generation, matrix, queries)
