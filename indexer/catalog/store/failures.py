"""Failures: what could not be done, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from indexer.catalog.store.database import Database
from indexer.models import ImageId, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFailure:
    """A failure that only a changed file, or being asked to, would mend."""

    uri: str
    stage: str
    reason: str
    size_bytes: int | None
    modified_ns: int | None
    quarantined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One image, or one line of a captions file, that could not be done."""

    location: str
    stage: str
    reason: str
    attempts: int
    retryable: bool
    quarantined: bool
    last_at: datetime


class Failures:
    """Queries of sql/queries/failures.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_failure(
        self,
        run_id: RunId,
        uri: str,
        *,
        stage: str,
        reason: str,
        retryable: bool,
        quarantined: bool = False,
        image_id: ImageId | None = None,
        size_bytes: int | None = None,
        modified_ns: int | None = None,
    ) -> None:
        """Remember that an image could not be done."""
        self._database.execute(
            "failures",
            "record_failure",
            run_id=run_id,
            uri=uri,
            stage=stage,
            reason=reason,
            retryable=retryable,
            quarantined=quarantined,
            image_id=image_id,
            size_bytes=size_bytes,
            modified_ns=modified_ns,
        )

    def find_standing(self, uris: Sequence[str]) -> dict[str, StandingFailure]:
        """Return the failures among these locations that trying again would not mend, by uri."""
        rows = self._database.fetch("failures", "find_standing", uris=list(uris))
        return {row["uri"]: StandingFailure(**row) for row in rows}

    def find_failures(self) -> list[Failure]:
        """Return what could not be done, the latest first."""
        return [Failure(**row) for row in self._database.fetch("failures", "find_failures")]

    def clear_import_failures(self, prefix: str) -> None:
        """Forget what was wrong with the lines of a captions file; `prefix` is its path and a colon."""
        self._database.execute("failures", "clear_import_failures", prefix=prefix)
