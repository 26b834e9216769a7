"""Search by image: one that is indexed, or a file, by its bytes, its looks, or what a captioner says of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Literal

from indexer.captioning.captioner import Captioner
from indexer.captioning.limiting import Limiter
from indexer.catalog.searching import Likeness, Query, Results, Searcher
from indexer.catalog.searching.conditions import make_conditions
from indexer.catalog.store import Store
from indexer.errors import ModelRefusedError, QueryError
from indexer.imaging.reading import ReadImage, read_image
from indexer.models import RETRIEVAL, Answer, FoundFile, Generation, GenerationId, ImageFacts, ImageId, Prompt
from indexer.pipelines.asking import Asking
from indexer.pipelines.jobs import read_for, subject_of
from indexer.pipelines.spending import Budget
from indexer.pipelines.trying_out import TryingOut

MatchedBy = Literal["sha256", "perceptual_hash", "caption"]
# Enough to see what a picture looks like: its hash was at most 3 bits apart from that at 768 pixels, on 200 photos.
_HASHED_EDGE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The answer to a search by a file, how its image was recognised, and the caption if that had to be made."""

    results: Results
    matched_by: MatchedBy | None = None
    caption: tuple[str, ...] = ()


class Matching:
    """Searches by image; safe to share by threads.

    `captioner_of` gives the captioner of a generation, `prompts_of` what that is asked.
    """

    def __init__(
        self,
        *,
        store: Store,
        searcher: Searcher,
        captioner_of: Callable[[Generation], Captioner],
        prompts_of: Callable[[Captioner, Generation], Sequence[Prompt]],
        budget: Budget | None = None,
    ) -> None:
        self._store = store
        self._searcher = searcher
        self._captioner_of = captioner_of
        self._prompts_of = prompts_of
        self._budget = budget
        self._captioners: dict[GenerationId, Captioner] = {}

    def find_similar(self, image_id: ImageId, query: Query) -> Matched:
        """Return what is like an indexed image by its stored vector, without itself; `query` says how much of it.

        Raises NotFoundError for an unknown image, and for one that has no entry.
        """
        self._store.images.get_image(image_id)
        looks = self._store.images.find_looks([image_id])[image_id]
        return Matched(results=self._find(query, Likeness(image_id=image_id, perceptual_hash=looks.perceptual_hash)))

    def search(self, file: FoundFile, query: Query, *, may_caption: bool) -> Matched:
        """Return the images that show the same as a file, and then what is like the first of them.

        Where there is none, the file is captioned as the live generation was, if it may be, and searched by that;
        nothing is indexed. Raises BadImageError, ModelError, and SettingsError where no endpoint is set.
        """
        if query.cursor is not None:
            raise QueryError("A search by a file has one page: ask for more hits, or for those of an indexed image.")
        facts = read_image(file.path, max_edge=_HASHED_EDGE).facts
        self._searcher.check_fields(query.wish.filters)
        generation = self._store.generations.get_live()
        if generation is None:
            return Matched(results=Results(query=query, generation=None, coverage=None, hits=[]))
        if recognised := self._recognise(facts, query, generation):
            return recognised
        if not may_caption:
            coverage = self._searcher.coverage(generation)
            return Matched(results=Results(query=query, generation=generation, coverage=coverage, hits=[]))
        caption = self._describe(file, generation)
        like = Likeness(captions=caption, perceptual_hash=facts.perceptual_hash)
        results = self._searcher.search(replace(query, like=like), generation=generation)
        return Matched(results=replace(results, next_cursor=None), matched_by="caption", caption=caption)

    def _recognise(self, facts: ImageFacts, query: Query, generation: Generation) -> Matched | None:
        conditions = make_conditions(query.wish.filters)
        twins = self._store.likenesses.find_twins(generation.id, facts.sha256, facts.perceptual_hash, conditions)
        if not twins:
            return None
        shown = tuple(twin.image_id for twin in twins if twin.may_show)
        like = Likeness(image_id=twins[0].image_id, twins=shown, perceptual_hash=facts.perceptual_hash)
        results = self._find(query, like, generation)
        matched_by: MatchedBy = "sha256" if twins[0].is_same_file else "perceptual_hash"
        return Matched(results=replace(results, next_cursor=None), matched_by=matched_by)

    def _find(self, query: Query, like: Likeness, generation: Generation | None = None) -> Results:
        return self._searcher.search(replace(query, mode="dense", like=like), generation=generation)

    def _describe(self, file: FoundFile, generation: Generation) -> tuple[str, ...]:
        captioner = self._captioners.get(generation.id)
        if captioner is None:
            captioner = self._captioners.setdefault(generation.id, self._captioner_of(generation))
        read = read_for(captioner, file)
        prompts = self._prompts_of(captioner, generation)
        if captioner.is_paid:
            answer = self._pay(captioner, file, read, prompts)
        else:
            answer = captioner.caption(subject_of(file, read), prompts)
        captions = [caption for caption in answer.captions if caption.kind == RETRIEVAL] if answer else []
        if not captions:
            raise ModelRefusedError("The captioner has nothing to say of this image.")
        if captions[0].quarantine:
            raise ModelRefusedError(f"The captioner's answer cannot be used: {captions[0].quarantine}.")
        return captions[0].sentences

    def _pay(self, captioner: Captioner, file: FoundFile, read: ReadImage, prompts: Sequence[Prompt]) -> Answer | None:
        """Ask once: somebody waits for the answer, and had better hear that the endpoint is busy."""
        asking = Asking(Limiter(1), Event(), patience_s=0)
        arguments = {"captioner": captioner.name, "model": captioner.model}
        with self._store.runs.running("similar", arguments) as run_id:
            ended = "failed"
            try:
                trying = TryingOut(
                    store=self._store, captioner=captioner, run_id=run_id, asking=asking, budget=self._budget
                )
                answer = trying.caption(file, read, prompts)
                ended = "done"
            finally:
                self._store.runs.finish_run(run_id, {"ended": ended})
        return answer
