"""Judgements: which images people called relevant to a query, and which not."""

from dataclasses import dataclass

from indexer.catalog.store.database import Database
from indexer.errors import NotFoundError
from indexer.models import ImageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a person said of one image as an answer to a query; no location where the image is gone."""

    query: str
    image_id: ImageId
    sha256: bytes
    relevant: bool
    location: str | None


class Judgements:
    """Queries of sql/queries/judgements.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write_judgement(self, query: str, image_id: ImageId, *, relevant: bool) -> None:
        """Keep a judgement in place of an earlier one; raises NotFoundError for an image that there is not."""
        values = {"query": query, "image_id": image_id, "relevant": relevant}
        if not self._database.execute("judgements", "write_judgement", **values):
            raise NotFoundError("image", image_id)

    def undo_judgement(self, query: str, image_id: ImageId) -> None:
        """Take a judgement back, if there is one."""
        self._database.execute("judgements", "undo_judgement", query=query, image_id=image_id)

    def find_judgements(self, query: str | None = None) -> list[Judgement]:
        """Return the judgements of one query, or of all, in the order of their queries."""
        rows = self._database.fetch("judgements", "find_judgements", query=query)
        return [Judgement(**row) for row in rows]
