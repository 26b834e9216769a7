"""The ledger of paid calls, which are also the claims on their images."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from indexer.catalog.queries import compose
from indexer.catalog.store.database import Database
from indexer.models import ImageId, PromptId, RecordId, RequestId, RunId, Usage

RequestOutcome = Literal["answered", "unusable", "refused", "unavailable", "lost"]
Claimed = tuple[ImageId, RecordId | None]  # what a request is for: an image, or the record that it is the first of


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What requests took on average: tokens, USD where the price is known, and seconds."""

    requests: int
    input_tokens: float | None
    output_tokens: float | None
    cost_usd: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatch:
    """Requests that wait in a batch, under our key or, once it is known, the endpoint's id."""

    batch: str
    captioner: str
    model: str
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchedRequest:
    """One request of a batch."""

    request_id: RequestId
    image_id: ImageId
    prompt_ids: list[PromptId]


def completion(outcome: RequestOutcome, usage: Usage, attempts: int) -> dict[str, object]:
    """Return the columns that complete a request."""
    return {
        "outcome": outcome,
        "attempts": attempts,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": usage.cost_usd,
    }


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
        renew: bool = False,
    ) -> RequestId | None:
        """Open a request before it is sent; with `renew`, for captions of a generation that is being built.

        None when the captions are there, when a living run is asking for them, when their prompt is not the live
        generation's any more, or, unless `retry`, when they were refused or quarantined.
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
            renew=renew,
        )
        return row["request_id"] if row else None

    def open_request(
        self,
        run_id: RunId,
        image_id: ImageId | None,
        prompt_ids: Sequence[PromptId],
        *,
        captioner: str,
        model: str,
        record_id: RecordId | None = None,
        renew: bool = False,
    ) -> RequestId:
        """Open a request without a claim: a second one of what has one open, or one for an unindexed image."""
        rows = self._database.fetch(
            "requests",
            "open_request",
            run_id=run_id,
            image_id=image_id,
            record_id=record_id,
            prompt_ids=list(prompt_ids),
            captioner=captioner,
            model=model,
            renew=renew,
        )
        return RequestId(rows[0]["request_id"])

    def close_request(self, request_id: RequestId, outcome: RequestOutcome, *, attempts: int, usage: Usage) -> None:
        """Complete a request whose answer is not stored with it."""
        self._database.execute(
            "requests",
            "close_request",
            request_id=request_id,
            **completion(outcome, usage, attempts),
        )

    def get_pace(self, prompt_ids: Sequence[PromptId], *, captioner: str, model: str) -> Pace | None:
        """Return what the latest requests with these prompts took; None where there was none."""
        row = self._database.fetch_one(
            "requests", "get_pace", prompt_ids=list(prompt_ids), captioner=captioner, model=model
        )
        return Pace(**row) if row and row["requests"] else None

    def lose_abandoned(self) -> int:
        """Close the requests of runs that died and return how many there were."""
        row = self._database.fetch_one("requests", "lose_abandoned")
        return row["lost"] if row else 0

    def find_claimed_elsewhere(
        self, run_id: RunId, image_ids: Sequence[ImageId], prompt_ids: Sequence[PromptId] | None = None
    ) -> set[Claimed]:
        """Return which of these images, alone or as the first of a record, another living run is asking for.

        Where `prompt_ids` are given, renewals count only with one of these prompts.
        """
        rows = self._database.fetch(
            "requests",
            "find_claimed_elsewhere",
            run_id=run_id,
            image_ids=list(image_ids),
            prompt_ids=None if prompt_ids is None else list(prompt_ids),
        )
        return {(row["image_id"], row["record_id"]) for row in rows}

    @contextmanager
    def hold_batches(self) -> Iterator[bool]:
        """Take the right to send and collect batches, one process at a time; False where another has it."""
        with self._database.dedicated() as connection:
            row = connection.execute(compose("requests", "hold_batches")).fetchone()
            yield bool(row and row["held"])

    def put_in_batch(self, request_ids: Sequence[RequestId], batch: str) -> None:
        """Note under which key of ours these requests are about to be sent as a batch."""
        self._database.execute("requests", "put_in_batch", request_ids=list(request_ids), batch=batch)

    def name_batch(self, key: str, batch: str) -> None:
        """Note the id that the endpoint gave to the batch of a key."""
        self._database.execute("requests", "name_batch", key=key, batch=batch)

    def find_batches(self) -> list[OpenBatch]:
        """Return the batches that are not collected yet, the oldest first."""
        return [OpenBatch(**row) for row in self._database.fetch("requests", "find_batches")]

    def find_batched(self, image_ids: Sequence[ImageId]) -> set[ImageId]:
        """Return which of these images wait in a batch."""
        rows = self._database.fetch("requests", "find_batched", image_ids=list(image_ids))
        return {row["image_id"] for row in rows}

    def get_batched(self, request_id: RequestId, batch: str) -> BatchedRequest | None:
        """Return one request of a batch; None where it was collected before."""
        row = self._database.fetch_one("requests", "get_batched", request_id=request_id, batch=batch)
        return BatchedRequest(**row) if row else None

    def find_uncollected(self, batch: str) -> list[BatchedRequest]:
        """Return the requests of a batch that are not collected."""
        return [BatchedRequest(**row) for row in self._database.fetch("requests", "find_uncollected", batch=batch)]

    def close_batch(self, batch: str, outcome: RequestOutcome) -> list[ImageId]:
        """Close the requests of a batch that brought nothing, and return their images."""
        rows = self._database.fetch("requests", "close_batch", batch=batch, outcome=outcome)
        return [row["image_id"] for row in rows]

    def drop_unsent(self, request_ids: Sequence[RequestId]) -> None:
        """Forget requests that were claimed and never sent."""
        self._database.execute("requests", "drop_unsent", request_ids=list(request_ids))
