"""The pictures of a request: found by their names, indexed first where they are not, and known by their content."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from indexer.catalog.store.images import StoredImage
from indexer.editing.requests import EditRequest
from indexer.errors import BadImageError, NotFoundError
from indexer.imaging.reading import inspect_image, read_image
from indexer.models import FoundFile, ImageId
from indexer.pipelines.editing.calling import LeftError
from indexer.pipelines.jobs import Job, is_storable, is_unchanged
from indexer.pipelines.locating import GONE, file_of, find_file
from indexer.pipelines.naming import find_image, is_reference
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.preparing import Preparing
from indexer.pipelines.run import Run
from indexer.sources.manifests import find_named

_ADDRESSES = ("http://", "https://")
_LEAST_EDGE = 16  # of a picture that nobody looks at: the larger, the longer it takes to make


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A picture that a request names: an image of the catalogue; its size is in pixels.

    `path` is the file that holds it, None where that is gone: what is finished needs it no more. `items` are to be
    captioned; none where another request brought them.
    """

    image_id: ImageId
    sha256: bytes
    size: tuple[int, int]
    path: Path | None
    items: tuple[Job | Outcome, ...] = ()
    name: str = ""

    @property
    def file(self) -> Path:
        """Return the file that holds it; raises BadImageError where that is gone."""
        if self.path is None:
            raise BadImageError(f"{self.name}: {NotFoundError(GONE, self.image_id)}")
        return self.path


class Admitting:
    """Finds and registers pictures for one run; safe to share by threads."""

    def __init__(self, run: Run, preparing: Preparing) -> None:
        self._run = run
        self._preparing = preparing
        self._lock = Lock()
        self._admitted: dict[str, Admitted] = {}
        self._masks: dict[str, Admitted] = {}

    def admit(self, request: EditRequest, name: str) -> Admitted:
        """Return the picture of a name; raises BadImageError, whose reason begins with the name, or LeftError."""
        return self._find(request, name, self._admitted, self._register)

    def admit_mask(self, request: EditRequest, name: str) -> Admitted:
        """Return a mask, which is kept and never captioned, found or counted; raises BadImageError."""
        return self._find(request, name, self._masks, self._register_mask)

    def admit_output(self, file: FoundFile) -> Iterator[Job | Outcome]:
        """Yield what is to be done about an image that was edited before: its caption may be missing."""
        for item in self._preparing.sort_out([file]):
            yield item if isinstance(item, Outcome) else self._preparing.prepare(item)

    def _find(
        self,
        request: EditRequest,
        name: str,
        admitted: Mapping[str, Admitted],
        register: Callable[[FoundFile], Admitted],
    ) -> Admitted:
        with _faults_of(name):
            found = find_picture(self._run, request, name)
            if isinstance(found, StoredImage):
                return _gone(found, name)
            with self._lock:
                known = admitted.get(found.location)
            return known or register(found)

    def _register_mask(self, file: FoundFile) -> Admitted:
        facts = read_image(file.path, max_edge=_LEAST_EDGE).facts
        image_id, size = self._run.store.edits.register_mask(facts), (facts.width, facts.height)
        admitted = Admitted(image_id=image_id, sha256=facts.sha256, size=size, path=file.path)
        with self._lock:
            return self._masks.setdefault(file.location, admitted)

    def _register(self, file: FoundFile) -> Admitted:
        [found] = self._preparing.sort_out([file])
        item = found if isinstance(found, Outcome) else self._preparing.prepare(found)
        if isinstance(item, Outcome) and item.status == "left":
            raise LeftError
        image_id = item.image_id or self._find_unchanged(file)
        if image_id is None:
            reason = item.reason if isinstance(item, Outcome) else ""
            raise BadImageError(reason.removeprefix(f"{file.relative_path}: ") or "it was not read")
        image = self._run.store.images.get_image(image_id)
        admitted = Admitted(image_id=image_id, sha256=image.sha256, size=(image.width, image.height), path=file.path)
        with self._lock:
            is_first = self._admitted.setdefault(file.location, admitted) is admitted
        return replace(admitted, items=(item,)) if is_first else admitted

    def _find_unchanged(self, file: FoundFile) -> ImageId | None:
        """Return the image of a file that has no caption and will have none; it can be edited all the same."""
        known = self._run.store.images.find_known([file.location], self._preparing.wanted).get(file.location)
        return known.image_id if known and is_unchanged(file, known) else None


def find_picture(run: Run, request: EditRequest, name: str) -> FoundFile | StoredImage:
    """Return the file that a name means, a path from the request's folder or an indexed image's.

    Where the file is gone, what the catalogue knows that it was; raises NotFoundError for an image that is not indexed.
    """
    if name.startswith(_ADDRESSES):
        raise BadImageError("addresses are not fetched: download it first")
    image_id = find_image(run.store, name) if is_reference(name) else None
    if image_id is None:
        file = find_named(request.folder, name, request.location)
        is_gone = not file.modified_ns and is_storable(file.location)
        image_id = run.store.images.find_image_at(file.location) if is_gone else None
        if image_id is None:
            return file
    image = run.store.images.get_image(image_id)
    try:
        return file_of(image, find_file(image))
    except NotFoundError:
        return image


def inspect_picture(run: Run, request: EditRequest, name: str) -> tuple[bytes, tuple[int, int]]:
    """Return the SHA-256 of the picture that a name means, and its width and height in pixels as seen.

    Raises BadImageError, whose reason begins with the name.
    """
    with _faults_of(name):
        found = find_picture(run, request, name)
        if isinstance(found, StoredImage):
            return found.sha256, (found.width, found.height)
        return inspect_image(found.path)


def _gone(image: StoredImage, name: str) -> Admitted:
    size = (image.width, image.height)
    return Admitted(image_id=image.image_id, sha256=image.sha256, size=size, path=None, name=name)


@contextmanager
def _faults_of(name: str) -> Iterator[None]:
    try:
        yield
    except (BadImageError, NotFoundError) as exc:
        reason = exc.reason if isinstance(exc, BadImageError) else str(exc)
        raise BadImageError(f"{name}: {reason}") from exc
