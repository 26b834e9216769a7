"""Caption one image durably: claim it, ask, and commit what came back in the same breath."""

import threading
from collections.abc import Callable, Sequence
from threading import Event

import tenacity

from indexer.captioning.captioner import Captioner
from indexer.catalog.store import Store
from indexer.catalog.store.requests import Outcome as RequestOutcome
from indexer.errors import CaptionerUnavailableError, CaptionerUnusableError, CaptionRefusedError
from indexer.models import Answer, Prompt, RequestId, RunId, Usage
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.preparing import Job

_TRIES = 6
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
# So many images in a row that brought nothing, and not one that did: the endpoint is not fit, the images are.
_HOPELESS = 20


class Captioning:
    """The captioner's stage of one run; `caption` is called from many threads."""

    def __init__(
        self,
        *,
        store: Store,
        captioner: Captioner,
        prompts: Sequence[Prompt],
        run_id: RunId,
        retry_failed: bool,
        stop: Event,
    ) -> None:
        self._store = store
        self._captioner = captioner
        self._prompts = prompts
        self._run_id = run_id
        self._retry_failed = retry_failed
        self._stop = stop
        self._hope = _Hope()

    def caption(self, job: Job) -> Job | Outcome:
        """Return what came of an image, or the job itself when another request for the image is open."""
        if self._stop.is_set():
            return Outcome(uri=job.found.uri, status="left")
        if not self._captioner.is_paid:
            return self._ask_freely(job)
        request_id = self._store.requests.claim_request(
            self._run_id,
            job.image_id,
            [prompt.id for prompt in self._prompts if prompt.id is not None],
            captioner=self._captioner.name,
            model=self._captioner.model,
            retry=self._retry_failed,
        )
        return job if request_id is None else self._ask(job, request_id)

    def _ask_freely(self, job: Job) -> Outcome:
        answer = self._captioner.caption(job.subject, self._prompts)
        if answer is None:
            return Outcome(uri=job.found.uri, status="uncaptioned")
        changed = self._store_answer(job, answer, None)
        return Outcome(uri=job.found.uri, status="captioned" if changed else "known")

    def _ask(self, job: Job, request_id: RequestId) -> Outcome:
        tries = _Tries(self._stop)
        try:
            answer = tries.call(lambda: self._captioner.caption(job.subject, self._prompts))
        except CaptionRefusedError as exc:
            self._hope.lose(exc)
            return self._give_up(job, request_id, "refused", str(exc), tries.count)
        except CaptionerUnavailableError as exc:
            if self._stop.is_set():
                self._close(request_id, "unavailable", tries.count)
                return Outcome(uri=job.found.uri, status="left", requests=tries.count)
            self._hope.lose(exc)
            return self._give_up(job, request_id, "unavailable", str(exc), tries.count)
        except CaptionerUnusableError:
            self._close(request_id, "unavailable", tries.count)
            raise
        self._hope.win()
        return self._keep(job, request_id, answer, tries.count)

    def _keep(self, job: Job, request_id: RequestId, answer: Answer | None, tries: int) -> Outcome:
        if answer is None:
            self._close(request_id, "unusable", tries)
            return Outcome(uri=job.found.uri, status="uncaptioned", requests=tries)
        self._store_answer(job, answer, request_id)
        reasons = [caption.quarantine for caption in answer.captions if caption.quarantine]
        if reasons:
            self._record(job, reasons[0], retryable=False, quarantined=True)
            return Outcome(
                uri=job.found.uri,
                status="failed",
                reason=reasons[0],
                quarantined=True,
                requests=tries,
                usage=answer.usage,
            )
        return Outcome(uri=job.found.uri, status="captioned", requests=tries, usage=answer.usage)

    def _give_up(self, job: Job, request_id: RequestId, outcome: RequestOutcome, reason: str, tries: int) -> Outcome:
        self._record(job, reason, retryable=outcome == "unavailable")
        self._close(request_id, outcome, tries)
        return Outcome(uri=job.found.uri, status="failed", reason=reason, requests=tries)

    def _store_answer(self, job: Job, answer: Answer, request_id: RequestId | None) -> bool:
        return self._store.captions.store_answer(
            job.image_id,
            answer,
            captioner=self._captioner.name,
            model=self._captioner.model,
            max_edge=self._captioner.max_edge,
            request_id=request_id,
        )

    def _close(self, request_id: RequestId, outcome: RequestOutcome, attempts: int) -> None:
        self._store.requests.close_request(request_id, outcome, attempts=attempts, usage=Usage())

    def _record(self, job: Job, reason: str, *, retryable: bool, quarantined: bool = False) -> None:
        self._store.failures.record_failure(
            self._run_id,
            job.found.uri,
            stage="caption",
            reason=reason,
            retryable=retryable,
            quarantined=quarantined,
            image_id=job.image_id,
            size_bytes=job.found.size_bytes,
            modified_ns=job.found.modified_ns,
        )


class _Tries:
    """One call, sent again while the endpoint is unavailable; waits end at once when the run is stopped."""

    def __init__(self, stop: Event) -> None:
        self.count = 0
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(CaptionerUnavailableError),
            stop=tenacity.stop_any(tenacity.stop_after_attempt(_TRIES), tenacity.stop_when_event_set(stop)),
            wait=_wait_as_asked,
            sleep=tenacity.sleep_using_event(stop),
            reraise=True,
        )

    def call(self, ask: Callable[[], Answer | None]) -> Answer | None:
        """Return the first answer; raises what the last try raised."""
        for attempt in self._retrying:
            with attempt:
                self.count += 1
                return ask()
        raise CaptionerUnavailableError("it was never sent")  # the loop above returns or raises


class _Hope:
    """Notices that an endpoint answers no image at all."""

    def __init__(self) -> None:
        self._lost = 0
        self._won = False
        self._counting = threading.Lock()

    def win(self) -> None:
        """Note an answer."""
        self._won = True

    def lose(self, error: Exception) -> None:
        """Note an image without an answer; raises CaptionerUnusableError when there has been nothing else."""
        with self._counting:
            self._lost += 1
            if self._lost >= _HOPELESS and not self._won:
                raise CaptionerUnusableError(f"The first {self._lost} images all failed: {error}.") from error


def _wait_as_asked(state: tenacity.RetryCallState) -> float:
    """Return what Retry-After asks for, else an exponential wait with full jitter, in seconds."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, CaptionerUnavailableError) and error.retry_after_s is not None:
        return min(error.retry_after_s, _LONGEST_WAIT_S * 4)
    return float(tenacity.wait_random_exponential(multiplier=_FIRST_WAIT_S, max=_LONGEST_WAIT_S)(state))
