"""One run of edits as the terminal shows it: faults and notices before, a bar while, a summary after."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from indexer.cli.edit_plan import show_plan
from indexer.cli.edit_requests import Requests
from indexer.cli.output import ALL_DONE, SOME_FAILED, STOPPED, print_json, say
from indexer.cli.progress import Progress
from indexer.cli.stopping import stop_on_signals
from indexer.cli.telling import announce_offline, describe_requests_made, describe_rest, tell_failure, tell_lost
from indexer.editing.editor import Editor
from indexer.errors import BadImageError
from indexer.models import counted
from indexer.pipelines.assembling import build_editing, build_ingesting
from indexer.pipelines.editing.editing import Edited, Editing
from indexer.pipelines.editing.filing import Filing
from indexer.pipelines.editing.forgetting import forget_gone_lines
from indexer.pipelines.editing.planning import plan_edits
from indexer.pipelines.editing.results import NAME, Results
from indexer.pipelines.outcomes import Tally
from indexer.pipelines.run import Run
from indexer.settings import Settings


class EditRun:
    """What `indexer edit` does once its flags are read."""

    def __init__(
        self,
        run: Run,
        settings: Settings,
        editor: Editor,
        requests: Requests,
        output: Path,
        *,
        concurrency: int,
        force: bool,
        as_json: bool,
    ) -> None:
        self._run = run
        self._settings = settings
        self._editor = editor
        self._requests = requests
        self._output = output
        self._concurrency = concurrency
        self._force = force
        self._as_json = as_json
        self._edits = Tally()
        self._captions = Tally()
        self._images = 0
        self._found = 0  # images that a run looks at: those to be edited, and those that were

    def announce(self, said: str | None) -> None:
        """Tell the user what he might not expect: how captions are made."""
        announce_offline(self._run.captioner, self._settings)
        if said is not None:
            say(said)

    def plan(self) -> int:
        """Print what there is to do; nothing is sent or written."""
        plan = plan_edits(self._run, self._editor, self._requests, force=self._force)
        show_plan(plan, self._editor.model, as_json=self._as_json)
        return ALL_DONE

    def do(self) -> int:
        """Run it, print the summary and return the exit code."""
        started = time.monotonic()
        self._check_flags()
        filing = Filing(self._output).open()  # a run that cannot keep anything is not begun
        arguments = {"model": self._editor.model, "requests": len(self._requests), "output": str(self._output)}
        with stop_on_signals() as stop, self._run.store.runs.running("edit", arguments) as run_id:
            tell_lost(self._run.store.requests.lose_abandoned())
            forget_gone_lines(self._run.store)
            ingesting = build_ingesting(replace(self._run, id=run_id, stop=stop), self._settings, tell=say)
            editing = build_editing(ingesting, self._editor, filing, concurrency=self._concurrency, force=self._force)
            ended = "failed"
            try:
                self._follow(editing, filing.output)
                ended = "stopped" if stop.is_set() else "done"
            finally:
                summary = self._summary(editing, ended, time.monotonic() - started)
                self._run.store.runs.finish_run(run_id, summary)
                self._show(summary)
        if stop.is_set():
            return STOPPED
        return SOME_FAILED if self._edits.counts["failed"] or self._captions.counts["failed"] else ALL_DONE

    def _check_flags(self) -> None:
        """Raise BadImageError where the request of the flags cannot be done: it is no run."""
        if not self._requests.is_file:
            plan = plan_edits(self._run, self._editor, self._requests, force=self._force)
            for _location, reason in plan.faults:
                raise BadImageError(reason)

    def _follow(self, editing: Editing, output: Path) -> None:
        indexing = editing.ingesting.indexing
        progress = Progress(self._edits, lambda: indexing.written, total=len(self._requests), also=self._tell_stages)

        def tell(edited: Edited) -> None:
            self._edits.seen += 1
            self._edits.add(edited.outcome)
            self._images += len(edited.files)
            self._found += len(edited.items)
            progress.advance(is_known=edited.outcome.status == "known")
            tell_failure(edited.outcome, self._edits, as_json=self._as_json)
            if edited.files:
                results.add(edited.request.number, edited.request.written, edited.files, error=edited.error_said)

        with Results(output) as results:
            with progress if sys.stderr.isatty() else nullcontext():
                for outcome in editing.edit(self._requests, tell):
                    self._captions.add(outcome)
                    tell_failure(outcome, self._captions, as_json=self._as_json)
            results.put_in_order()

    def _tell_stages(self) -> Iterator[str]:
        yield f"{self._edits.counts['edited']:,} edited"
        if open_ := self._found - sum(self._captions.counts.values()):
            yield f"{open_:,} to caption"

    def _summary(self, editing: Editing, ended: str, seconds: float) -> dict[str, object]:
        edits, captions = self._edits, self._captions
        return {
            "seen": edits.seen,
            "known": edits.counts["known"],
            "edited": edits.counts["edited"],
            "failed": edits.counts["failed"],
            "left": edits.counts["left"],
            "images": self._images,
            "captioned": captions.counts["captioned"],
            "uncaptioned": captions.counts["failed"] + captions.counts["uncaptioned"],
            "indexed": editing.ingesting.indexing.count_indexed(),
            "requests": edits.requests,
            "tokens": edits.tokens,
            "cost_usd": round(edits.cost_usd, 6),
            "caption_requests": captions.requests,
            "caption_cost_usd": round(captions.cost_usd, 6),
            "seconds": round(seconds, 3),
            "ended": ended,
            "budget_exhausted": self._run.budget.is_exhausted,
        }

    def _show(self, summary: Mapping[str, object]) -> None:
        if self._as_json:
            print_json(summary)
            return
        counts = self._edits.counts
        if summary["ended"] == "failed" and not (self._images or counts["known"] or counts["failed"]):
            return  # what ended it says all
        parts = [f"{counts['edited']} edited", f"{counts['known']} known"]
        parts += [f"{counts[status]} {status}" for status in ("failed", "left") if counts[status]]
        images = counted(self._images, "image", "images")
        asked = f", {describe_requests_made(self._edits)}" if self._edits.requests else ""
        print(
            f"{', '.join(parts)}: {images} in {self._output}; {summary['indexed']} indexed{asked}, "
            f"{summary['seconds']} s."
        )
        if self._captions.requests:
            print(f"Captions: {describe_requests_made(self._captions)}.")
        if self._images:
            print(f"{self._output / NAME} lists them; `indexer lineage IMAGE` shows what each was made of.")
        if (counts["failed"] and self._requests.is_file) or self._captions.counts["failed"]:
            print("`indexer failures` lists what failed and why.")
        for sentence in describe_rest(
            summary["ended"], self._settings.budget, is_exhausted=self._run.budget.is_exhausted
        ):
            print(sentence)
