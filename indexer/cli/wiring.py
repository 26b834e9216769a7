"""Put the stages of a run together: the composition root of the commands."""

from functools import cache
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from indexer.captioning.limiting import Limiter
from indexer.captioning.prompts import Wording
from indexer.catalog.embedding import Embedders
from indexer.catalog.searching import Searcher
from indexer.catalog.store import Store
from indexer.cli.output import say
from indexer.errors import SettingsError
from indexer.models import RETRIEVAL, GenerationId, RunId
from indexer.pipelines.asking import Asking
from indexer.pipelines.captioning import Captioning
from indexer.pipelines.choosing import build_budget, build_captioner, choose_prompts
from indexer.pipelines.editing.calling import Calling
from indexer.pipelines.editing.editing import Editing
from indexer.pipelines.editing.filing import Filing
from indexer.pipelines.editing.turning import Turning
from indexer.pipelines.following import Following
from indexer.pipelines.indexing import LONGEST_POLL_S, FirstGeneration, Indexing
from indexer.pipelines.ingesting import Ingesting
from indexer.pipelines.preparing import Preparing
from indexer.pipelines.reindexing.reindexing import Reindexing, Wish
from indexer.pipelines.reindexing.renewing import Renewing
from indexer.pipelines.reindexing.stale import Stale
from indexer.pipelines.reindexing.targets import Target
from indexer.pipelines.run import Run
from indexer.settings import Settings

if TYPE_CHECKING:
    from indexer.editing.editor import Editor
    from indexer.pipelines.batches.batching import Batching, Reading

# Captioners that call nothing use the cores by themselves: two at once keep them busy.
FREE_CALLERS = 2
# While batches take their hours, entries need not be looked for every other second.
_BATCH_POLL_S = 20.0


def build_ingesting(run: Run, settings: Settings, *, batches: bool = False) -> Ingesting:
    """Return the stages of one ingest run; raises SettingsError where a captioner has no batches."""
    concurrency = settings.concurrency if run.captioner.is_paid else FREE_CALLERS
    following = Following(run, tell=say)
    preparing = Preparing(run, following)
    captioning = Captioning(run, Asking(Limiter(concurrency), run.stop), following)
    first = FirstGeneration(
        prompt_id=next((prompt.id for prompt in run.prompts if prompt.kind == RETRIEVAL), None),
        captioner=run.captioner.name,
        model=run.captioner.model,
        embedder=settings.embedder,
    )
    return Ingesting(
        run=run,
        following=following,
        preparing=preparing,
        captioning=captioning,
        batching=_build_batching(run, preparing, captioning) if batches else None,
        indexing=Indexing(
            store=run.store,
            load_embedder=Embedders(settings).for_bulk,
            first=first,
            run_id=run.id,
            longest_poll_s=_BATCH_POLL_S if batches else LONGEST_POLL_S,
        ),
        concurrency=concurrency,
    )


def build_renewing(run: Run, settings: Settings, target: Target, *, batches: bool = False) -> Renewing:
    """Return the captioner's stage of a reindex; raises SettingsError where a captioner has no batches."""
    concurrency = settings.concurrency if run.captioner.is_paid else FREE_CALLERS
    stale = Stale(run, target.making(retry=run.retry_failed), asks=target.asks)
    captioning = Captioning(run, Asking(Limiter(concurrency), run.stop))
    return Renewing(
        run=run,
        stale=stale,
        captioning=captioning,
        batching=_build_batching(run, stale, captioning) if batches else None,
        concurrency=concurrency,
    )


def build_editing(
    run: Run, settings: Settings, editor: "Editor", output: Path, *, concurrency: int, force: bool
) -> Editing:
    """Return the stages of one run of edits, whose images are captioned as an ingest would."""
    ingesting, filing = build_ingesting(run, settings), Filing(output)
    asking = Asking(Limiter(concurrency), run.stop)
    calling = Calling(run, editor, asking, filing, lambda: ingesting.following.wanted)
    turning = Turning(run, ingesting.preparing, calling, filing, force=force)
    return Editing(ingesting=ingesting, turning=turning, filing=filing, concurrency=concurrency)


def make_editing_run(
    store: Store, settings: Settings, editor: "Editor", prompts: Path, *, retry_failed: bool, dry_run: bool
) -> tuple[Run, str | None]:
    """Return a run whose images are captioned as an ingest would, and what to tell the user of the prompts.

    Raises SettingsError where a budget could not be kept.
    """
    captioner = build_captioner(settings, captions=None)
    budget = build_budget(settings, captioner)
    if budget.is_limited and not editor.has_price:
        raise SettingsError(
            f"A budget cannot be kept without the price of {editor.model}: write it into ./pricing.toml (see README)."
        )
    asked, said = choose_prompts(store, captioner, [RETRIEVAL], prompts, Wording.of(settings), dry_run=dry_run)
    run = Run(id=RunId(0), store=store, captioner=captioner, prompts=asked, budget=budget, retry_failed=retry_failed)
    return run, said


def make_run(
    store: Store, settings: Settings, target: Target, run_id: RunId, *, retry_failed: bool, stop: Event
) -> Run:
    """Return the run of a reindex."""
    return Run(
        id=run_id,
        store=store,
        captioner=target.captioner,
        prompts=(target.prompt,) if target.prompt and target.asks else (),
        budget=build_budget(settings, target.captioner),
        retry_failed=retry_failed,
        renew=True,
        stop=stop,
    )


def build_reindexing(run: Run, settings: Settings, target: Target, wish: Wish, *, batches: bool) -> Reindexing:
    """Return the stages of one reindex."""
    embedders = Embedders(settings)
    return Reindexing(
        run=run,
        target=target,
        renewing=build_renewing(run, settings, target, batches=batches),
        load_embedder=cache(embedders.for_bulk),
        search=Searcher(run.store, embedders.for_queries).search,
        wish=wish,
        tell=say,
    )


def index_stale(
    store: Store,
    settings: Settings,
    command: str,
    *,
    generation_id: GenerationId | None = None,
    stop: Event | None = None,
) -> int:
    """Write every entry of a generation, or the live one, that is missing or stale; return how many that were."""
    done, stop = Event(), stop or Event()
    done.set()
    with store.runs.running(command, {"generation": generation_id}) as run_id:
        indexing = Indexing(
            store=store,
            load_embedder=Embedders(settings).for_bulk,
            first=None,
            run_id=run_id,
            generation_id=generation_id,
        )
        indexing.run(done, stop)
        ended = "stopped" if stop.is_set() else "done"
        store.runs.finish_run(run_id, {"indexed": indexing.written, "generation": generation_id, "ended": ended})
    return indexing.written


def _build_batching(run: Run, reading: "Reading", captioning: Captioning) -> "Batching":
    from indexer.captioning.openai_batches import OpenAIBatches
    from indexer.captioning.openai_chat import OpenAICaptioner
    from indexer.pipelines.batches.batch_queue import BatchQueue
    from indexer.pipelines.batches.batching import Batching

    captioner = run.captioner
    if not isinstance(captioner, OpenAICaptioner):
        raise SettingsError(f"--batch needs an endpoint with OpenAI's Batch API, which {captioner.name} has not.")
    queue = BatchQueue(run, OpenAIBatches(captioner.client), captioner, tell=say)
    return Batching(run, queue, captioner, reading, captioning)
