"""A job: what is to be captioned, registered and read."""

import os
from dataclasses import dataclass
from functools import partial

from indexer.captioning.captioner import Captioner
from indexer.captioning.estimating import fit_picture
from indexer.catalog.store import Store
from indexer.catalog.store.failures import StandingFailure
from indexer.catalog.store.images import KnownLocation, Registered, Wanted
from indexer.catalog.store.requests import Claimed
from indexer.imaging.reading import ReadImage, read_image
from indexer.models import Found, FoundFile, ImageId, Prompt, RecordId, Subject
from indexer.pipelines.outcomes import Outcome

# The whole file would have to be decoded for captioners that look at no picture; their facts need no more.
_SMALL_EDGE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A registered image that is to be captioned, or a record whose first image it is."""

    image_id: ImageId
    found: Found
    subject: Subject
    prompts: tuple[Prompt, ...] = ()
    record_id: RecordId | None = None

    @property
    def claimed(self) -> Claimed:
        """Return what its request is for."""
        return self.image_id, self.record_id


def read_for(captioner: Captioner, file: FoundFile) -> ReadImage:
    """Read a file, its picture as the captioner wants it; raises BadImageError."""
    fit = partial(fit_picture, captioner.model)
    return read_image(file.path, max_edge=captioner.max_edge or _SMALL_EDGE, fit=fit)


def subject_of(file: FoundFile, read: ReadImage) -> Subject:
    """Return what a captioner is given of a file that was read."""
    return Subject(
        sha256=read.facts.sha256,
        location=file.location,
        relative_path=file.relative_path,
        facts=read.facts,
        picture=read.picture,
    )


def register(store: Store, file: FoundFile, read: ReadImage, wanted: Wanted) -> Registered:
    """Register an image where it was found, and forget where it is no more."""
    registered = store.images.register_image(read.facts, file, wanted)
    # The image was moved here from where it is no more; that of an unplugged disk comes back when it is found.
    if gone := [location for location in registered.elsewhere if not os.path.lexists(location)]:
        store.images.drop_locations(gone)
    return registered


def explain(store: Store, claimed: Claimed, location: str) -> Outcome:
    """Return what an image or a record is that will not be asked about: failed, or known where its caption serves."""
    image_id, record_id = claimed
    why = store.failures.find_reason(image_id, record_id)
    if why is None:
        return Outcome(location=location, status="known", image_id=image_id)
    return Outcome(
        location=location, status="failed", reason=why.reason, quarantined=why.quarantined, image_id=image_id
    )


def is_unchanged(file: FoundFile, before: KnownLocation | StandingFailure) -> bool:
    """Tell whether a file has the size and time that it had before."""
    return (file.size_bytes, file.modified_ns) == (before.size_bytes, before.modified_ns)


def is_storable(location: str) -> bool:
    """Tell whether a path is text: on Linux, names are bytes, and Python carries bad ones as lone surrogates."""
    try:
        location.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
