"""The ledger of paid calls, which are also the claims on their images."""

from collections.abc import Sequence
from typing import Literal

from indexer.catalog.store.database import Database
from indexer.models import ImageId, PromptId, RecordId, RequestId, RunId, Usage

RequestOutcome = Literal["unusable", "refused", "unavailable"]
Claimed = tuple[ImageId, RecordId | None]  # what a request is for: an image, or the record that it is the first of


class Requests:
    """Queries of sql/queries/requests.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim_request(
        self,
        run_id: RunId,
        image_id: ImageId,
        prompt_ids: Sequence[PromptId],
        *,
        captioner: str,
        model: str,
        retry: bool = False,
    ) -> RequestId | None:
        """Open a request before it is sent.

        None when the captions are there, when a living run is asking for them, or, unless `retry`, when they were
        refused or quarantined.
        """
        row = self._database.fetch_one(
            "requests",
            "claim_request",
            run_id=run_id,
            image_id=image_id,
            prompt_ids=list(prompt_ids),
            captioner=captioner,
            model=model,
            retry=retry,
        )
        return row["request_id"] if row else None

    def open_repair(
        self,
        run_id: RunId,
        image_id: ImageId,
        prompt_ids: Sequence[PromptId],
        *,
        captioner: str,
        model: str,
        record_id: RecordId | None = None,
    ) -> RequestId:
        """Open a second request for an image, or a record, whose first one is still open."""
        rows = self._database.fetch(
            "requests",
            "open_repair",
            run_id=run_id,
            image_id=image_id,
            record_id=record_id,
            prompt_ids=list(prompt_ids),
            captioner=captioner,
            model=model,
        )
        return RequestId(rows[0]["request_id"])

    def close_request(self, request_id: RequestId, outcome: RequestOutcome, *, attempts: int, usage: Usage) -> None:
        """Complete a request that brought no caption."""
        self._database.execute(
            "requests",
            "close_request",
            request_id=request_id,
            outcome=outcome,
            attempts=attempts,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=usage.cost_usd,
        )

    def lose_abandoned(self) -> int:
        """Close the requests of runs that died and return how many there were."""
        row = self._database.fetch_one("requests", "lose_abandoned")
        return row["lost"] if row else 0

    def find_claimed_elsewhere(self, run_id: RunId, image_ids: Sequence[ImageId]) -> set[Claimed]:
        """Return which of these images, alone or as the first of a record, another living run is asking for."""
        rows = self._database.fetch("requests", "find_claimed_elsewhere", run_id=run_id, image_ids=list(image_ids))
        return {(row["image_id"], row["record_id"]) for row in rows}
