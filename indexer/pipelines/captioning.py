"""Caption one image, or one record, durably: claim it, ask, and commit what came back in the same breath."""

from collections.abc import Sequence
from dataclasses import replace

from indexer.catalog.store.requests import Claimed, RequestOutcome
from indexer.errors import ModelRefusedError, ModelUnavailableError, ModelUnusableError
from indexer.models import RETRIEVAL, Answer, Caption, Prompt, RequestId, Usage
from indexer.pipelines.asking import Asking, Hope, captioning
from indexer.pipelines.following import Following
from indexer.pipelines.jobs import Job, explain
from indexer.pipelines.ledger import REPEATED, Ledger
from indexer.pipelines.outcomes import Outcome, Status, joined
from indexer.pipelines.run import Run


class Captioning:
    """The captioner's stage of one run; `caption` is called from many threads."""

    def __init__(self, run: Run, asking: Asking, following: Following | None = None) -> None:
        self._run = run
        self._following = following or Following(run)
        self._ledger = Ledger(run)
        self._asking = asking
        self._asked: set[Claimed] = set()
        self._hope = Hope()

    def caption(self, job: Job) -> Job | Outcome:
        """Return what came of an image, or the job itself when another request for the image is open."""
        if self._run.stop.is_set():
            return Outcome(location=job.found.location, status="left")
        if not self._run.captioner.is_paid:
            return self._ask_freely(job)
        most_usd = self.most_cost_usd(job)
        if not self._run.budget.reserve(most_usd, self._run.stop):
            return Outcome(location=job.found.location, status="left")
        cost_usd = 0.0
        outcome: Job | Outcome = job
        try:
            request_id = self.claim(job)
            if request_id is not None:
                outcome = self._ask(job, request_id)
            cost_usd = outcome.cost_usd(most_usd) if isinstance(outcome, Outcome) else 0.0
        finally:
            self._run.budget.settle(most_usd, cost_usd)
        return outcome

    def most_cost_usd(self, job: Job) -> float:
        """Return the most that a job can cost, a repair included, in USD; 0 where no budget asks for it."""
        if not self._run.budget.is_limited:
            return 0.0
        sizes = [(picture.width, picture.height) for picture in job.subject.pictures]
        return self._run.captioner.estimate(sizes, job.prompts, job.subject.question or "").most_cost_usd or 0.0

    def claim(self, job: Job) -> RequestId | None:
        """Open a request; None where nothing is to be asked, another is asking, or the prompt is not the live one."""
        # Tried again once a run, whatever its copies.
        request_id = self._ledger.claim(job, retry=self._run.retry_failed and job.claimed not in self._asked)
        if request_id is not None:
            self._asked.add(job.claimed)
        else:
            self._following.look()
        return request_id

    def follow(self) -> None:
        """Ask with another prompt from here on where another generation went live."""
        self._following.look()

    def keep(self, job: Job, request_id: RequestId, answer: Answer, tries: int = 1) -> Outcome:
        """Commit what a request brought; ask once more for what cannot be used, where that can be told."""
        bad = [caption for caption in answer.captions if caption.quarantine is not None]
        can_mend = job.subject.picture is not None and self._run.captioner.kinds is None
        can_mend = can_mend and not self._following.has_replaced(job)  # the answer would be of no use
        if bad and can_mend:
            repair_id = self._ledger.open_repair(_only(job, bad))
            good = [caption for caption in answer.captions if caption.quarantine is None]
            self._ledger.store_answer(job, good, request_id, answer.usage, tries)
            first = Outcome(location=job.found.location, status="left", requests=tries, usage=answer.usage)
            if good:
                self._hope.win()
            return joined(first, self._repair(_only(job, bad), repair_id, bad, is_hopeful=bool(good)))
        first = self._settle(job, answer.captions, request_id, answer.usage, tries)
        if bad or not first.quarantined or not can_mend:
            return first
        said = [replace(caption, quarantine=REPEATED) for caption in answer.captions if caption.kind == RETRIEVAL]
        repair_id = self._ledger.open_repair(_only(job, said))
        return joined(first, self._repair(_only(job, said), repair_id, said))

    def give_up(self, job: Job, request_id: RequestId, outcome: RequestOutcome, reason: str, tries: int = 1) -> Outcome:
        """Record that a request brought no caption, as a failure."""
        # While nothing was ever answered, it may be the endpoint that is at fault: the next run tries again.
        failed = self._ledger.refuse(job, reason, retryable=outcome == "unavailable" or not self._hope.has_won)
        self.close(request_id, outcome, tries)
        self._hope.lose(reason, is_down=outcome == "unavailable")
        return replace(failed, requests=tries)

    def ask_again(self, job: Job) -> None:
        """Let what brought no answer be asked about once more in this run."""
        self._asked.discard(job.claimed)

    def close(self, request_id: RequestId, outcome: RequestOutcome, tries: int = 1) -> None:
        """Complete a request that brought nothing."""
        self._ledger.close(request_id, outcome, tries)

    def _ask_freely(self, job: Job) -> Outcome:
        answer = self._run.captioner.caption(job.subject, job.prompts)
        if answer is None:
            return Outcome(location=job.found.location, status="uncaptioned")
        return self._settle(job, answer.captions)

    def _ask(self, job: Job, request_id: RequestId) -> Outcome:
        tries = self._asking.begin()
        try:
            answer = tries.ask(captioning(self._run.captioner, job.subject, job.prompts))
        except ModelRefusedError as exc:
            return replace(self.give_up(job, request_id, "refused", str(exc), tries.count), error=exc)
        except ModelUnavailableError as exc:
            if self._run.stop.is_set():
                self.close(request_id, "unavailable", tries.count)
                return Outcome(location=job.found.location, status="left", requests=tries.count)
            return replace(self.give_up(job, request_id, "unavailable", str(exc), tries.count), error=exc)
        except ModelUnusableError:
            self.close(request_id, "unavailable", tries.count)
            raise
        return self.keep(job, request_id, answer, tries.count)

    def _repair(self, job: Job, request_id: RequestId, bad: Sequence[Caption], *, is_hopeful: bool = False) -> Outcome:
        """Ask once more, saying what was wrong; what is still of no use is quarantined.

        `is_hopeful` where other captions of the image are good: then the endpoint is.
        """
        tries = self._asking.begin()
        captions, usage = bad, Usage()
        try:
            complaint = bad[0].quarantine
            answer = tries.ask(captioning(self._run.captioner, job.subject, job.prompts, complaint=complaint))
            captions, usage = answer.captions, answer.usage
        except (ModelRefusedError, ModelUnavailableError):
            # The first answer stands, with its reason; but not where the run was stopped before the second could come.
            if self._run.stop.is_set():
                self.close(request_id, "unavailable", tries.count)
                return Outcome(location=job.found.location, status="left", requests=tries.count)
        except ModelUnusableError:
            self.close(request_id, "unavailable", tries.count)
            raise
        return self._settle(job, captions, request_id, usage, tries.count, is_hopeful=is_hopeful)

    def _settle(
        self,
        job: Job,
        captions: Sequence[Caption],
        request_id: RequestId | None = None,
        usage: Usage | None = None,
        tries: int = 0,
        *,
        is_hopeful: bool = False,
    ) -> Outcome:
        """Commit the last word on an image: captions that serve, and quarantined ones as a failure."""
        bad = [caption for caption in captions if caption.quarantine]
        reason = bad[0].quarantine if bad else None
        if reason is not None:  # noted before the request is closed: killed in between, it would be known and silent
            self._ledger.record_failure(_only(job, bad), reason, retryable=False, quarantined=True)
        changed = self._ledger.store_answer(job, captions, request_id, usage, tries)
        # One plain sentence may well fit unlike images: only what prompts ask for is suspect when it repeats.
        undone = self._ledger.quarantine_repeats(job) if reason is None and self._run.captioner.kinds is None else {}
        if (reason is None or _is_servable(captions)) and job.image_id not in undone:
            self._hope.win()
            status: Status = "captioned" if changed or request_id is not None else "known"
            outcome = Outcome(location=job.found.location, status=status, image_id=job.image_id)
        else:
            if not is_hopeful:
                self._hope.lose(reason or REPEATED)
            outcome = explain(self._run.store, job.claimed, job.found.location)
            if outcome.status == "known":  # an older caption serves on
                outcome = replace(outcome, reason=reason or REPEATED)
        others = sum(undone.values()) - undone.get(job.image_id, False)
        return replace(outcome, requests=tries, usage=usage or Usage(), undone=others)


def _is_servable(captions: Sequence[Caption]) -> bool:
    return any(caption.kind == RETRIEVAL and caption.quarantine is None for caption in captions)


def _only(job: Job, captions: Sequence[Caption]) -> Job:
    """Return the job with the prompts that these captions answer."""
    kinds = {caption.kind for caption in captions}
    prompts: list[Prompt] = [prompt for prompt in job.prompts if prompt.kind in kinds]
    return replace(job, prompts=tuple(prompts))
