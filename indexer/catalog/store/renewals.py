"""Renewals: images whose captions are of an older prompt, or of another captioner, than they are to be."""

from dataclasses import asdict, dataclass

from indexer.catalog.store.database import Database
from indexer.models import ImageId, PromptId


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What captions of a kind are to be made with; with `retry`, also where that was refused or quarantined before."""

    kind: str
    prompt_id: PromptId | None
    captioner: str
    model: str
    rank: int
    retry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleImage:
    """An image to be asked about anew, with the locations it may be read from, the one found last first."""

    image_id: ImageId
    sha256: bytes
    locations: list[str]
    relative_paths: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleSize:
    """How many images of one size, in pixels, are to be asked about anew; others were, and wait in a batch."""

    width: int
    height: int
    images: int
    batched: int


class Renewals:
    """Queries of sql/queries/renewals.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_stale(self, making: Making, *, after: ImageId, limit: int) -> list[StaleImage]:
        """Return images without a caption of this making, in the order of their ids, those behind `after`."""
        rows = self._database.fetch("renewals", "find_stale", after=after, limit=limit, **asdict(making))
        return [StaleImage(**row) for row in rows]

    def count_stale(self, making: Making) -> list[StaleSize]:
        """Count the images without a caption of this making."""
        return [StaleSize(**row) for row in self._database.fetch("renewals", "count_stale", **asdict(making))]

    def count_kind(self, kind: str) -> int:
        """Count the images that have, or are to have, captions of a kind."""
        return int(self._database.fetch("renewals", "count_kind", kind=kind)[0]["images"])

    def count_sentences(self) -> int:
        """Count the sentences of the live generation's entries."""
        return int(self._database.fetch("renewals", "count_sentences")[0]["sentences"])

    def sample_sentences(self, *, limit: int) -> list[str]:
        """Return sentences that images are found by, at most `limit`."""
        return [row["sentence"] for row in self._database.fetch("renewals", "sample_sentences", limit=limit)]
