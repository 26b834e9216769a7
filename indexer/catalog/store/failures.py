"""Failures: what could not be done, and why."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from indexer.catalog.store.database import Database
from indexer.models import ImageId, Prompt, PromptId, RecordId, RunId, clean_text

_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFailure:
    """Why something could not be done.

    Size and time are those of the file; captioner, model and prompts those whose failure it is, at the stage `caption`.
    `was_tried` unless it is only said again.
    """

    location: str
    stage: str
    reason: str
    retryable: bool
    quarantined: bool = False
    was_tried: bool = True
    captioner: str | None = None
    model: str | None = None
    prompt_ids: Sequence[PromptId] | None = None
    image_id: ImageId | None = None
    record_id: RecordId | None = None
    size_bytes: int | None = None
    modified_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFailure:
    """A failure that only a changed file, or being asked to, would mend."""

    location: str
    stage: str
    reason: str
    size_bytes: int | None
    modified_ns: int | None
    quarantined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an image or a record has no caption."""

    reason: str
    quarantined: bool
    retryable: bool
    prompt_ids: list[PromptId] | None

    def stands_against(self, prompts: Sequence[Prompt]) -> bool:
        """Tell whether asking these prompts would be a second try of what failed for good."""
        return not self.retryable and (
            self.prompt_ids is None or all(prompt.id in self.prompt_ids for prompt in prompts)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One image, or one line of a file of captions or records, that could not be done."""

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

    def record_failure(self, run_id: RunId, failure: NewFailure) -> None:
        """Remember that an image could not be done."""
        values = {
            **asdict(failure),
            "prompt_ids": list(failure.prompt_ids) if failure.prompt_ids else None,
            "reason": clean_text(failure.reason)[:_LONGEST_REASON],
        }
        self._database.execute("failures", "record_failure", run_id=run_id, **values)

    def find_standing(
        self, locations: Sequence[str], prompt_ids: Sequence[PromptId], *, captioner: str, model: str
    ) -> dict[str, StandingFailure]:
        """Return the failures here that asking this captioner the same again would not mend, by location."""
        rows = self._database.fetch(
            "failures",
            "find_standing",
            locations=list(locations),
            prompt_ids=list(prompt_ids),
            captioner=captioner,
            model=model,
        )
        return {row["location"]: StandingFailure(**row) for row in rows}

    def find_reason(self, image_id: ImageId, record_id: RecordId | None = None) -> Reason | None:
        """Return why an image, or the record that it is the first of, has no caption, where it is known."""
        row = self._database.fetch_one("failures", "find_reason", image_id=image_id, record_id=record_id)
        return Reason(**row) if row else None

    def find_failures(self, *, limit: int | None = None) -> list[Failure]:
        """Return what could not be done, the latest first; at most `limit` of it, where that is given."""
        return [Failure(**row) for row in self._database.fetch("failures", "find_failures", limit=limit)]

    def find_locations_of(self, stage: str) -> list[str]:
        """Return the locations of all failures of one stage."""
        return [row["location"] for row in self._database.fetch("failures", "find_locations_of", stage=stage)]

    def forget_failures(self, locations: Sequence[str]) -> None:
        """Forget the failures of these locations."""
        self._database.execute("failures", "forget_failures", locations=list(locations))
