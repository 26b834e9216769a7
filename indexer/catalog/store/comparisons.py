"""Comparisons: what two generations hold of the same images, and what they cost."""

from indexer.catalog.store.database import Database
from indexer.models import GenerationId


class Comparisons:
    """Queries of sql/queries/comparisons.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_lost(self, before: GenerationId, after: GenerationId) -> int:
        """Count the images that would be lost if one generation took the place of another."""
        row = self._database.fetch_one("comparisons", "count_lost", before=before, after=after)
        return int(row["lost"]) if row else 0
