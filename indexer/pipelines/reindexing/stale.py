"""Images whose captions are to be renewed, read from wherever they still are."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from indexer.catalog.store.failures import NewFailure
from indexer.catalog.store.renewals import Making, StaleImage
from indexer.errors import BadImageError
from indexer.imaging.reading import ReadImage
from indexer.models import FoundFile, ImageId, Subject
from indexer.pipelines.jobs import Job, read_for, subject_of
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.run import Run

_PAGE = 512


class Stale:
    """The images that lack a caption of one making; none of them where nothing is to be asked.

    Those `gone` were deleted, or changed, wherever they were; what lies on a disk that is not there is not gone.
    """

    def __init__(self, run: Run, making: Making, *, asks: bool = True) -> None:
        self._run = run
        self._making = making
        self._asks = asks
        self._over: set[ImageId] = set()
        self.gone: set[ImageId] = set()

    def find(self) -> Iterator[Job]:
        """Yield what is stale now, but for what was given up in this run; pictures are not read yet."""
        last = ImageId(0)
        while (
            self._asks
            and not self.is_over()
            and (page := self._run.store.renewals.find_stale(self._making, after=last, limit=_PAGE))
        ):
            yield from (self._job(image) for image in page if image.image_id not in self._over)
            last = page[-1].image_id

    def is_any_left(self) -> bool:
        """Tell whether anything is to be asked."""
        return next(self.find(), None) is not None

    def prepare(self, job: Job) -> Job | Outcome:
        """Read an image's picture; one that is at none of its locations any more, or changed there, has failed."""
        if self.is_over():
            return Outcome(location=job.found.location, status="left", image_id=job.image_id)
        reasons, may_come_back = [], False
        for location in self._run.store.images.get_image(job.image_id).locations:
            file = _file_at(location, job.subject.relative_path)
            try:
                read = read_for(self._run.captioner, file)
            except BadImageError as exc:
                reasons.append((location, exc.reason))
                may_come_back = may_come_back or not _is_deleted(file.path)
                continue
            if read.facts.sha256 == job.subject.sha256:
                return self._with_picture(job, file, read)
            reasons.append((location, "the file has changed since it was indexed: ingest it first"))
        if not may_come_back:
            self.gone.add(job.image_id)
        return self._fail(job, *(reasons[0] if reasons else (job.found.location, "it is nowhere any more")))

    def again(self, job: Job) -> Job | Outcome:
        """Read an image anew that brought no answer in a batch."""
        return self.prepare(replace(job, prompts=self._run.prompts))

    def give_up(self, image_id: ImageId) -> None:
        """Leave an image for the next run: it failed in this one."""
        self._over.add(image_id)

    def is_over(self) -> bool:
        """Tell whether no more is to be asked in this run."""
        return self._run.stop.is_set() or self._run.budget.is_exhausted

    def _job(self, image: StaleImage) -> Job:
        found = _file_at(image.locations[0], image.relative_paths[0])
        subject = Subject(sha256=image.sha256, location=found.location, relative_path=found.relative_path)
        return Job(image_id=image.image_id, found=found, subject=subject, prompts=self._run.prompts)

    def _with_picture(self, job: Job, file: FoundFile, read: ReadImage) -> Job:
        found = replace(file, size_bytes=read.facts.size_bytes, modified_ns=read.modified_ns)
        return replace(job, found=found, subject=subject_of(found, read))

    def _fail(self, job: Job, location: str, reason: str) -> Outcome:
        failure = NewFailure(location=location, stage="read", reason=reason, retryable=True, image_id=job.image_id)
        self._run.store.failures.record_failure(self._run.id, failure)
        return Outcome(location=location, status="failed", reason=reason, image_id=job.image_id)


def _is_deleted(path: Path) -> bool:
    """Tell whether a file is gone while its folder is there."""
    return path.parent.is_dir() and not os.path.lexists(path)


def _file_at(location: str, relative_path: str) -> FoundFile:
    return FoundFile(path=Path(location), location=location, relative_path=relative_path, size_bytes=0, modified_ns=0)
