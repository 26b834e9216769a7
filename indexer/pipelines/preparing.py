"""From a found file to a subject that can be captioned: skip what is known, read, register."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from threading import Event

from indexer.captioning.captioner import Captioner
from indexer.captioning.estimating import fit_picture
from indexer.catalog.store import Store
from indexer.catalog.store.failures import NewFailure, StandingFailure
from indexer.catalog.store.images import KnownLocation, Registered, Wanted
from indexer.errors import BadImageError
from indexer.imaging.reading import ReadImage, read_image
from indexer.models import RETRIEVAL, FoundFile, ImageId, Prompt, RunId, Subject
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.spending import Budget

_CHUNK = 256
# The rest of the file would have to be decoded for captioners that look at no picture; their facts need no more.
_SMALL_EDGE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A registered image that is to be captioned."""

    image_id: ImageId
    found: FoundFile
    subject: Subject
    prompts: tuple[Prompt, ...] = ()


class Preparing:
    """The stages before the captioner, for one run."""

    def __init__(
        self,
        *,
        store: Store,
        captioner: Captioner,
        prompts: Sequence[Prompt],
        budget: Budget,
        run_id: RunId,
        retry_failed: bool,
        stop: Event,
    ) -> None:
        self._store = store
        self._captioner = captioner
        self._prompts = prompts
        self._budget = budget
        self._run_id = run_id
        self._retry_failed = retry_failed
        self._stop = stop
        self.wanted = Wanted(
            kinds=[prompt.kind for prompt in prompts] or [RETRIEVAL],
            prompt_ids=[prompt.id for prompt in prompts] or [None],
            rank=captioner.rank,
            retry=retry_failed,
        )

    def sort_out(self, found: Iterable[FoundFile]) -> Iterator[FoundFile | Job | Outcome]:
        """Yield an outcome for each file that needs nothing, a job for each that need not be read, and the others.

        Writes nothing.
        """
        files = iter(found)
        while not self._is_over() and (chunk := list(islice(files, _CHUNK))):
            yield from self._sort_out_chunk(chunk)
        yield from (Outcome(location=file.location, status="left") for file in files)

    def prepare(self, item: FoundFile | Job) -> Job | Outcome:
        """Read and register one file; a file that is no usable image is an outcome, and remembered."""
        if isinstance(item, Job):
            return item
        if self._is_over():
            return Outcome(location=item.location, status="left")
        if not is_storable(item.location):
            return self._refuse_name(item)
        try:
            read = self.read(item)
        except BadImageError as exc:
            return self._refuse(item, exc.reason, is_retryable=exc.is_retryable)
        return self._register(item, read)

    def read(self, file: FoundFile) -> ReadImage:
        """Read a file as its captioner wants it; raises BadImageError."""
        fit = partial(fit_picture, self._captioner.model)
        return read_image(file.path, max_edge=self._captioner.max_edge or _SMALL_EDGE, fit=fit)

    def _sort_out_chunk(self, chunk: Sequence[FoundFile]) -> Iterator[FoundFile | Job | Outcome]:
        storable = [file for file in chunk if is_storable(file.location)]
        locations = [file.location for file in storable]
        known = self._store.images.find_known(locations, self.wanted)
        standing = {} if self._retry_failed else self._find_standing(locations)
        for file in chunk:
            before, failure = known.get(file.location), standing.get(file.location)
            if failure is not None and _is_unchanged(file, failure):
                yield Outcome(
                    location=file.location, status="failed", reason=failure.reason, quarantined=failure.quarantined
                )
            elif before is None or not _is_unchanged(file, before):
                yield file
            elif self._captioner.max_edge is None:
                subject = Subject(sha256=before.sha256, location=file.location, relative_path=file.relative_path)
                yield Job(image_id=before.image_id, found=file, subject=subject)
            elif self._has_all(before.captioned):
                yield self._settle(file, before)
            else:
                yield file

    def _register(self, file: FoundFile, read: ReadImage) -> Job | Outcome:
        as_read = replace(file, size_bytes=read.facts.size_bytes, modified_ns=read.modified_ns)
        registered = self._store.images.register_image(read.facts, as_read, self.wanted)
        # The image was moved here from where it is no more; that of an unplugged disk comes back when it is found.
        if gone := [location for location in registered.elsewhere if not os.path.lexists(location)]:
            self._store.images.drop_locations(gone)
        if self._has_all(registered.captioned) and self._captioner.max_edge is not None:
            return self._settle(file, registered)
        subject = Subject(
            sha256=read.facts.sha256,
            location=file.location,
            relative_path=file.relative_path,
            facts=read.facts,
            picture=read.picture,
        )
        lacking = tuple(prompt for prompt in self._prompts if prompt.kind not in registered.captioned)
        return Job(image_id=registered.image_id, found=as_read, subject=subject, prompts=lacking)

    def _settle(self, file: FoundFile, image: KnownLocation | Registered) -> Outcome:
        """Return what an image is whose captions are all there: known, or failed where none of them may serve."""
        if not image.serves and RETRIEVAL in self.wanted.kinds:
            return explain(self._store, image.image_id, file.location)
        return Outcome(location=file.location, status="known", image_id=image.image_id)

    def _find_standing(self, locations: Sequence[str]) -> dict[str, StandingFailure]:
        return self._store.failures.find_standing(
            locations, captioner=self._captioner.name, model=self._captioner.model
        )

    def _is_over(self) -> bool:
        return self._stop.is_set() or self._budget.is_exhausted

    def _has_all(self, captioned: Sequence[str]) -> bool:
        return set(captioned) >= set(self.wanted.kinds)

    def _refuse(self, file: FoundFile, reason: str, *, stage: str = "read", is_retryable: bool = False) -> Outcome:
        failure = NewFailure(
            location=file.location,
            stage=stage,
            reason=reason,
            retryable=is_retryable,
            size_bytes=file.size_bytes,
            modified_ns=file.modified_ns,
        )
        self._store.failures.record_failure(self._run_id, failure)
        return Outcome(location=file.location, status="failed", reason=reason)

    def _refuse_name(self, file: FoundFile) -> Outcome:
        """Fail a file whose name is no text; Postgres, JSON and browsers could not carry it."""
        shown = replace(file, location=file.location.encode("utf-8", "backslashreplace").decode("utf-8"))
        return self._refuse(shown, "its name is not valid UTF-8; rename it", stage="find")


def explain(store: Store, image_id: ImageId, location: str) -> Outcome:
    """Return what an image is that will not be asked about: failed, or known where it has a caption that serves."""
    why = store.failures.find_reason(image_id)
    if why is None:
        return Outcome(location=location, status="known", image_id=image_id)
    return Outcome(location=location, status="failed", reason=why.reason, quarantined=why.quarantined)


def is_storable(location: str) -> bool:
    """Tell whether a path is text: on Linux, names are bytes, and Python carries bad ones as lone surrogates."""
    try:
        location.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_unchanged(file: FoundFile, before: KnownLocation | StandingFailure) -> bool:
    return (file.size_bytes, file.modified_ns) == (before.size_bytes, before.modified_ns)
