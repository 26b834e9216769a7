"""Comparisons: what two generations hold of the same images, and what they cost."""

from dataclasses import dataclass

from indexer.catalog.store.database import Database
from indexer.models import GenerationId, ImageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """How many images two generations have in common, and how many of them are told of in other words."""

    shared: int
    differing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferingCaptions:
    """What two generations say of one image."""

    image_id: ImageId
    location: str
    before: list[str]
    after: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a generation's entries take with their indexes; a search reads them all until their vectors are indexed."""

    size_bytes: int
    is_indexed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCosts:
    """What a generation's own captions cost; `unpriced` requests are not in `cost_usd`.

    `combined` requests asked for captions of other kinds, too.
    """

    requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int
    combined: int


class Comparisons:
    """Queries of sql/queries/comparisons.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_lost(self, before: GenerationId, after: GenerationId, *, younger_s: float = 0.0) -> int:
        """Count the images that would be lost if one generation took the place of another.

        Entries written in the last `younger_s` seconds do not count: they are on their way.
        """
        row = self._database.fetch_one("comparisons", "count_lost", before=before, after=after, younger_s=younger_s)
        return int(row["lost"]) if row else 0

    def count_differing(self, before: GenerationId, after: GenerationId) -> Shared:
        """Count the images of both generations, and those with other captions."""
        return Shared(**self._database.fetch("comparisons", "count_differing", before=before, after=after)[0])

    def find_differing(self, before: GenerationId, after: GenerationId, *, limit: int) -> list[DifferingCaptions]:
        """Return some images with other captions, always the same ones."""
        rows = self._database.fetch("comparisons", "find_differing", before=before, after=after, limit=limit)
        return [DifferingCaptions(**row) for row in rows]

    def find_own_captions(self, before: GenerationId, after: GenerationId, *, limit: int) -> list[str]:
        """Return some sentences that no captioner wrote, of images that both generations have."""
        rows = self._database.fetch("comparisons", "find_own_captions", before=before, after=after, limit=limit)
        return [row["text"] for row in rows]

    def get_size(self, generation_id: GenerationId) -> Size:
        """Return how large a generation is."""
        return Size(**self._database.fetch("comparisons", "get_size", generation_id=generation_id)[0])

    def sum_own_costs(self, generation_id: GenerationId) -> OwnCosts:
        """Sum what the captions of a generation's own making cost, whichever run asked for them."""
        return OwnCosts(**self._database.fetch("comparisons", "sum_own_costs", generation_id=generation_id)[0])
