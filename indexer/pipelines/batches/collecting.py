"""Collect a batch that has ended: commit its answers, and tell which images must be asked about again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.captioning.chat_requests import Dialect
from indexer.captioning.openai_batches import BatchResult, BatchState, read_results
from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.catalog.store.requests import BatchedRequest
from indexer.errors import BadImageError, ModelUnavailableError, ModelUnusableError
from indexer.models import Answer, FoundFile, ImageId, Prompt, PromptId, RequestId, Subject
from indexer.pipelines.captioning import Captioning
from indexer.pipelines.jobs import Job, read_for
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.run import Run
from indexer.pricing import BATCH_SHARE

_OK, _TOO_MANY, _SERVER_FAULT = 200, 429, 500
_ABOUT_BODY = (400, 422)
_LONGEST_ID = 19  # digits that a bigint surely holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A request without an answer that may have one yet; `is_dialect` when another way of asking was learnt."""

    job: Job
    reason: str
    is_dialect: bool = False


class Collecting:
    """Takes results in, once each: a request that was closed before is passed over."""

    def __init__(self, run: Run, captioner: OpenAICaptioner, captioning: Captioning) -> None:
        self._store = run.store
        self._captioner = captioner
        self._captioning = captioning
        self._prompts: dict[PromptId, Prompt] = {}

    def collect(
        self, file: Path, state: BatchState, *, may_repair: bool
    ) -> Iterator[tuple[Outcome | Unanswered, RequestId]]:
        """Yield what came of each request of a batch with a line in this file of its results."""
        for result in read_results(file):
            request = self._find(result.custom_id, state.id)
            if request is not None:
                yield self._settle(request, result, state.dialect, may_repair=may_repair), request.request_id

    def find_unanswered(self, batch: str) -> Iterator[tuple[Unanswered, RequestId]]:
        """Yield the requests of a batch that had no line in its results."""
        for request in self._store.requests.find_uncollected(batch):
            job = self.job_of(request.image_id, [self._prompt(prompt_id) for prompt_id in request.prompt_ids])
            yield Unanswered(job=job, reason="the batch's results have no line for it"), request.request_id

    def job_of(self, image_id: ImageId, prompts: Sequence[Prompt] = ()) -> Job:
        """Return an image as the catalogue knows it, without its picture."""
        image = self._store.images.get_image(image_id)
        location = image.locations[0] if image.locations else f"image {image_id}"
        found = FoundFile(
            path=Path(location),
            location=location,
            relative_path=image.relative_paths[0] if image.relative_paths else location,
            size_bytes=image.size_bytes,
            modified_ns=image.modified_ns[0] if image.modified_ns else 0,
        )
        subject = Subject(sha256=image.sha256, location=location, relative_path=found.relative_path)
        return Job(image_id=image_id, found=found, subject=subject, prompts=tuple(prompts))

    def _find(self, custom_id: str, batch: str) -> BatchedRequest | None:
        if not (custom_id.isascii() and custom_id.isdecimal() and len(custom_id) < _LONGEST_ID):
            return None
        return self._store.requests.get_batched(RequestId(int(custom_id)), batch)

    def _settle(
        self, request: BatchedRequest, result: BatchResult, dialect: Dialect, *, may_repair: bool
    ) -> Outcome | Unanswered:
        prompts = [self._prompt(prompt_id) for prompt_id in request.prompt_ids]
        job, reason = self.job_of(request.image_id, prompts), result.reason
        if result.status == _OK:
            try:
                answer = self._captioner.read_answer(result.body, prompts, dialect=dialect, price_share=BATCH_SHARE)
            except (ModelUnavailableError, ModelUnusableError) as exc:
                reason = str(exc)
            else:
                asked = self._with_picture(job, answer) if may_repair else job
                return self._captioning.keep(asked, request.request_id, answer)
        elif result.status in _ABOUT_BODY and self._captioner.learn(dialect, reason):
            return Unanswered(job=job, reason=reason, is_dialect=True)
        elif result.status is not None and result.status < _SERVER_FAULT and result.status != _TOO_MANY:
            return self._captioning.give_up(job, request.request_id, "refused", f"{reason} (HTTP {result.status})")
        return Unanswered(job=job, reason=reason)

    def _with_picture(self, job: Job, answer: Answer) -> Job:
        """Add the picture where the answer needs a repair and the file is still the same."""
        if all(caption.quarantine is None for caption in answer.captions) or not isinstance(job.found, FoundFile):
            return job
        try:
            read = read_for(self._captioner, job.found)
        except BadImageError:
            return job
        is_same = read.facts.sha256 == job.subject.sha256
        return replace(job, subject=replace(job.subject, picture=read.picture)) if is_same else job

    def _prompt(self, prompt_id: PromptId) -> Prompt:
        if prompt_id not in self._prompts:
            self._prompts[prompt_id] = self._store.prompts.get_prompt(prompt_id)
        return self._prompts[prompt_id]
