"""One reindex as the terminal shows it: the plan before, a bar while, the verdict and what to do after."""

import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from indexer.catalog.embedding import Embedders
from indexer.catalog.embedding.embedder import remote_model
from indexer.catalog.embedding.weights import find_folder
from indexer.catalog.store import Store
from indexer.cli.golden_queries import load_queries, say_faults
from indexer.cli.output import ALL_DONE, REFUSED, SOME_FAILED, STOPPED, print_json, say
from indexer.cli.progress import Progress
from indexer.cli.reindex_plan import Forecast, describe_plan, print_plan
from indexer.cli.reindex_report import describe_end, end_figures
from indexer.cli.stopping import stop_on_signals
from indexer.cli.telling import describe_rest, tell_failure, tell_lost
from indexer.cli.wiring import build_reindexing, make_run
from indexer.errors import DatabaseError
from indexer.models import GenerationId
from indexer.pipelines.generations.dropping import drop_remains
from indexer.pipelines.outcomes import Tally
from indexer.pipelines.reindexing.gate import Terms
from indexer.pipelines.reindexing.planning import Renewal, plan_renewal, time_embedder
from indexer.pipelines.reindexing.reindexing import Reindexing, Wish
from indexer.pipelines.reindexing.targets import Target, get_live
from indexer.pricing import BATCH_SHARE
from indexer.settings import Settings


class ReindexRun:
    """What `indexer reindex` does once its flags are read."""

    def __init__(
        self, store: Store, settings: Settings, target: Target, *, retry_failed: bool, batches: bool, as_json: bool
    ) -> None:
        self._store = store
        self._settings = settings
        self._target = target
        self._retry = retry_failed
        self._batches = batches
        self._as_json = as_json
        self._tally = Tally()

    def plan(self) -> int:
        """Print what there is to do; nothing is sent or written."""
        forecast = self._plan()
        if self._as_json:
            print_plan(forecast)
        else:
            print("\n".join([*describe_plan(forecast), "Nothing was sent."]))
        return ALL_DONE

    def do(self, golden: Path | None, terms: Terms, *, activate: bool | None) -> int:
        """Run it, print what came of it and return the exit code."""
        with self._store.generations.hold_reindexing() as is_ours:
            if not is_ours:
                raise DatabaseError("Another reindex is running: let it finish, or stop it.")
            drop_remains(self._store)
            queries, faults = load_queries(self._store, golden, judgements=True)
            wish = Wish(activate=activate, terms=terms, queries=queries)
            forecast = self._plan()
            for sentence in describe_plan(forecast):
                say(sentence)
            code = self._run(forecast, wish)
            return max(code, say_faults(faults))

    def _plan(self) -> Forecast:
        live = get_live(self._store)
        share = BATCH_SHARE if self._batches else 1.0
        renewal = plan_renewal(self._store, self._target, retry=self._retry, price_share=share)
        return Forecast(
            live=live,
            target=self._target,
            renewal=renewal,
            at_once=None if self._batches else self._settings.concurrency,
            embedding_s=None if self._target.embedder == live.embedder else self._time_embedding(self._target.embedder),
            budget_usd=self._settings.budget,
        )

    def _time_embedding(self, name: str) -> float | None:
        """Return how long embedding takes, in seconds; None where trying it would cost money or a download."""
        if remote_model(name) is not None:
            return None
        if find_folder(name) is None:
            say(f"{name} is not on this machine yet, so how long it takes to embed is not known.")
            return None
        pace = time_embedder(self._store, Embedders(self._settings).for_bulk(name))
        return self._store.renewals.count_sentences() / pace if pace else None

    def _run(self, forecast: Forecast, wish: Wish) -> int:
        started = time.monotonic()
        with stop_on_signals() as stop, self._store.runs.running("reindex", self._arguments()) as run_id:
            tell_lost(self._store.requests.lose_abandoned())
            run = make_run(self._store, self._settings, self._target, run_id, retry_failed=self._retry, stop=stop)
            reindexing = build_reindexing(run, self._settings, self._target, wish, batches=self._batches)
            ended = "failed"
            try:
                self._follow(reindexing, forecast.renewal)
                ended = "refused" if reindexing.is_refused else "stopped" if stop.is_set() else "done"
            finally:
                summary: dict[str, object] = {**self._tally.summary(), "indexed": reindexing.written, "ended": ended}
                summary |= {"seconds": round(time.monotonic() - started, 3)}
                summary |= {"budget_exhausted": run.budget.is_exhausted}
                summary |= {"generation": reindexing.generation and reindexing.generation.id}
                self._store.runs.finish_run(run_id, summary)
            self._show(reindexing, forecast.live.id, summary)
        return self._exit_code(reindexing, ended)

    def _arguments(self) -> dict[str, object]:
        captioner = self._target.captioner
        made = {"captioner": captioner.name, "model": captioner.model, "embedder": self._target.embedder}
        return {"kind": self._target.kind, **made}

    def _follow(self, reindexing: Reindexing, renewal: Renewal) -> None:
        terminal = sys.stderr.isatty()
        total = renewal.asking.to_do + renewal.batched
        progress = Progress(self._tally, lambda: reindexing.written, total=total or None)

        def tell(sentence: str) -> None:
            say(sentence)
            progress.name(sentence)

        reindexing.tell = tell
        with progress if terminal else nullcontext():
            for outcome in reindexing.reindex():
                self._tally.seen += 1
                self._tally.add(outcome)
                progress.advance()
                tell_failure(outcome, self._tally, as_json=self._as_json)

    def _show(self, reindexing: Reindexing, before: GenerationId, summary: Mapping[str, object]) -> None:
        if self._as_json:
            print_json({**summary, **end_figures(reindexing)})
            return
        is_exhausted = reindexing.run.budget.is_exhausted
        rest = describe_rest(summary["ended"], self._settings.budget, is_exhausted=is_exhausted)
        print("\n".join([*describe_end(reindexing, before, self._tally, summary), *rest]))

    def _exit_code(self, reindexing: Reindexing, ended: str) -> int:
        if reindexing.is_refused:
            return REFUSED
        if ended == "stopped":
            return STOPPED
        return SOME_FAILED if self._tally.counts["failed"] else ALL_DONE
