"""Ask for what is stale and index it, side by side, until nothing is."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from indexer.pipelines.captioning import Captioning
from indexer.pipelines.indexing import Indexing
from indexer.pipelines.jobs import Job, explain
from indexer.pipelines.look_ahead import LookAhead
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.reindexing.stale import Stale
from indexer.pipelines.run import Run

if TYPE_CHECKING:  # it needs the openai client
    from indexer.pipelines.batches.batching import Batching

_POLL_S = 2.0  # between two looks at the whole library


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewing:
    """The captioner's stage of a reindex; what has no captioner has nothing to ask."""

    run: Run
    stale: Stale
    captioning: Captioning
    batching: "Batching | None" = None
    concurrency: int

    def renew(self, indexing: Indexing | None) -> Iterator[Outcome]:
        """Yield an outcome for each stale image, and return when all are indexed, or when the run is stopped.

        What makes the whole run pointless (a wrong key, a lost database) is raised after the requests in flight.
        """
        captioned = Event()
        readers = max(2, os.cpu_count() or 2)
        with (
            ThreadPoolExecutor(readers, "prepare") as reading,
            ThreadPoolExecutor(self.concurrency, "ask") as callers,
            ThreadPoolExecutor(1, "index") as writer,
        ):
            writing = writer.submit(indexing.run, captioned, self.run.stop) if indexing else None
            asking = partial(self._pass, reading, callers, 2 * readers)
            try:
                for outcome in self._ask_all(asking, writing):
                    if outcome.status == "captioned" and outcome.image_id is not None and indexing is not None:
                        indexing.awaited.add(outcome.image_id)
                    yield outcome
                captioned.set()
                if writing is not None:
                    writing.result()
            except BaseException:
                self.run.stop.set()
                raise
            finally:
                captioned.set()

    def _ask_all(self, ask: Callable[[], Iterator[Job | Outcome]], writing: Future[None] | None) -> Iterator[Outcome]:
        """Ask until nothing is stale: what another run is asking for is waited for."""
        waiting = True
        while waiting and not self.stale.is_over() and self.stale.is_any_left():
            waiting = False
            for item in ask():
                if writing is not None and writing.done():
                    writing.result()  # a failure of the index writer ends the run before more money is spent
                outcome = self._explain(item) if isinstance(item, Job) else _told(item)
                if outcome is None:
                    waiting = True
                    continue
                if outcome.status != "captioned" and outcome.image_id is not None:
                    self.stale.give_up(outcome.image_id)
                yield outcome
            if waiting:
                self.run.stop.wait(_POLL_S)

    def _explain(self, job: Job) -> Outcome | None:
        """Return what an image is that could not be claimed; None where another run is asking for it."""
        requests, location = self.run.store.requests, job.found.location
        if requests.find_claimed_elsewhere(self.run.id, [job.image_id]):
            return None
        if requests.find_batched([job.image_id]):
            return Outcome(location=location, status="batched", image_id=job.image_id)
        return replace(explain(self.run.store, job.claimed, location), image_id=job.image_id)

    def _pass(self, reading: ThreadPoolExecutor, callers: ThreadPoolExecutor, ahead: int) -> Iterator[Job | Outcome]:
        prepared: Iterable[Job | Outcome] = LookAhead(reading, self.stale.prepare, ahead).over(self.stale.find())
        if self.batching is not None:
            return self.batching.run(prepared)
        return LookAhead(callers, self.captioning.caption, self.concurrency + ahead).over(prepared)


def _told(outcome: Outcome) -> Outcome:
    """Return what came of an image; one that was asked about in vain has failed, also where an older caption serves."""
    if outcome.status == "known" and outcome.requests:
        return replace(outcome, status="failed", quarantined=True)
    return outcome
