"""One ingest as the terminal shows it: notices before, a bar while, a summary after."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path

from indexer.captioning.imported import ImportCaptioner
from indexer.cli.ingest_plan import show_plan
from indexer.cli.manifests import noun_of, tell_bare_images, tell_questions_unanswered
from indexer.cli.output import ALL_DONE, SOME_FAILED, STOPPED, print_json, say
from indexer.cli.progress import Progress
from indexer.cli.stopping import stop_on_signals
from indexer.cli.telling import announce_offline, describe_requests_made, describe_rest, tell_failure, tell_lost
from indexer.models import Found, RunId, counted, name_captioner
from indexer.pipelines.assembling import build_ingesting
from indexer.pipelines.importing import settle_lines
from indexer.pipelines.ingesting import Ingesting
from indexer.pipelines.keeping import keep_manifests
from indexer.pipelines.outcomes import Outcome, Status, Tally
from indexer.pipelines.planning import Planning
from indexer.pipelines.preparing import Preparing
from indexer.pipelines.run import Run
from indexer.pricing import BATCH_SHARE
from indexer.settings import Settings
from indexer.sources.finding import find_everything

_ALSO: tuple[tuple[Status, str], ...] = (
    ("failed", "failed"),
    ("uncaptioned", "without a caption"),
    ("batched", "waiting in a batch"),
    ("left", "left"),
)


class IngestRun:
    """What `indexer ingest` does once its flags are read."""

    def __init__(
        self,
        run: Run,
        settings: Settings,
        sources: Sequence[Path],
        limit: int | None,
        *,
        batches: bool,
        as_json: bool,
    ) -> None:
        self._run = run
        self._settings = settings
        self._sources = sources
        self._limit = limit
        self._batches = batches
        self._as_json = as_json
        self._tally = Tally()

    def plan(self) -> int:
        """Print what there is to do; nothing is sent or written."""
        planning = Planning(self._run, Preparing(self._run), price_share=BATCH_SHARE if self._batches else 1.0)
        plan = planning.plan(self._found())
        for outcome in plan.failures:
            self._tally.add(outcome)
            tell_failure(outcome, self._tally, as_json=self._as_json)
        noun, at_once = noun_of(self._sources), None if self._batches else self._settings.concurrency
        show_plan(plan, self._tally.seen, noun, self._run.captioner.model, at_once, as_json=self._as_json)
        return ALL_DONE

    def do(self) -> int:
        """Run it, print the summary and return the exit code."""
        started = time.monotonic()
        arguments = {
            "sources": [str(source) for source in self._sources],
            "captioner": self._run.captioner.name,
            "model": self._run.captioner.model,
        }
        with stop_on_signals() as stop, self._run.store.runs.running("ingest", arguments) as run_id:
            tell_lost(self._run.store.requests.lose_abandoned())
            run = replace(self._run, id=run_id, stop=stop)
            ingesting = build_ingesting(run, self._settings, tell=say, batches=self._batches)
            keep_manifests(self._run.store, run_id, self._sources)
            ended = "failed"
            try:
                self._follow(ingesting)
                ended = "stopped" if stop.is_set() else "done"
            finally:
                summary: dict[str, object] = {**self._tally.summary(), "indexed": ingesting.indexing.count_indexed()}
                summary |= {"seconds": round(time.monotonic() - started, 3), "ended": ended}
                summary["budget_exhausted"] = self._run.budget.is_exhausted
                self._run.store.runs.finish_run(run_id, summary)
                self._show(summary)
                self._tell_late(run_id)
                tell_bare_images(self._run.store, self._sources)
        if stop.is_set():
            return STOPPED
        return SOME_FAILED if self._tally.counts["failed"] else ALL_DONE

    def _follow(self, ingesting: Ingesting) -> None:
        terminal = sys.stderr.isatty()
        total = sum(1 for _ in islice(find_everything(self._sources), self._limit)) if terminal else None
        progress = Progress(self._tally, lambda: ingesting.indexing.written, total=total)
        with progress if terminal else nullcontext():
            for outcome in ingesting.ingest(self._found()):
                self._tally.add(outcome)
                progress.advance()
                tell_failure(outcome, self._tally, as_json=self._as_json)
        for outcome in self._settle_lines(ingesting.run):
            self._tally.add(outcome)
            tell_failure(outcome, self._tally, as_json=self._as_json)

    def _settle_lines(self, run: Run) -> Iterator[Outcome]:
        if isinstance(self._run.captioner, ImportCaptioner) and self._limit is None and not run.stop.is_set():
            yield from settle_lines(self._run.store, self._run.captioner, run.id)

    def _found(self) -> Iterator[Found]:
        for item in islice(find_everything(self._sources), self._limit):
            self._tally.seen += 1
            yield item

    def announce(self, said: str | None) -> None:
        """Tell the user what he might not expect: how captions are made, and what they join."""
        announce_offline(self._run.captioner, self._settings)
        tell_questions_unanswered(self._run.captioner, self._sources)
        live = self._run.store.generations.get_live()
        set_here = "embedder" in self._settings.model_fields_set
        if live is not None and set_here and live.embedder != self._settings.embedder:
            say(
                f"The live index was made with the embedder {live.embedder}, which is used here too; "
                f"`indexer reindex --embedder {self._settings.embedder}` moves it."
            )
        if said is not None:
            say(said)

    def _show(self, summary: Mapping[str, object]) -> None:
        if self._as_json:
            print_json(summary)
            return
        counts = self._tally.counts
        parts = [
            f"{self._tally.seen} {noun_of(self._sources)} seen",
            f"{counts['captioned']} captioned",
            f"{counts['known']} known",
        ]
        parts += [f"{counts[status]} {name}" for status, name in _ALSO if counts[status]]
        asked = f", {describe_requests_made(self._tally)}" if self._tally.requests else ""
        print(f"{', '.join(parts)}; {summary['indexed']} indexed{asked}, {summary['seconds']} s.")
        self._tell_mix()
        if counts["failed"]:
            print("`indexer failures` lists what failed and why.")
        if counts["batched"]:
            print("`indexer ingest --batch` collects what waits in a batch.")
        for sentence in describe_rest(
            summary["ended"], self._settings.budget, is_exhausted=self._run.budget.is_exhausted
        ):
            print(sentence)

    def _tell_mix(self) -> None:
        """Say that captions of another captioner than its own have joined the live index."""
        live, ours = self._run.store.generations.get_live(), (self._run.captioner.name, self._run.captioner.model)
        if live is not None and self._tally.counts["captioned"] and (live.captioner, live.model) != ours:
            named = name_captioner(*ours)
            print(f"The live index was made with {live.captioner_name}; captions by {named} joined it (see `status`).")

    def _tell_late(self, run_id: RunId) -> None:
        """Say what becomes of answers that came after another generation had gone live."""
        late = self._run.store.captions.count_late(run_id)
        if late is None:
            return
        came = counted(late.captions, "caption", "captions")
        then = "none of their images needs another"
        if late.unanswered:
            images = "that image" if late.captions == 1 else f"{late.unanswered} of these images"
            then = f"the next `indexer ingest` asks about {images} again"
        say(f"{came} came with the replaced prompt after generation {late.generation_id} went live: kept, and {then}.")
