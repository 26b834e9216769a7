"""Ingest: every found file becomes a captioned, embedded, searchable image, every record gets its answer, or fails."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from indexer.catalog.store.requests import Claimed
from indexer.models import Found, ids_of
from indexer.pipelines.asking import Asking
from indexer.pipelines.captioning import Captioning
from indexer.pipelines.following import Following
from indexer.pipelines.indexing import Indexing
from indexer.pipelines.jobs import Job, explain
from indexer.pipelines.look_ahead import LookAhead
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.preparing import Preparing
from indexer.pipelines.run import Run

if TYPE_CHECKING:  # it needs the openai client, which most runs do without
    from indexer.pipelines.batches.batching import Batching

_POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingesting:
    """One run over found files and records; its stages work side by side."""

    run: Run
    following: Following
    asking: Asking
    preparing: Preparing
    captioning: Captioning
    batching: "Batching | None" = None
    indexing: Indexing
    concurrency: int

    def ingest(self, found: Iterable[Found]) -> Iterator[Outcome]:
        """Yield an outcome for each as it is reached, and return when every caption has its entry.

        Setting `stop` ends it after the requests in flight. What makes the whole run pointless (a wrong key, a lost
        database) is raised, also after those.
        """
        yield from self._ingest(lambda readers: self._prepare(found, readers))

    def ingest_prepared(self, prepared: Iterator[Job | Outcome]) -> Iterator[Outcome]:
        """Do the same with images that are registered and read already, and wait for those that are known, too.

        Another process may have captioned them just now.
        """
        for outcome in self._ingest(lambda _readers: prepared):
            yield self._note(outcome)

    def _ingest(self, prepare: Callable[[ThreadPoolExecutor], Iterator[Job | Outcome]]) -> Iterator[Outcome]:
        captioned = Event()
        with (
            ThreadPoolExecutor(self._readers(), "prepare") as readers,
            ThreadPoolExecutor(self.concurrency, "caption") as callers,
            ThreadPoolExecutor(1, "index") as writer,
        ):
            writing = writer.submit(self.indexing.run, captioned, self.run.stop)
            try:
                yield from self._caption_all(prepare(readers), readers, callers, writing)
                captioned.set()
                self._forget_mended()
                writing.result()
            except BaseException:
                self.run.stop.set()
                raise
            finally:
                captioned.set()

    def _caption_all(
        self,
        prepared: Iterator[Job | Outcome],
        readers: ThreadPoolExecutor,
        callers: ThreadPoolExecutor,
        writing: Future[None],
    ) -> Iterator[Outcome]:
        waiting: dict[Claimed, Found] = {}
        copies: list[tuple[Claimed, str]] = []
        for outcome in self._caption(prepared, callers):
            _raise_early(writing)
            if isinstance(outcome, Outcome):
                yield self._note(outcome) if outcome.status == "captioned" else outcome
            elif outcome.claimed in waiting:
                copies.append((outcome.claimed, outcome.found.location))
            else:
                waiting[outcome.claimed] = outcome.found
        for outcome in self._take_over(waiting, readers, callers):
            yield self._note(outcome)
        for claimed, location in copies:
            is_left = self.run.stop.is_set()
            yield Outcome(location=location, status="left") if is_left else explain(self.run.store, claimed, location)

    def _note(self, outcome: Outcome) -> Outcome:
        if outcome.image_id is not None:
            self.indexing.awaited.add(outcome.image_id)
        return outcome

    def _prepare(self, found: Iterable[Found], readers: ThreadPoolExecutor) -> Iterator[Job | Outcome]:
        return LookAhead(readers, self.preparing.prepare, self._ahead()).over(self.preparing.sort_out(found))

    def _caption(self, prepared: Iterator[Job | Outcome], callers: ThreadPoolExecutor) -> Iterator[Job | Outcome]:
        if self.batching is not None:
            return self.batching.run(prepared)
        return LookAhead(callers, self.captioning.caption, self.concurrency + self._ahead()).over(prepared)

    def _take_over(
        self, waiting: dict[Claimed, Found], readers: ThreadPoolExecutor, callers: ThreadPoolExecutor
    ) -> Iterator[Outcome]:
        """See to what had an open request, another run's or another copy's in this one, or a replaced prompt."""
        while waiting and not self.run.stop.is_set():
            elsewhere = self._find_claimed_elsewhere(waiting)
            free = [found for claimed, found in waiting.items() if claimed not in elsewhere]
            waiting = {claimed: found for claimed, found in waiting.items() if claimed in elsewhere}
            for outcome in self._caption(self._prepare(free, readers), callers):
                if isinstance(outcome, Outcome):
                    yield outcome
                elif self.following.has_replaced(outcome) or self._find_claimed_elsewhere([outcome.claimed]):
                    waiting[outcome.claimed] = outcome.found
                elif self.run.store.requests.find_batched([outcome.image_id]):
                    yield Outcome(location=outcome.found.location, status="batched")
                else:
                    yield explain(self.run.store, outcome.claimed, outcome.found.location)
            if waiting:
                self.run.stop.wait(_POLL_S)
        yield from (Outcome(location=found.location, status="left") for found in waiting.values())

    def _find_claimed_elsewhere(self, claimed: Iterable[Claimed]) -> set[Claimed]:
        image_ids, prompt_ids = [image_id for image_id, _ in claimed], ids_of(self.following.prompts)
        return self.run.store.requests.find_claimed_elsewhere(self.run.id, image_ids, prompt_ids)

    def _forget_mended(self) -> None:
        """Drop the failures of files that were removed, and of folders that can be listed again."""
        failed = self.run.store.failures.find_locations_of("read")
        self.run.store.failures.forget_failures([location for location in failed if _is_mended(Path(location))])

    def _readers(self) -> int:
        return max(2, os.cpu_count() or 2)

    def _ahead(self) -> int:
        return 2 * self._readers()


def _raise_early(writing: "Future[None]") -> None:
    """Let a failure of the index writer end the run before more money is spent."""
    if writing.done():
        writing.result()


def _is_mended(path: Path) -> bool:
    """Tell whether a failed file is gone, its folder being there, or is a folder that can be listed by now."""
    if path.is_dir():
        return os.access(path, os.R_OK | os.X_OK)
    return path.parent.is_dir() and not os.path.lexists(path)
