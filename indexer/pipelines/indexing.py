"""Write entries beside the calls, at their own pace: whatever the database says is missing or stale."""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from indexer.catalog.embedding import Embedder
from indexer.catalog.embedding.verifying import verify_embedder
from indexer.catalog.lexical import searchable
from indexer.catalog.store import Store
from indexer.catalog.store.entries import Document, EntryWords, NewEntry
from indexer.catalog.vectors import mean_vector
from indexer.models import Generation, GenerationId, ImageId, PromptId, RunId
from indexer.pipelines.calibrating import calibrate, is_calibration_due

# Looking for what is missing reads every image once: many at a time, embedded and committed in smaller batches.
_LOOK_UP, _BATCH = 512, 64
_SHORTEST_POLL_S, LONGEST_POLL_S = 0.1, 2.0
_LEAST_REFRESH = 1000
_NICE = 10
_FIRST = GenerationId(0)  # stands for the generation that is not made yet


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstGeneration:
    """What the first generation of a catalogue is made with."""

    prompt_id: PromptId | None
    captioner: str
    model: str
    embedder: str


class Indexing:
    """Fills the live generation, making the `first` one where there is none; or the one of `generation_id`.

    Without `fallback`, only with captions of its own making: others may still be replaced.
    """

    def __init__(
        self,
        *,
        store: Store,
        load_embedder: Callable[[str], Embedder],
        first: FirstGeneration | None,
        run_id: RunId,
        generation_id: GenerationId | None = None,
        fallback: bool = True,
        longest_poll_s: float = LONGEST_POLL_S,
    ) -> None:
        self.written = 0
        self.awaited: set[ImageId] = set()
        self._store = store
        self._load_embedder = load_embedder
        self._first = first
        self._run_id = run_id
        self._generation_id = generation_id
        self._fallback = fallback
        self._longest_poll_s = longest_poll_s
        self._embedder: Embedder | None = None
        self._verified: GenerationId | None = None
        self._unrefreshed = 0

    def run(self, captioned: Event, stop: Event) -> None:
        """Write entries until `captioned` is set and none is missing, or until `stop`, one process a generation.

        While another process writes, only the images in `awaited` are waited for. Raises DatabaseError, too, when the
        connection that holds the run's claims is lost.
        """
        _yield_to_others()
        wait_s = _SHORTEST_POLL_S
        with self._store.generations.hold_indexing() as lock:
            while not stop.is_set():
                all_there = captioned.is_set()  # asked before looking: what was captioned before is seen
                self._store.runs.check_lock(self._run_id)
                generation = self._target()
                may_write = lock.take(generation.id if generation else _FIRST)
                if may_write and (self._write_batch(generation, stop) if generation else self._make_first()):
                    wait_s = _SHORTEST_POLL_S
                    continue
                if all_there and (may_write or self._nothing_awaited()):
                    if may_write and generation and self._store.entries.mark_outdated(generation.id):
                        continue  # captions that came while others were written
                    break
                wait_s = min(2 * wait_s, self._longest_poll_s)
                (stop if all_there else captioned).wait(wait_s)
            generation = self._target()
            if generation is not None and lock.take(generation.id):
                self._finish(generation)
                if not stop.is_set():
                    self._calibrate(generation.id)

    def _write_batch(self, generation: Generation, stop: Event) -> int:
        """Write what is missing now, a bounded number of it; return how many documents were found."""
        documents = self._store.entries.find_documents(generation.id, limit=_LOOK_UP, fallback=self._fallback)
        for start in range(0, len(documents), _BATCH):
            if stop.is_set():
                break
            batch = documents[start : start + _BATCH]
            self._store.entries.write_entries(generation.id, self._embed(generation, batch))
            self.written += len(batch)
            self._unrefreshed += len(batch)
        if self._unrefreshed >= max(_LEAST_REFRESH, generation.entries):
            self._refresh(generation.id)
        return len(documents)

    def _target(self) -> Generation | None:
        if self._generation_id is not None:
            return self._store.generations.get_generation(self._generation_id)
        return self._store.generations.get_live()

    def _make_first(self) -> bool:
        """Make the first generation where that is due, and tell whether it was."""
        if self._first is None or not self._store.generations.is_first_due():
            return False
        embedder = self._load(self._first.embedder)
        self._store.generations.add_generation(
            prompt_id=self._first.prompt_id,
            captioner=self._first.captioner,
            model=self._first.model,
            embedder=embedder.name,
            dimensions=embedder.dimensions,
            state="live",
        )
        return True

    def _embed(self, generation: Generation, documents: Sequence[Document]) -> list[NewEntry]:
        vectors = self._embedder_of(generation).embed([text for document in documents for text in document.meant])
        entries, start = [], 0
        for document in documents:
            meant = vectors[start : start + len(document.meant)]
            start += len(document.meant)
            own = meant[: len(document.sentences)]
            entries.append(NewEntry(document=document, words=_words(document), mean=mean_vector(meant), vectors=own))
        return entries

    def _embedder_of(self, generation: Generation) -> Embedder:
        embedder = self._load(generation.embedder)
        if self._verified != generation.id:
            verify_embedder(self._store, generation, embedder)
            self._verified = generation.id
        return embedder

    def _load(self, name: str) -> Embedder:
        if self._embedder is None or self._embedder.name != name:
            self._embedder = self._load_embedder(name)
        return self._embedder

    def _nothing_awaited(self) -> bool:
        generation = self._target()
        return generation is not None and not self._store.entries.count_missing(generation.id, list(self.awaited))

    def _finish(self, generation: Generation) -> None:
        dropped = self._store.entries.drop_unservable(generation.id)
        counted = self._store.generations.count_coverage(generation.id).entries
        if dropped or self._unrefreshed or counted != generation.entries:
            self._refresh(generation.id)

    def _calibrate(self, generation_id: GenerationId) -> None:
        """Fit the cut-off where that is due; without a fitted one the search goes on with what it had."""
        generation = self._store.generations.get_generation(generation_id)
        # What is being built has no vector index yet: searching it would take long.
        if generation.state != "building" and generation.entries and is_calibration_due(generation, generation.entries):
            calibrate(self._store, generation, self._load(generation.embedder))

    def _refresh(self, generation_id: GenerationId) -> None:
        self._store.generations.refresh_lexemes(generation_id)
        self._unrefreshed = 0


def _words(document: Document) -> EntryWords:
    return EntryWords(
        captions=searchable(" ".join(document.sentences)),
        keywords=searchable(" ".join([*document.tags, *document.descriptions, *document.instructions])),
        visible=searchable(document.visible_text),
        names=searchable(" ".join(document.names)),
    )


def _yield_to_others() -> None:
    """Lower this thread's priority (Linux gives each thread its own): embedding never holds back the calls."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
