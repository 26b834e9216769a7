"""What one captioner's calls are entered in, and where their answers go: an image's, or a record's."""

from collections.abc import Sequence

from indexer.catalog.store.failures import NewFailure
from indexer.catalog.store.records import Asked
from indexer.catalog.store.requests import RequestOutcome
from indexer.imaging.hashing import count_unlike
from indexer.models import Answer, Caption, FoundFile, ImageId, RequestId, Usage, ids_of
from indexer.pipelines.jobs import Job
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.run import Run

REPEATED = "the reply is the same as for several unlike images"
# So many unlike images with the very same reply: it is about none of them.
_MOST_REPEATS = 5


class Ledger:
    """The ledger of one run; safe to share by threads."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def claim(self, job: Job, *, retry: bool) -> RequestId | None:
        """Open a request before it is sent; None when somebody else is asking, or nothing is to be asked."""
        captioner, model = self._run.captioner.name, self._run.captioner.model
        if job.record_id is not None:
            kinds = [prompt.kind for prompt in job.prompts]
            asked = Asked(kinds=kinds, captioner=captioner, model=model, retry=retry)
            return self._run.store.records.claim_record(self._run.id, job.record_id, asked)
        return self._run.store.requests.claim_request(
            self._run.id,
            job.image_id,
            ids_of(job.prompts),
            captioner=captioner,
            model=model,
            retry=retry,
            renew=self._run.renew,
        )

    def open_repair(self, job: Job) -> RequestId:
        """Open a second request while the first is still open."""
        return self._run.store.requests.open_request(
            self._run.id,
            job.image_id,
            ids_of(job.prompts) if job.record_id is None else [],
            captioner=self._run.captioner.name,
            model=self._run.captioner.model,
            record_id=job.record_id,
            renew=self._run.renew,
        )

    def store_answer(
        self,
        job: Job,
        captions: Sequence[Caption],
        request_id: RequestId | None = None,
        usage: Usage | None = None,
        attempts: int = 1,
    ) -> bool:
        """Keep captions and complete their request; tell whether a servable caption is new or changed."""
        answer = Answer(captions=tuple(captions), usage=usage or Usage())
        captioner = self._run.captioner
        if job.record_id is not None:
            self._run.store.records.store_answer(
                job.record_id,
                answer,
                captioner=captioner.name,
                model=captioner.model,
                rank=captioner.rank,
                max_edge=_edge(job),
                request_id=request_id,
                attempts=attempts,
            )
            return True
        return self._run.store.captions.store_answer(
            job.image_id,
            answer,
            captioner=captioner.name,
            model=captioner.model,
            max_edge=_edge(job),
            request_id=request_id,
            attempts=attempts,
            renewal=self._run.renew,
        )

    def quarantine_repeats(self, job: Job) -> dict[ImageId, bool]:
        """Quarantine a reply that was given for several unlike images, wherever it was.

        Return the images that served until now, and whether they were captioned in this run. It is looked for after the
        reply is committed: of replies that come at the same moment, the last sees all.
        """
        if job.record_id is not None:
            return {}
        named, prompt_ids = (
            {"captioner": self._run.captioner.name, "model": self._run.captioner.model},
            ids_of(job.prompts),
        )
        hashes = self._run.store.captions.find_repeats(job.image_id, prompt_ids, **named)
        if len(hashes) < _MOST_REPEATS or count_unlike([seen for seen in hashes if seen is not None]) < _MOST_REPEATS:
            return {}
        return self._run.store.captions.quarantine_repeats(job.image_id, prompt_ids, self._run.id, REPEATED, **named)

    def close(self, request_id: RequestId, outcome: RequestOutcome, attempts: int) -> None:
        """Complete a request that brought no caption."""
        self._run.store.requests.close_request(request_id, outcome, attempts=attempts, usage=Usage())

    def refuse(self, job: Job, reason: str, *, retryable: bool) -> Outcome:
        """Note that no answer came; a record that is not to be asked again keeps the reason itself.

        Its failure is told at a line, which may be another record's tomorrow.
        """
        for_good = job.record_id is not None and not retryable
        self.record_failure(job, reason, retryable=retryable, quarantined=for_good)
        if for_good:
            self.store_answer(job, [Caption(kind=p.kind, sentences=(), quarantine=reason) for p in job.prompts])
        return Outcome(
            location=job.found.location, status="failed", reason=reason, quarantined=for_good, image_id=job.image_id
        )

    def record_failure(self, job: Job, reason: str, *, retryable: bool, quarantined: bool = False) -> None:
        """Remember where a job was found, and why it could not be done."""
        file = job.found if isinstance(job.found, FoundFile) else None
        failure = NewFailure(
            location=job.found.location,
            stage="caption",
            reason=reason,
            retryable=retryable,
            quarantined=quarantined,
            captioner=self._run.captioner.name,
            model=self._run.captioner.model,
            prompt_ids=ids_of(job.prompts) if job.record_id is None else None,
            image_id=job.image_id if job.record_id is None else None,
            record_id=job.record_id,
            size_bytes=file.size_bytes if file else None,
            modified_ns=file.modified_ns if file else None,
        )
        self._run.store.failures.record_failure(self._run.id, failure)


def _edge(job: Job) -> int | None:
    """Return the longest side of the pictures that were sent, in pixels."""
    return max((max(picture.width, picture.height) for picture in job.subject.pictures), default=None)
