"""Likenesses: which images show the same picture as a file, and the vectors of what is said of images."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from psycopg import sql

from indexer.catalog.queries import Part
from indexer.catalog.store.database import Database
from indexer.catalog.store.hits import Conditions
from indexer.catalog.vectors import Vectors
from indexer.imaging.hashing import MOST_ALIKE
from indexer.models import GenerationId, ImageId

_MOST_TWINS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """An entry's image that shows the same picture as a file: the very same bytes, or so few bits of its hash apart.

    `may_show` when it fulfils what is asked of hits.
    """

    image_id: ImageId
    is_same_file: bool
    bits: int | None
    may_show: bool


class Likenesses:
    """Queries of sql/queries/likenesses.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_twins(
        self, generation_id: GenerationId, sha256: bytes, perceptual_hash: int | None, conditions: Conditions | None
    ) -> list[Twin]:
        """Return a generation's images that show the same as a file: the same file first, then the nearest."""
        parts: dict[str, Part] = {
            "generation": generation_id,
            "conditions": conditions.clause if conditions else sql.SQL("true"),
        }
        values: Mapping[str, object] = conditions.values if conditions else {}
        rows = self._database.fetch(
            "likenesses",
            "find_twins",
            parts,
            sha256=sha256,
            perceptual_hash=perceptual_hash,
            most_alike=MOST_ALIKE,
            limit=_MOST_TWINS,
            **values,
        )
        return [Twin(**row) for row in rows]

    def get_vector(self, generation_id: GenerationId, image_id: ImageId) -> Vectors | None:
        """Return the mean vector of what is said of an image, float32 [dimensions]; None without an entry."""
        row = self._database.fetch_one("likenesses", "get_vector", generation_id=generation_id, image_id=image_id)
        return np.asarray(row["embedding"].to_numpy(), dtype=np.float32) if row else None
