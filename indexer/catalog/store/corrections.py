"""Corrections: captions that people wrote, above those of every captioner."""

from collections.abc import Sequence

from indexer.catalog.store.database import Database
from indexer.models import ImageId


class Corrections:
    """Queries of sql/queries/corrections.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write_correction(self, image_id: ImageId, kind: str, sentences: Sequence[str]) -> None:
        """Keep a caption that a person wrote, in place of an earlier one."""
        self._database.execute(
            "corrections", "write_correction", image_id=image_id, kind=kind, sentences=list(sentences)
        )

    def undo_correction(self, image_id: ImageId, kind: str) -> bool:
        """Take a person's caption back; False where there was none."""
        return self._database.execute("corrections", "undo_correction", image_id=image_id, kind=kind) > 0
