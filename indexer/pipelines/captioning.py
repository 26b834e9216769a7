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
from indexer.imaging.hashing import count_unlike
from indexer.models import RETRIEVAL, Answer, Caption, ImageId, Prompt, PromptId, RequestId, RunId, Usage
from indexer.pipelines.asking import Asking, Hope
from indexer.pipelines.outcomes import Outcome, Status
from indexer.pipelines.preparing import Job, explain
from indexer.pipelines.spending import Budget

# So many unlike images with the very same reply: it is about none of them.
_MOST_REPEATS = 5
_REPEATED = "the reply is the same as for several unlike images"

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
        bad = [caption for caption in answer.captions if caption.quarantine is not None]
        if bad and job.subject.picture is not None:
            repair_id = self._open_repair(job, bad)
            good = [caption for caption in answer.captions if caption.quarantine is None]
            self._store_answer(job, good, request_id, answer.usage, tries)
            first = Outcome(location=job.found.location, status="left", requests=tries, usage=answer.usage)
            return _joined(first, self._repair(job, repair_id, bad))
        first = self._settle(job, request_id, answer.captions, answer.usage, tries)
        if bad or not first.quarantined or job.subject.picture is None:
            return first
        said = [replace(caption, quarantine=_REPEATED) for caption in answer.captions if caption.kind == RETRIEVAL]
        return _joined(first, self._repair(job, self._open_repair(job, said), said))

    def _open_repair(self, job: Job, bad: Sequence[Caption]) -> RequestId:
        return self._store.requests.open_repair(
            self._run_id,
            job.image_id,
            _ids(_prompts_of(job, bad)),
            captioner=self._captioner.name,
            model=self._captioner.model,
        )

    def _repair(self, job: Job, request_id: RequestId, bad: Sequence[Caption]) -> Outcome:
        """Ask once more, saying what was wrong; what is still of no use is quarantined."""
        tries = self._asking.begin()
        captions, usage = bad, Usage()
        prompts = _prompts_of(job, bad)
        try:
            answer = tries.ask(self._captioner, job.subject, prompts, complaint=bad[0].quarantine)
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
        undone = self._quarantine_repeats(job) if reason is None else {}
        if reason is None and job.image_id not in undone:
            self._hope.win()
            outcome = Outcome(location=job.found.location, status="captioned", image_id=job.image_id)
        else:
            self._hope.lose(reason or _REPEATED)
            outcome = explain(self._store, job.image_id, job.found.location)
        in_this_run = sum(undone.values()) - undone.get(job.image_id, False)
        return replace(outcome, requests=tries, usage=usage, undone=in_this_run)

    def _quarantine_repeats(self, job: Job) -> dict[ImageId, bool]:
        """Quarantine a reply that was given for several unlike images, wherever it was; return whom that concerns now.

        It is asked after the reply is committed: of replies that come at the same moment, the last sees all.
        """
        named = {"captioner": self._captioner.name, "model": self._captioner.model}
        hashes = self._store.captions.find_repeats(job.image_id, **named)
        if len(hashes) < _MOST_REPEATS or count_unlike([seen for seen in hashes if seen is not None]) < _MOST_REPEATS:
            return {}
        return self._store.captions.quarantine_repeats(job.image_id, self._run_id, _REPEATED, **named)

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


def _prompts_of(job: Job, captions: Sequence[Caption]) -> tuple[Prompt, ...]:
    return tuple(prompt for prompt in job.prompts if any(caption.kind == prompt.kind for caption in captions))


def _joined(first: Outcome, second: Outcome) -> Outcome:
    """Return what a second request made of a first one's outcome, both paid."""
    return replace(
        second,
        requests=first.requests + second.requests,
        usage=_sum(first.usage, second.usage),
        undone=first.undone + second.undone,
    )


def _sum(first: Usage, second: Usage) -> Usage:
    """Add two answers' tokens and cost; unknown counts as nothing where the other is known."""
    return Usage(
        input_tokens=_plus(first.input_tokens, second.input_tokens),
        output_tokens=_plus(first.output_tokens, second.output_tokens),
        cost_usd=_plus(first.cost_usd, second.cost_usd),
    )


def _plus(first: Number | None, second: Number | None) -> Number | None:
    return second if first is None else first if second is None else first + second
