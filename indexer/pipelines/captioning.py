"""Caption one image, or one record, durably: claim it, ask, and commit what came back in the same breath."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import TypeVar

from indexer.captioning.captioner import Captioner
from indexer.catalog.store import Store
from indexer.catalog.store.requests import Claimed, RequestOutcome
from indexer.errors import CaptionerUnavailableError, CaptionerUnusableError, CaptionRefusedError
from indexer.models import Answer, Caption, RequestId, RunId, Usage
from indexer.pipelines.asking import Asking, Hope
from indexer.pipelines.jobs import Job, explain
from indexer.pipelines.ledger import Ledger
from indexer.pipelines.outcomes import Outcome, Status
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
        self._ledger = Ledger(store, captioner, run_id)
        self._asking = asking
        self._budget = budget
        self._retry_failed = retry_failed
        self._stop = stop
        self._asked: set[Claimed] = set()
        self._hope = Hope()

    def caption(self, job: Job) -> Job | Outcome:
        """Return what came of an image, or the job itself when another request for the image is open."""
        if self._stop.is_set():
            return Outcome(location=job.found.location, status="left")
        if not self._captioner.is_paid:
            return self._ask_freely(job)
        most_usd = self._captioner.most_cost_usd(job.subject, job.prompts)
        if not self._budget.reserve(most_usd, self._stop):
            return Outcome(location=job.found.location, status="left")
        cost_usd = 0.0
        try:
            outcome = self._claim_and_ask(job)
            cost_usd = (outcome.usage.cost_usd or 0.0) if isinstance(outcome, Outcome) else 0.0
        finally:
            self._budget.settle(most_usd, cost_usd)
        return outcome

    def _claim_and_ask(self, job: Job) -> Job | Outcome:
        # Tried again once a run, whatever its copies.
        request_id = self._ledger.claim(job, retry=self._retry_failed and job.claimed not in self._asked)
        if request_id is None:
            return job
        self._asked.add(job.claimed)
        return self._ask(job, request_id)

    def _ask_freely(self, job: Job) -> Outcome:
        answer = self._captioner.caption(job.subject, job.prompts)
        if answer is None:
            return Outcome(location=job.found.location, status="uncaptioned")
        changed = self._ledger.store_answer(job, answer.captions)
        status: Status = "captioned" if changed else "known"
        return Outcome(location=job.found.location, status=status, image_id=job.image_id)

    def _ask(self, job: Job, request_id: RequestId) -> Outcome:
        tries = self._asking.begin()
        try:
            answer = tries.ask(self._captioner, job.subject, job.prompts)
        except CaptionRefusedError as exc:
            return self._give_up(job, request_id, "refused", str(exc), tries.count)
        except CaptionerUnavailableError as exc:
            if self._stop.is_set():
                self._ledger.close(request_id, "unavailable", tries.count)
                return Outcome(location=job.found.location, status="left", requests=tries.count)
            return self._give_up(job, request_id, "unavailable", str(exc), tries.count)
        except CaptionerUnusableError:
            self._ledger.close(request_id, "unavailable", tries.count)
            raise
        return self._keep(job, request_id, answer, tries.count)

    def _keep(self, job: Job, request_id: RequestId, answer: Answer, tries: int) -> Outcome:
        good = [caption for caption in answer.captions if caption.quarantine is None]
        bad = [caption for caption in answer.captions if caption.quarantine is not None]
        if not bad:
            self._ledger.store_answer(job, good, request_id, answer.usage, tries)
            self._hope.win()
            return Outcome(
                location=job.found.location,
                status="captioned",
                image_id=job.image_id,
                requests=tries,
                usage=answer.usage,
            )
        prompts = tuple(prompt for prompt in job.prompts if any(caption.kind == prompt.kind for caption in bad))
        unmended = replace(job, prompts=prompts)
        repair_id = self._ledger.open_repair(unmended)
        self._ledger.store_answer(job, good, request_id, answer.usage, tries)
        outcome = self._repair(unmended, repair_id, bad)
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
                self._ledger.close(request_id, "unavailable", tries.count)
                return Outcome(location=job.found.location, status="left", requests=tries.count)
        except CaptionerUnusableError:
            self._ledger.close(request_id, "unavailable", tries.count)
            raise
        reason = next((caption.quarantine for caption in captions if caption.quarantine), None)
        if reason is not None:  # noted before the request is closed: killed in between, it would be known and silent
            self._ledger.record_failure(job, reason, retryable=False, quarantined=True)
        self._ledger.store_answer(job, captions, request_id, usage, tries.count)
        if reason is None:
            self._hope.win()
            outcome = Outcome(location=job.found.location, status="captioned", image_id=job.image_id)
        else:
            self._hope.lose(reason)
            outcome = explain(self._store, job.claimed, job.found.location)
        return replace(outcome, requests=tries.count, usage=usage)

    def _give_up(self, job: Job, request_id: RequestId, outcome: RequestOutcome, reason: str, tries: int) -> Outcome:
        # While nothing was ever answered, it may be the endpoint that is at fault: the next run tries again.
        failed = self._ledger.refuse(job, reason, retryable=outcome == "unavailable" or not self._hope.has_won)
        self._ledger.close(request_id, outcome, tries)
        self._hope.lose(reason, is_down=outcome == "unavailable")
        return replace(failed, requests=tries)


def _sum(first: Usage, second: Usage) -> Usage:
    """Add two answers' tokens and cost; unknown counts as nothing where the other is known."""
    return Usage(
        input_tokens=_plus(first.input_tokens, second.input_tokens),
        output_tokens=_plus(first.output_tokens, second.output_tokens),
        cost_usd=_plus(first.cost_usd, second.cost_usd),
    )


def _plus(first: Number | None, second: Number | None) -> Number | None:
    return second if first is None else first if second is None else first + second
