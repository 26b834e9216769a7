"""Batches under way: sent, taken over from earlier runs, watched until they end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import tenacity

from indexer.captioning.openai_batches import BatchState, OpenAIBatches
from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.catalog.store.requests import OpenBatch
from indexer.errors import ModelRefusedError, ModelUnavailableError, ModelUnusableError
from indexer.models import RequestId, counted
from indexer.pipelines.batches.request_files import KEY_PREFIX, RequestFile
from indexer.pipelines.run import Run

Result = TypeVar("Result")
_SHORTEST_POLL_S, _LONGEST_POLL_S = 0.5, 60.0
_PATIENCE_S, _LONGEST_WAIT_S = 15 * 60.0, 60.0


@dataclass(slots=True, kw_only=True)
class SentBatch:
    """A batch that is not collected yet."""

    id: str
    request_ids: Sequence[RequestId] = ()
    status: str = "sent"


class BatchQueue:
    """One process's view of the batches of one captioner; the ledger knows them beyond its life."""

    def __init__(
        self, run: Run, batches: OpenAIBatches, captioner: OpenAICaptioner, tell: Callable[[str], None]
    ) -> None:
        self.sent: list[SentBatch] = []
        self._run = run
        self._batches = batches
        self._captioner = captioner
        self._tell = tell

    def adopt(self) -> None:
        """Take over the batches of earlier runs; the images of one that never began are free again.

        Raises ModelUnusableError for one that the endpoint does not know, unless failures are tried again.
        """
        for batch in self._run.store.requests.find_batches():
            if (batch.captioner, batch.model) != (self._captioner.name, self._captioner.model):
                waiting = counted(batch.requests, "image waits", "images wait")
                self._tell(f"{waiting} in a batch of {batch.model}; --model collects it.")
            elif (batch_id := self._find(batch)) is None:
                self._run.store.requests.close_batch(batch.batch, "lost")
            else:
                self._run.store.requests.name_batch(batch.batch, batch_id)
                self.sent.append(SentBatch(id=batch_id))
                self._tell(f"Batch {batch_id} of an earlier run has {_requests(batch.requests)} to collect.")

    def send(self, file: RequestFile) -> None:
        """Begin the batch of a file.

        The ledger has the key before the batch begins, and its id afterwards: whenever this process dies, the next one
        knows, or finds out, what was sent.
        """
        self._run.store.requests.put_in_batch(file.request_ids, file.key)
        try:
            batch_id = self._patiently(
                lambda: self._batches.create(file.path, file.key, file.dialect),
                found=lambda: self._batches.find(file.key),
            )
        except (ModelUnusableError, ModelRefusedError) as exc:
            self._run.store.requests.close_batch(file.key, "lost")
            raise ModelUnusableError(f"The endpoint takes no batch: {exc} Ask without --batch.") from exc
        self._run.store.requests.name_batch(file.key, batch_id)
        file.path.unlink()
        self.sent.append(SentBatch(id=batch_id, request_ids=file.request_ids))
        self._tell(f"Batch {batch_id} with {_requests(len(file.request_ids))} was sent.")

    def take_ended(self) -> tuple[SentBatch, BatchState] | None:
        """Wait for a batch to end and take it out; None when there is none, or when the run was stopped."""
        wait_s = _SHORTEST_POLL_S
        while self.sent and not self._run.stop.is_set():
            for batch in self.sent:
                state = self._look_at(batch)
                if state.has_ended:
                    self.sent.remove(batch)
                    return batch, state
            self._run.stop.wait(wait_s)
            wait_s = min(1.5 * wait_s, _LONGEST_POLL_S)
        return None

    def fetch_results(self, state: BatchState, folder: Path) -> list[Path]:
        """Write the results of a batch that has ended into a folder.

        Raises ModelUnusableError where they are gone; when failures are tried again, they count as none.
        """
        try:
            return self._patiently(lambda: self._batches.fetch_results(state, folder))
        except (ModelUnusableError, ModelRefusedError) as exc:
            if self._run.retry_failed:
                return []
            said = f"{exc} These are the results of batch {state.id}; --retry-failed asks about its images again."
            raise ModelUnusableError(said) from exc

    def clean_up(self, batch: SentBatch) -> None:
        """Delete what the endpoint keeps of a collected batch."""
        self._batches.clean_up(batch.id)

    def _look_at(self, batch: SentBatch) -> BatchState:
        state = self._patiently(lambda: self._batches.get(batch.id))
        if state.status != batch.status:
            batch.status = state.status
            self._tell(f"Batch {batch.id}: {state.status}, {state.done:,} of {_requests(state.total)} done.")
        return state

    def _find(self, batch: OpenBatch) -> str | None:
        """Return the id of a batch in the ledger; None where it never began, or is to be forgotten."""
        try:
            if batch.batch.startswith(KEY_PREFIX):
                return self._patiently(lambda: self._batches.find(batch.batch))
            return self._patiently(lambda: self._batches.get(batch.batch)).id
        except (ModelUnusableError, ModelRefusedError) as exc:
            if self._run.retry_failed:
                return None
            raise ModelUnusableError(
                f"{exc} {counted(batch.requests, 'image waits', 'images wait')} for batch {batch.batch}: "
                "use the key and address it was sent with, or --retry-failed to ask about them again."
            ) from exc

    def _patiently(self, call: Callable[[], Result], *, found: Callable[[], Result | None] | None = None) -> Result:
        """Call until the endpoint answers; after an error, first look whether the call had its effect all the same."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ModelUnavailableError),
            stop=tenacity.stop_after_delay(_PATIENCE_S) | tenacity.stop_when_event_set(self._run.stop),
            wait=tenacity.wait_random_exponential(max=_LONGEST_WAIT_S),
            sleep=tenacity.sleep_using_event(self._run.stop),
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                is_first = attempt.retry_state.attempt_number == 1
                before = None if is_first or found is None else found()
                return call() if before is None else before
        raise ModelUnavailableError("it was never sent")  # the loop above returns or raises


def _requests(number: int) -> str:
    return counted(number, "request", "requests")
