"""Calibrations: what is read to fit one, and where it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from indexer.catalog.store.database import Database
from indexer.catalog.vectors import Vectors
from indexer.models import GenerationId, ImageId


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledEntry:
    """An entry to learn from: `vectors` is float32 [sentences, dimensions]; `captioner` is empty for a correction."""

    image_id: ImageId
    sentences: list[str]
    vectors: Vectors
    captioner: str
    other_lexemes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLexeme:
    """A word as the text index has it, and what it is worth in a query."""

    word: str
    lexeme: str
    idf: float


class Calibrations:
    """Queries of sql/queries/calibrations.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sample_entries(self, generation_id: GenerationId, *, limit: int) -> list[SampledEntry]:
        """Return entries drawn at random, at most `limit`, the same ones each time."""
        rows = self._database.fetch("calibrations", "sample_entries", {"generation": generation_id}, limit=limit)
        return [_sampled(row) for row in rows]

    def find_lexemes(self, generation_id: GenerationId, words: Sequence[str]) -> list[WordLexeme]:
        """Return the lexemes of words, in no order; words that the text index leaves out have none."""
        rows = self._database.fetch("calibrations", "find_lexemes", generation_id=generation_id, words=list(words))
        return [WordLexeme(**row) for row in rows]

    def store_calibration(self, generation_id: GenerationId, calibration: Mapping[str, Any], *, entries: int) -> None:
        """Keep what was fitted, and at how many entries."""
        self._database.execute(
            "calibrations",
            "store_calibration",
            generation_id=generation_id,
            calibration=Jsonb(dict(calibration)),
            entries=entries,
        )


def _sampled(row: DictRow) -> SampledEntry:
    vectors = np.stack([vector.to_numpy() for vector in row.pop("sentence_embeddings")]).astype(np.float32)
    return SampledEntry(**row, vectors=vectors)
