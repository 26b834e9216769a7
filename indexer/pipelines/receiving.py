"""Receive an image that may have no place yet: keep it, and do with it what an ingest does."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event, Lock, Timer

from indexer.captioning.captioner import Captioner
from indexer.captioning.prompts import DEFAULT_FOLDER, Wording
from indexer.catalog.embedding import Embedder
from indexer.catalog.store import Store
from indexer.errors import ModelError, ModelRefusedError, ModelUnavailableError, NotFoundError, SettingsError
from indexer.imaging.reading import ReadImage
from indexer.models import FoundFile, ImageId, Usage
from indexer.pipelines.assembling import build_ingesting
from indexer.pipelines.choosing import choose_prompts
from indexer.pipelines.ingesting import Ingesting
from indexer.pipelines.jobs import Job, read_for
from indexer.pipelines.locating import file_of, find_file
from indexer.pipelines.outcomes import Outcome, Tally
from indexer.pipelines.run import Run
from indexer.pipelines.shelving import Shelf
from indexer.pipelines.spending import Budget
from indexer.pipelines.updating import is_up_to_date
from indexer.settings import Settings

_log = logging.getLogger(__name__)

# Longer than an entry takes: where another process is writing them, it will write this one, too.
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An image that was received, whether the library knew it, and what captions of it cost now."""

    image_id: ImageId
    is_new: bool
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    image_id: ImageId
    is_new: bool
    prepared: Job | Outcome


class Receiving:
    """Takes one image at a time; safe to share by threads."""

    def __init__(
        self, store: Store, settings: Settings, *, load_embedder: Callable[[str], Embedder], budget: Budget
    ) -> None:
        self._store = store
        self._settings = settings
        self._load_embedder = load_embedder
        self._budget = budget
        self._shelf = Shelf(settings.home)
        self._placing = Lock()
        self._stops: set[Event] = set()

    def receive(self, upload: FoundFile, captioner: Captioner, kinds: Sequence[str]) -> Received:
        """Keep an upload, unless its image has a file already; caption it as far as it lacks captions, and index it.

        Raises BadImageError before anything is kept; ModelError and SettingsError after that: the image stays, and is
        captioned when it is received again.
        """
        read = read_for(captioner, upload)
        wording = Wording.of(self._settings)
        prompts, said = choose_prompts(self._store, captioner, kinds, DEFAULT_FOLDER, wording, dry_run=False)
        if said:
            _log.info(said)
        arguments = {"image": upload.location, "captioner": captioner.name, "model": captioner.model}
        with self._stoppable() as stop, self._store.runs.running("upload", arguments) as run_id:
            self._store.requests.lose_abandoned()
            run = Run(
                id=run_id, store=self._store, captioner=captioner, prompts=prompts, budget=self._budget, stop=stop
            )
            return self._receive(run, upload, read)

    def stop(self) -> None:
        """End what is being received, after the requests in flight."""
        for stop in list(self._stops):
            stop.set()

    @contextmanager
    def _stoppable(self) -> Iterator[Event]:
        stop = Event()
        self._stops.add(stop)
        try:
            yield stop
        finally:
            self._stops.discard(stop)

    def _receive(self, run: Run, upload: FoundFile, read: ReadImage) -> Received:
        # Asked once: somebody waits for the answer, and had better hear that the endpoint is busy.
        ingesting = build_ingesting(
            run, self._settings, tell=_log.info, load_embedder=self._load_embedder, patience_s=0.0
        )
        tally, ended = Tally(seen=1), "failed"
        try:
            placed = self._place(ingesting, upload, read)
            outcome = self._follow(ingesting, placed)
            tally.add(outcome)
            ended = "stopped" if outcome.status == "left" else "done"
        finally:
            summary = {**tally.summary(), "indexed": ingesting.indexing.written, "ended": ended}
            self._store.runs.finish_run(run.id, summary)
        if outcome.status in ("failed", "left") and not is_up_to_date(self._store, placed.image_id):
            raise self._fault(outcome, placed.image_id)
        return Received(image_id=placed.image_id, is_new=placed.is_new, usage=outcome.usage)

    def _place(self, ingesting: Ingesting, upload: FoundFile, read: ReadImage) -> _Placed:
        """Register the image where it is already, or where it is kept from now on; of two at once, one by one."""
        sha256 = read.facts.sha256
        with self._placing:
            known = self._store.images.find_image_id(sha256)
            file = self._find_known(ingesting, known, sha256) or self._shelf.keep(upload, read.facts)
            prepared = ingesting.preparing.register(file, replace(read, modified_ns=file.modified_ns))
            image_id = known or self._store.images.find_image_id(sha256)
        if image_id is None:
            raise NotFoundError("image", sha256.hex())
        return _Placed(image_id=image_id, is_new=known is None, prepared=prepared)

    def _find_known(self, ingesting: Ingesting, image_id: ImageId | None, sha256: bytes) -> FoundFile | None:
        """Return a file that an image was found at, and that still has it; the file of a mask is none."""
        if image_id is None:
            return None
        image = self._store.images.get_image(image_id)
        found = self._store.images.find_by_content([sha256], ingesting.preparing.wanted)
        try:
            file = file_of(image, find_file(image))
        except NotFoundError:
            return None
        return file if file.location in found[sha256].elsewhere else None

    def _follow(self, ingesting: Ingesting, placed: _Placed) -> Outcome:
        """Return what came of the image; its captions are waited for, its entry for a while only."""
        stop = ingesting.run.stop
        outcomes = ingesting.ingest_prepared(iter([placed.prepared]))
        try:
            with _patient(stop, 2 * self._settings.timeout_s):
                outcome = next(outcomes)
            with _patient(stop, _PATIENCE_S):
                next(outcomes, None)  # ends when the entry is written
        except ModelError as exc:
            raise _told(exc, placed.image_id) from exc
        return outcome

    def _fault(self, outcome: Outcome, image_id: ImageId) -> ModelError | SettingsError:
        if outcome.error is not None:
            return _told(outcome.error, image_id)
        if outcome.status == "failed":
            return _told(ModelRefusedError(outcome.reason), image_id)
        why = "the budget has no room for it" if self._budget.is_exhausted else "it takes too long"
        return SettingsError(f"The image is kept as image {image_id}, and not captioned yet: {why}.")


@contextmanager
def _patient(stop: Event, seconds: float) -> Iterator[None]:
    """Set `stop` where what is done in here takes longer than so many seconds."""
    timer = Timer(seconds, stop.set)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _told(error: ModelError, image_id: ImageId) -> ModelError:
    """Return an error that says, too, what became of the image."""
    kept = f"{str(error).rstrip('.')}; it is kept as image {image_id}, to be captioned when it is uploaded again"
    if isinstance(error, ModelUnavailableError):
        return ModelUnavailableError(kept, is_busy=error.is_busy, retry_after_s=error.retry_after_s)
    return type(error)(kept)
