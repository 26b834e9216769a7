"""Caption one image durably: claim it, ask, and commit what came back in the same breath."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import TypeVar

from indexer.captioning.captioner import Captioner
from indexer.catalog.store import Store
from indexer.catalog.store.failures import NewFailure
from indexer.catalog.store.requests import RequestOutcome
from indexer.errors import CaptionerUnavailableError, CaptionerUnusableError, CaptionRefusedError
from indexer.models import Answer, Caption, ImageId, Prompt, PromptId, RequestId, RunId, Usage
from indexer.pipelines.asking import Asking, Hope
from indexer.pipelines.outcomes import Outcome, Status
from indexer.pipelines.preparing import Job, explain
from indexer.pipelines.spending import Budget

Number = TypeVar("Number", int, float)


class Captioning:
    """The captioner's stage of one run; `caption` is called from many threads."""

    def __init__(
        self,
        *,
        store: Store,
        captioner: Captioner,
        asking: Asking,
        budget: Budget,
        run_id: RunId,
        retry_failed: bool,
        stop: Event,
    ) -> None:
        self._store = store
        self._captioner = captioner
        self._asking = asking
        self._budget = budget
        self._run_id = run_id
        self._retry_failed = retry_failed
        self._stop = stop
        self._asked: set[ImageId] = set()
        self._hope = Hope()

    def caption(self, job: Job) -> Job | Outcome:
        """Return what came of an image, or the job itself when another request for the image is open."""
        if self._stop.is_set():
            return Outcome(location=job.found.location, status="left")
        if not self._captioner.is_paid:
            return self._ask_freely(job)
        most_usd = self.most_cost_usd(job)
        if not self._budget.reserve(most_usd, self._stop):
            return Outcome(location=job.found.location, status="left")
        cost_usd = 0.0
        outcome: Job | Outcome = job
        try:
            request_id = self.claim(job)
            if request_id is not None:
                outcome = self._ask(job, request_id)
            cost_usd = (outcome.usage.cost_usd or 0.0) if isinstance(outcome, Outcome) else 0.0
        finally:
            self._budget.settle(most_usd, cost_usd)
        return outcome

    def most_cost_usd(self, job: Job) -> float:
        """Return the most that a job can cost, a repair included, in USD; 0 where no budget asks for it."""
        if not self._budget.is_limited:
            return 0.0
        pictures = [picture for picture in (job.subject.picture, *job.subject.more_pictures) if picture is not None]
        sizes = [(picture.width, picture.height) for picture in pictures]
        return self._captioner.estimate(sizes, job.prompts, job.subject.question or "").most_cost_usd or 0.0

    def claim(self, job: Job) -> RequestId | None:
        """Open a request for an image in the ledger; None where there is nothing to ask, or another is asking."""
        request_id = self._store.requests.claim_request(
            self._run_id,
            job.image_id,
            _ids(job.prompts),
            captioner=self._captioner.name,
            model=self._captioner.model,
            retry=self._retry_failed and job.image_id not in self._asked,  # once a run, whatever its copies
        )
        if request_id is not None:
            self._asked.add(job.image_id)
        return request_id

    def _ask_freely(self, job: Job) -> Outcome:
        answer = self._captioner.caption(job.subject, job.prompts)
        if answer is None:
            return Outcome(location=job.found.location, status="uncaptioned")
        changed = self._store_answer(job, answer.captions)
        status: Status = "captioned" if changed else "known"
        return Outcome(location=job.found.location, status=status, image_id=job.image_id)

    def _ask(self, job: Job, request_id: RequestId) -> Outcome:
        tries = self._asking.begin()
        try:
            answer = tries.ask(self._captioner, job.subject, job.prompts)
        except CaptionRefusedError as exc:
            return self.give_up(job, request_id, "refused", str(exc), tries.count)
        except CaptionerUnavailableError as exc:
            if self._stop.is_set():
                self.close(request_id, "unavailable", tries.count)
                return Outcome(location=job.found.location, status="left", requests=tries.count)
            return self.give_up(job, request_id, "unavailable", str(exc), tries.count)
        except CaptionerUnusableError:
            self.close(request_id, "unavailable", tries.count)
            raise
        return self.keep(job, request_id, answer, tries.count)

    def keep(self, job: Job, request_id: RequestId, answer: Answer, tries: int = 1) -> Outcome:
        """Commit what a request brought; ask once more for what cannot be used, where the picture is at hand."""
        good = [caption for caption in answer.captions if caption.quarantine is None]
        bad = [caption for caption in answer.captions if caption.quarantine is not None]
        if not bad or job.subject.picture is None:
            return self._settle(job, request_id, answer.captions, answer.usage, tries)
        prompts = tuple(prompt for prompt in job.prompts if any(caption.kind == prompt.kind for caption in bad))
        repair_id = self._store.requests.open_repair(
            self._run_id,
            job.image_id,
            _ids(prompts),
            captioner=self._captioner.name,
            model=self._captioner.model,
        )
        self._store_answer(job, good, request_id, answer.usage, tries)
        outcome = self._repair(replace(job, prompts=prompts), repair_id, bad)
        return replace(outcome, requests=outcome.requests + tries, usage=_sum(answer.usage, outcome.usage))

    def _repair(self, job: Job, request_id: RequestId, bad: Sequence[Caption]) -> Outcome:
        """Ask once more, saying what was wrong; what is still of no use is quarantined."""
        tries = self._asking.begin()
        captions, usage = bad, Usage()
        try:
            answer = tries.ask(self._captioner, job.subject, job.prompts, complaint=bad[0].quarantine)
            captions, usage = answer.captions, answer.usage
        except (CaptionRefusedError, CaptionerUnavailableError):
            # The first answer stands, with its reason; but not where the run was stopped before the second could come.
            if self._stop.is_set():
                self.close(request_id, "unavailable", tries.count)
                return Outcome(location=job.found.location, status="left", requests=tries.count)
        except CaptionerUnusableError:
            self.close(request_id, "unavailable", tries.count)
            raise
        return self._settle(job, request_id, captions, usage, tries.count)

    def _settle(
        self, job: Job, request_id: RequestId, captions: Sequence[Caption], usage: Usage, tries: int
    ) -> Outcome:
        """Commit the last word on a request: captions that serve, and quarantined ones as a failure."""
        reason = next((caption.quarantine for caption in captions if caption.quarantine), None)
        if reason is not None:  # noted before the request is closed: killed in between, it would be known and silent
            self._record(job, reason, retryable=False, quarantined=True)
        self._store_answer(job, captions, request_id, usage, tries)
        if reason is None:
            self._hope.win()
            outcome = Outcome(location=job.found.location, status="captioned", image_id=job.image_id)
        else:
            self._hope.lose(reason)
            outcome = explain(self._store, job.image_id, job.found.location)
        return replace(outcome, requests=tries, usage=usage)

    def give_up(self, job: Job, request_id: RequestId, outcome: RequestOutcome, reason: str, tries: int = 1) -> Outcome:
        """Record that a request brought no caption, as its image's failure."""
        # While nothing was ever answered, it may be the endpoint that is at fault: the next run tries again.
        self._record(job, reason, retryable=outcome == "unavailable" or not self._hope.has_won)
        self.close(request_id, outcome, tries)
        self._hope.lose(reason, is_down=outcome == "unavailable")
        return Outcome(location=job.found.location, status="failed", reason=reason, requests=tries)

    def _store_answer(
        self,
        job: Job,
        captions: Sequence[Caption],
        request_id: RequestId | None = None,
        usage: Usage | None = None,
        attempts: int = 1,
    ) -> bool:
        return self._store.captions.store_answer(
            job.image_id,
            Answer(captions=tuple(captions), usage=usage or Usage()),
            captioner=self._captioner.name,
            model=self._captioner.model,
            max_edge=max(picture.width, picture.height) if (picture := job.subject.picture) else None,
            request_id=request_id,
            attempts=attempts,
        )

    def close(self, request_id: RequestId, outcome: RequestOutcome, attempts: int = 1) -> None:
        """Complete a request that brought nothing."""
        self._store.requests.close_request(request_id, outcome, attempts=attempts, usage=Usage())

    def _record(self, job: Job, reason: str, *, retryable: bool, quarantined: bool = False) -> None:
        failure = NewFailure(
            location=job.found.location,
            stage="caption",
            reason=reason,
            retryable=retryable,
            quarantined=quarantined,
            captioner=self._captioner.name,
            model=self._captioner.model,
            image_id=job.image_id,
            size_bytes=job.found.size_bytes,
            modified_ns=job.found.modified_ns,
        )
        self._store.failures.record_failure(self._run_id, failure)


def _ids(prompts: Sequence[Prompt]) -> list[PromptId]:
    return [prompt.id for prompt in prompts if prompt.id is not None]


def _sum(first: Usage, second: Usage) -> Usage:
    """Add two answers' tokens and cost; unknown counts as nothing where the other is known."""
    return Usage(
        input_tokens=_plus(first.input_tokens, second.input_tokens),
        output_tokens=_plus(first.output_tokens, second.output_tokens),
        cost_usd=_plus(first.cost_usd, second.cost_usd),
    )


def _plus(first: Number | None, second: Number | None) -> Number | None:
    return second if first is None else first if second is None else first + second
