"""From a found file to a subject that can be captioned: skip what is known, read, register."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from indexer.catalog.store.failures import NewFailure, StandingFailure
from indexer.catalog.store.images import KnownLocation, Registered, Wanted
from indexer.errors import BadImageError
from indexer.imaging.reading import ReadImage
from indexer.models import Found, FoundFile, FoundRecord, Subject, ids_of
from indexer.pipelines.following import Following
from indexer.pipelines.jobs import Job, explain, is_storable, is_unchanged, read_for, register, subject_of
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.recording import Recording
from indexer.pipelines.run import Run

_CHUNK = 256


class Preparing:
    """The stages before the captioner, for one run."""

    def __init__(self, run: Run, following: Following | None = None) -> None:
        self._run = run
        self._following = following or Following(run)
        self._recording = Recording(run, self._following)

    @property
    def wanted(self) -> Wanted:
        """Return what the catalogue is asked for."""
        return self._following.wanted

    def sort_out(self, found: Iterable[Found]) -> Iterator[Found | Job | Outcome]:
        """Yield an outcome for what needs nothing, a job for each file that need not be read, and the others.

        Writes nothing.
        """
        items = iter(found)
        while not self._is_over() and (chunk := list(islice(items, _CHUNK))):
            self._following.look()
            files, records = self._recording.split(chunk)
            yield from self._sort_out_chunk(files)
            yield from self._recording.sort_out(records)
        yield from (Outcome(location=item.location, status="left") for item in items)

    def prepare(self, item: Found | Job) -> Job | Outcome:
        """Read and register one file or record; what is no usable image is an outcome, and remembered."""
        if isinstance(item, Job):
            return item
        if self._is_over():
            return Outcome(location=item.location, status="left")
        if isinstance(item, FoundRecord):
            return self._recording.prepare(item)
        if not is_storable(item.location):
            return self._refuse_name(item)
        try:
            read = read_for(self._run.captioner, item)
        except BadImageError as exc:
            return self._refuse(item, exc.reason, is_retryable=exc.is_retryable)
        return self.register(item, read)

    def again(self, job: Job) -> Job | Outcome:
        """Read and register once more what brought no answer."""
        return self.prepare(job.found)

    def register(self, file: FoundFile, read: ReadImage) -> Job | Outcome:
        """Register a file that was read; an image whose captions are all there is an outcome."""
        as_read = replace(file, size_bytes=read.facts.size_bytes, modified_ns=read.modified_ns)
        return self.take(as_read, read, register(self._run.store, as_read, read, self.wanted))

    def take(self, file: FoundFile, read: ReadImage, registered: Registered) -> Job | Outcome:
        """Return the job of an image that was read and registered; an outcome where its captions are all there."""
        if self._has_all(registered.captioned) and self._run.captioner.max_edge is not None:
            return self._settle(file, registered)
        lacking = tuple(prompt for prompt in self._following.prompts if prompt.kind not in registered.captioned)
        return Job(image_id=registered.image_id, found=file, subject=subject_of(file, read), prompts=lacking)

    def _sort_out_chunk(self, chunk: Sequence[FoundFile]) -> Iterator[FoundFile | Job | Outcome]:
        storable = [file for file in chunk if is_storable(file.location)]
        locations = [file.location for file in storable]
        known = self._run.store.images.find_known(locations, self.wanted)
        standing = {} if self._run.retry_failed else self._find_standing(locations)
        for file in chunk:
            before, failure = known.get(file.location), standing.get(file.location)
            if failure is not None and is_unchanged(file, failure):
                yield Outcome(
                    location=file.location, status="failed", reason=failure.reason, quarantined=failure.quarantined
                )
            elif before is None or not is_unchanged(file, before):
                yield file
            elif self._run.captioner.max_edge is None:
                subject = Subject(sha256=before.sha256, location=file.location, relative_path=file.relative_path)
                yield Job(image_id=before.image_id, found=file, subject=subject)
            elif self._has_all(before.captioned):
                yield self._settle(file, before)
            else:
                yield file

    def _settle(self, file: FoundFile, image: KnownLocation | Registered) -> Outcome:
        """Return what an image is whose captions are all there: known, or failed where none of them may serve."""
        if not image.serves:
            return explain(self._run.store, (image.image_id, None), file.location)
        return Outcome(location=file.location, status="known", image_id=image.image_id)

    def _find_standing(self, locations: Sequence[str]) -> dict[str, StandingFailure]:
        prompt_ids, captioner = ids_of(self._following.prompts), self._run.captioner
        return self._run.store.failures.find_standing(
            locations, prompt_ids, captioner=captioner.name, model=captioner.model
        )

    def _is_over(self) -> bool:
        return self._run.stop.is_set() or self._run.budget.is_exhausted

    def _has_all(self, captioned: Sequence[str]) -> bool:
        return set(captioned) >= set(self.wanted.kinds)

    def _refuse(self, file: FoundFile, reason: str, *, stage: str = "read", is_retryable: bool = False) -> Outcome:
        if file.named_at is not None:  # read again in every run, as lines are
            named = NewFailure(
                location=file.named_at, stage="record", reason=f"{file.relative_path}: {reason}", retryable=True
            )
            return self._fail(named)
        return self._fail(
            NewFailure(
                location=file.location,
                stage=stage,
                reason=reason,
                retryable=is_retryable,
                size_bytes=file.size_bytes,
                modified_ns=file.modified_ns,
            )
        )

    def _fail(self, failure: NewFailure) -> Outcome:
        self._run.store.failures.record_failure(self._run.id, failure)
        return Outcome(location=failure.location, status="failed", reason=failure.reason)

    def _refuse_name(self, file: FoundFile) -> Outcome:
        """Fail a file whose name is no text; Postgres, JSON and browsers could not carry it."""
        shown = replace(file, location=file.location.encode("utf-8", "backslashreplace").decode("utf-8"))
        return self._refuse(shown, "its name is not valid UTF-8; rename it", stage="find")
