"""Entries: one image inside one generation. Vectors enter and leave the database only here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pgvector import HalfVector
from psycopg.rows import DictRow

from indexer.catalog.queries import compose
from indexer.catalog.store.database import Database
from indexer.catalog.vectors import Vectors
from indexer.models import CaptionId, Generation, GenerationId, ImageId, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What an entry is made of; `changes` is the image's count when it was read."""

    image_id: ImageId
    changes: int
    caption_id: CaptionId | None
    corrected: bool
    sentences: list[str]
    keywords: list[str]
    visible_text: str
    names: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryWords:
    """An entry's words as the text index gets them, already split: spaces are the only separators."""

    captions: str
    keywords: str
    visible: str
    names: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to be written: `mean` is float32 [dimensions], `vectors` [sentences, dimensions], each of length 1."""

    document: Document
    words: EntryWords
    mean: Vectors
    vectors: Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One ranked entry with everything a hit shows.

    `matched_terms` are the query's words as it had them, `matched_lexemes` their stems; `sentence_embeddings` is
    float32 [sentences, dimensions].
    """

    image_id: ImageId
    score: float
    similarity: float | None
    matched_share: float | None
    dense_rank: int | None
    lexical_rank: int | None
    matched_terms: list[str]
    matched_lexemes: list[str]
    sentences: list[str]
    sentence_embeddings: Vectors
    corrected: bool
    captioner: str | None
    model: str | None
    prompt_revision: int | None
    origin: Origin
    width: int
    height: int
    location: str


class Entries:
    """Queries of sql/queries/entries.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_documents(self, generation_id: GenerationId, *, limit: int) -> list[Document]:
        """Return what stale or missing entries are to be made of, at most `limit`."""
        parts = {"generation": generation_id}
        rows = self._database.fetch("entries", "find_documents", parts, limit=limit)
        return [Document(**row) for row in rows]

    def write_entries(self, generation_id: GenerationId, entries: Sequence[NewEntry]) -> None:
        """Write entries, all or none."""
        query = compose("entries", "write_entries")
        with self._database.connection() as connection, connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(query, [_values(generation_id, entry) for entry in entries])

    def count_missing(self, generation_id: GenerationId, image_ids: Sequence[ImageId]) -> int:
        """Count how many of these images lack an entry made of their present captions."""
        row = self._database.fetch_one(
            "entries", "count_missing", {"generation": generation_id}, image_ids=list(image_ids)
        )
        return row["missing"] if row else 0

    def drop_unservable(self, generation_id: GenerationId) -> int:
        """Take images without a location or a servable caption out of a generation; return how many there were."""
        return self._database.execute("entries", "drop_unservable", {"generation": generation_id})

    def search_entries(
        self,
        generation: Generation,
        *,
        words: Sequence[str],
        vector: Vectors | None,
        dense_weight: float,
        window: int,
        limit: int,
    ) -> list[Candidate]:
        """Return the best entries for a query given as words, as a vector (float32 [dimensions]), or as both."""
        rows = self._database.fetch(
            "entries",
            "search_entries",
            {"generation": generation.id, "dimensions": generation.dimensions},
            words=list(words),
            use_words=bool(words),
            vector=None if vector is None else HalfVector(vector),
            use_vector=vector is not None,
            dense_weight=dense_weight,
            window=window,
            limit=limit,
        )
        return [_candidate(row) for row in rows]


def _candidate(row: DictRow) -> Candidate:
    vectors = np.stack([vector.to_numpy() for vector in row["sentence_embeddings"]]).astype(np.float32)
    return Candidate(**{**row, "sentence_embeddings": vectors})


def _values(generation_id: GenerationId, entry: NewEntry) -> dict[str, object]:
    return {
        "generation_id": generation_id,
        "image_id": entry.document.image_id,
        "changes": entry.document.changes,
        "caption_id": entry.document.caption_id,
        "corrected": entry.document.corrected,
        "sentences": entry.document.sentences,
        "embedding": HalfVector(entry.mean),
        "sentence_embeddings": [HalfVector(vector) for vector in entry.vectors],
        "caption_words": entry.words.captions,
        "keyword_words": entry.words.keywords,
        "visible_words": entry.words.visible,
        "name_words": entry.words.names,
    }
