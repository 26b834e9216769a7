"""Counts of everything, for people."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from indexer.catalog.store.database import Database
from indexer.models import GenerationId, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much of each there is, edits being among the images; cost in USD, of the requests whose price is known."""

    images: int
    edits: int
    locations: int
    captions: int
    requests: int
    batched: int
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was paid on one day for a model and prompt revisions, or for edits; `cost_usd` lacks `unpriced` requests."""

    day: date
    captioner: str
    model: str
    prompts: list[str]
    edits: bool
    requests: int
    attempts: int
    answered: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What requests that ended in one way came to, for captions or for edits; USD where the price is known."""

    captioner: str
    model: str
    edits: bool
    outcome: str
    attempts: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One execution of a command; without `finished_at` it is alive, or was interrupted."""

    id: RunId
    command: str
    arguments: dict[str, Any]
    started_at: datetime
    finished_at: datetime | None
    summary: dict[str, Any] | None
    alive: bool


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

    def sum_costs(self) -> list[Cost]:
        """Sum what was asked and paid, the latest day first."""
        return [Cost(**row) for row in self._database.fetch("status", "sum_costs")]

    def sum_paid(self) -> list[Paid]:
        """Sum what was asked and paid, by model, purpose and outcome."""
        return [Paid(**row) for row in self._database.fetch("status", "sum_paid")]

    def find_runs(self, *, limit: int) -> list[PastRun]:
        """Return the latest runs."""
        return [PastRun(**row) for row in self._database.fetch("status", "find_runs", limit=limit)]
