"""Counts of everything, for people."""

from dataclasses import dataclass

from indexer.catalog.store.database import Database
from indexer.models import GenerationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much of each there is; cost in USD, of the requests whose price is known."""

    images: int
    locations: int
    captions: int
    requests: int
    failures: int
    quarantined: int
    cost_usd: float
    requests_without_price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionerShare:
    """How many entries of a generation are made of one captioner's captions."""

    captioner: str
    model: str
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Which server this is."""

    postgres: str
    pgvector: str


class Status:
    """Queries of sql/queries/status.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_everything(self) -> Counts:
        """Count what the catalogue holds."""
        return Counts(**self._database.fetch("status", "count_everything")[0])

    def count_captioners(self, generation_id: GenerationId) -> list[CaptionerShare]:
        """Count a generation's entries by captioner, the greatest share first."""
        rows = self._database.fetch("status", "count_captioners", generation_id=generation_id)
        return [CaptionerShare(**row) for row in rows]

    def get_versions(self) -> Versions:
        """Name the server and its pgvector."""
        return Versions(**self._database.fetch("status", "get_versions")[0])
