"""Entries: one image inside one generation. Vectors enter and leave the database only here."""

from collections.abc import Sequence
from dataclasses import dataclass

from pgvector import HalfVector

from indexer.catalog.queries import compose
from indexer.catalog.store.database import Database
from indexer.catalog.vectors import Vectors
from indexer.models import CaptionId, GenerationId, ImageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What an entry is made of; `changes` is the image's count when it was read.

    `descriptions` and `own_keywords` lie inside the image's file; `instructions` are what edits asked for it in words.
    """

    image_id: ImageId
    changes: int
    caption_id: CaptionId | None
    corrected: bool
    sentences: list[str]
    keywords: list[str]
    visible_text: str
    names: list[str]
    descriptions: list[str]
    own_keywords: list[str]
    instructions: list[str]

    @property
    def tags(self) -> list[str]:
        """Return the keywords of the caption and of the file itself, in lower case, each once."""
        return list(dict.fromkeys(keyword.casefold() for keyword in [*self.keywords, *self.own_keywords]))

    @property
    def meant(self) -> list[str]:
        """Return what its vector is the mean of: its sentences, and as one more what edits asked for it in words."""
        return [*self.sentences, ". ".join(self.instructions)] if self.instructions else self.sentences


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


class Entries:
    """Queries of sql/queries/entries.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_documents(self, generation_id: GenerationId, *, limit: int, fallback: bool = True) -> list[Document]:
        """Return what stale or missing entries are to be made of, at most `limit`.

        Without `fallback`, only of images with a caption of the generation's own making.
        """
        parts = {"generation": generation_id}
        rows = self._database.fetch("entries", "find_documents", parts, limit=limit, fallback=fallback)
        return [Document(**row) for row in rows]

    def mark_outdated(self, generation_id: GenerationId) -> int:
        """Make entries stale whose caption is of no use any more, or not the best; return how many there were."""
        return self._database.execute("entries", "mark_outdated", {"generation": generation_id})

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
        "tags": entry.document.tags,
    }
