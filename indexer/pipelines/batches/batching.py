"""Ask by batches: claims are written to files of requests, the files sent, their answers collected when they come."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from indexer.captioning.openai_batches import MOST_LINES, BatchState, batch_line
from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.errors import ModelUnusableError
from indexer.models import ImageId, RequestId, Usage
from indexer.pipelines.batches.batch_queue import BatchQueue, SentBatch
from indexer.pipelines.batches.collecting import Collecting, Unanswered
from indexer.pipelines.batches.request_files import RequestFile
from indexer.pipelines.captioning import Captioning
from indexer.pipelines.jobs import Job
from indexer.pipelines.outcomes import Outcome, Status
from indexer.pipelines.run import Run

_MOST_ROUNDS = 3  # of sending what a budget has room for
_TRIES = 3  # of an image whose line brings no answer
# The answer at half the price and a repair at the full one, of the most that one costs: two at the full price.
_MOST_SHARE = 0.75


class Reading(Protocol):
    """What a run's pictures are read by."""

    def again(self, job: Job) -> Job | Outcome:
        """Read the picture of a job once more."""


class Batching:
    """The captioner's stage of a run that asks by batches; it goes on with those of the runs before it."""

    def __init__(
        self,
        run: Run,
        queue: BatchQueue,
        captioner: OpenAICaptioner,
        preparing: Reading,
        captioning: Captioning,
    ) -> None:
        self._run = run
        self._queue = queue
        self._captioner = captioner
        self._preparing = preparing
        self._captioning = captioning
        self._collecting = Collecting(run, captioner, captioning)
        self._file: RequestFile | None = None
        self._reserved: dict[RequestId, float] = {}
        self._expected: dict[ImageId, list[str]] = {}  # where this run found what waits for an answer
        self._unanswered: Counter[ImageId] = Counter()
        self._later: list[Job] = []
        self._most_lines = MOST_LINES
        self._rounds = 0

    def run(self, prepared: Iterable[Job | Outcome]) -> Iterator[Job | Outcome]:
        """Yield outcomes as batches are collected; jobs that another living run is asking about are handed back.

        Raises ModelUnusableError where another process is at it, or where a batch is refused as a whole.
        """
        with self._run.store.requests.hold_batches() as is_ours, tempfile.TemporaryDirectory("-caption-search") as name:
            if not is_ours:
                raise ModelUnusableError("Another command is sending and collecting batches; let it, or stop it.")
            folder = Path(name)
            try:
                self._queue.adopt()
                for item in prepared:
                    yield from [item] if isinstance(item, Outcome) else self._add(item, folder)
                while self._send() or self._queue.sent:
                    yield from self._collect_next(folder)
                    if self._run.stop.is_set():
                        break
            finally:
                if self._file is not None:
                    self._run.store.requests.drop_unsent(self._file.request_ids)
        for image_id, locations in self._expected.items():
            status: Status = "batched" if self._run.store.requests.find_batched([image_id]) else "left"
            yield from (Outcome(location=location, status=status, image_id=image_id) for location in locations)

    def _add(self, job: Job, folder: Path) -> Iterator[Job | Outcome]:
        """Claim an image and write its request; wait for answers where the budget has no room."""
        if self._run.budget.is_limited and self._run.store.requests.find_batched([job.image_id]):
            yield from self._pass_by(job)
            return
        most_usd = _MOST_SHARE * self._captioning.most_cost_usd(job)
        while not self._run.budget.try_reserve(most_usd):
            self._send()
            # Answers cost less than they reserve, so that there is room again; but each round may take a day.
            self._rounds += 1
            if not self._queue.sent or self._rounds > _MOST_ROUNDS:
                self._run.budget.is_exhausted = True
            if self._run.budget.is_exhausted or self._run.stop.is_set():
                yield Outcome(location=job.found.location, status="left")
                return
            yield from self._collect_next(folder)
        request_id = self._captioning.claim(job)
        if request_id is None:
            self._run.budget.settle(most_usd, 0.0)
            yield from self._pass_by(job)
            return
        self._reserved[request_id] = most_usd
        self._expected.setdefault(job.image_id, [job.found.location])
        self._write(job, request_id, folder)

    def _pass_by(self, job: Job) -> Iterator[Job]:
        """Let an image wait for the answer that is under way; hand back what another run is asking about."""
        if self._is_waited_for(job):
            self._expected.setdefault(job.image_id, []).append(job.found.location)
        else:
            yield job

    def _is_waited_for(self, job: Job) -> bool:
        return job.image_id in self._expected or bool(self._run.store.requests.find_batched([job.image_id]))

    def _write(self, job: Job, request_id: RequestId, folder: Path) -> None:
        dialect = self._file.dialect if self._file else self._captioner.dialect
        line = batch_line(str(request_id), dialect.body(self._captioner.model, job.subject, job.prompts))
        if self._file is not None and not self._file.has_room(line):
            self._send()
        if self._file is None:
            self._file = RequestFile(folder, dialect, most_lines=self._most_lines)
        self._file.add(request_id, line)

    def _send(self) -> bool:
        """Send the file that is being written, unless the run was stopped; tell whether there was one."""
        if self._file is None or self._run.stop.is_set():
            return False
        file, self._file = self._file, None
        self._queue.send(file)
        return True

    def _collect_next(self, folder: Path) -> Iterator[Job | Outcome]:
        """Wait until a batch has ended, commit what it brought, and write anew what it did not answer."""
        ended = self._queue.take_ended()
        if ended is None:
            return
        batch, state = ended
        unanswered: list[Job] = []
        if state.status == "failed":
            unanswered += self._put_off(batch, state)
        else:
            for item, request_id in self._collect(batch, state, folder):
                self._settle_budget(item, request_id)
                yield from self._finish(item, request_id, unanswered)
            unanswered += self._take_up()
        for request_id in batch.request_ids:
            self._run.budget.settle(self._reserved.pop(request_id, 0.0), 0.0)
        self._queue.clean_up(batch)
        self._captioning.follow()  # hours may have gone by
        for job in unanswered:
            if state.status == "cancelled":  # by somebody who did not want it answered
                yield from self._report(Outcome(location=job.found.location, status="left", image_id=job.image_id))
            else:
                yield from self._add_again(job, folder)

    def _collect(
        self, batch: SentBatch, state: BatchState, folder: Path
    ) -> Iterator[tuple[Outcome | Unanswered, RequestId]]:
        # Of a batch of an earlier run, this one's budget has set nothing aside for repairs.
        may_repair = bool(batch.request_ids) or not self._run.budget.is_limited
        for path in self._queue.fetch_results(state, folder):
            yield from self._collecting.collect(path, state, may_repair=may_repair)
            path.unlink()
        yield from self._collecting.find_unanswered(batch.id)

    def _settle_budget(self, item: Outcome | Unanswered, request_id: RequestId) -> None:
        """Give a reservation back; batches of earlier runs were charged to those."""
        if request_id in self._reserved:
            most_usd = self._reserved.pop(request_id)
            self._run.budget.settle(most_usd, item.cost_usd(most_usd) if isinstance(item, Outcome) else 0.0)

    def _finish(self, item: Outcome | Unanswered, request_id: RequestId, unanswered: list[Job]) -> Iterator[Outcome]:
        if isinstance(item, Outcome):
            yield from self._report(item)
            return
        self._unanswered[item.job.image_id] += not item.is_dialect
        if self._unanswered[item.job.image_id] >= _TRIES:
            yield from self._report(self._captioning.give_up(item.job, request_id, "unavailable", item.reason))
            return
        self._captioning.close(request_id, "unavailable")
        self._captioning.ask_again(item.job)
        unanswered.append(item.job)

    def _report(self, outcome: Outcome) -> Iterator[Outcome]:
        """Yield an outcome for every place of its image in this run; what was paid counts once."""
        places = self._expected.pop(outcome.image_id, []) if outcome.image_id is not None else []
        first, *others = places or [outcome.location]
        yield replace(outcome, location=first)
        same = "known" if outcome.status == "captioned" else outcome.status
        yield from (replace(outcome, location=place, status=same, requests=0, usage=Usage()) for place in others)

    def _put_off(self, batch: SentBatch, state: BatchState) -> list[Job]:
        """Free the images of a batch that failed as a whole.

        One that is too much for now is sent again when another has ended; too much by itself, in halves.
        """
        image_ids = self._run.store.requests.close_batch(batch.id, "lost")
        if not state.is_too_much or (len(image_ids) <= 1 and not self._queue.sent):
            raise ModelUnusableError(f"The endpoint refused a batch, and nothing of it was paid: {state.reason}")
        jobs = [self._collecting.job_of(image_id) for image_id in image_ids]
        for job in jobs:
            self._captioning.ask_again(job)
        if self._queue.sent:
            self._later += jobs
            return []
        self._most_lines = max(1, len(jobs) // 2)
        return jobs

    def _take_up(self) -> list[Job]:
        """Return what was put off until a batch had ended."""
        jobs, self._later = self._later, []
        return jobs

    def _add_again(self, job: Job, folder: Path) -> Iterator[Job | Outcome]:
        prepared = self._preparing.again(job)
        added = [prepared] if isinstance(prepared, Outcome) else self._add(prepared, folder)
        for item in added:
            yield from self._report(replace(item, image_id=job.image_id)) if isinstance(item, Outcome) else [item]
