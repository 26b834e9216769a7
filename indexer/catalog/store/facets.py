"""Facets: how many of a generation's images each filter would leave."""

from dataclasses import dataclass

from indexer.catalog.store.database import Database
from indexer.models import GenerationId, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderCount:
    """How many images lie in a folder, or below it."""

    folder: str
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class YearCount:
    """How many images were taken in a year."""

    year: int
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginCount:
    """How many images came to be in one way."""

    origin: Origin
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCount:
    """How many images have a keyword."""

    tag: str
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """How many images have something written in them, and people; None where no moderation caption tells."""

    has_text: int
    contains_people: int | None


class Facets:
    """Queries of sql/queries/facets.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_folders(self, generation_id: GenerationId, *, limit: int) -> list[FolderCount]:
        """Count images by ingested folder, and by the folders right in it, the fullest first."""
        rows = self._database.fetch("facets", "count_folders", {"generation": generation_id}, limit=limit)
        return [FolderCount(**row) for row in rows]

    def count_years(self, generation_id: GenerationId) -> list[YearCount]:
        """Count images by the year they were taken in, the latest first."""
        return [
            YearCount(**row) for row in self._database.fetch("facets", "count_years", {"generation": generation_id})
        ]

    def count_origins(self, generation_id: GenerationId) -> list[OriginCount]:
        """Count images by how they came to be."""
        rows = self._database.fetch("facets", "count_origins", {"generation": generation_id})
        return [OriginCount(**row) for row in rows]

    def count_tags(self, generation_id: GenerationId, *, limit: int) -> list[TagCount]:
        """Count images by their most frequent keywords."""
        rows = self._database.fetch("facets", "count_tags", {"generation": generation_id}, limit=limit)
        return [TagCount(**row) for row in rows]

    def count_flags(self, generation_id: GenerationId) -> Flags:
        """Count images with text, and with people."""
        return Flags(**self._database.fetch("facets", "count_flags", {"generation": generation_id})[0])
