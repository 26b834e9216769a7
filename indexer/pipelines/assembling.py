"""Put the stages of a run that captions together: for the commands, and for the service."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.captioning.limiting import Limiter
from indexer.captioning.prompts import Wording
from indexer.catalog.embedding import Embedder, Embedders
from indexer.catalog.store import Store
from indexer.editing.editor import Editor
from indexer.errors import SettingsError
from indexer.models import RETRIEVAL, RunId
from indexer.pipelines.asking import LONGEST_BUSY_S, Asking, Once
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
from indexer.pipelines.run import Run
from indexer.settings import Settings

if TYPE_CHECKING:
    from indexer.pipelines.batches.batching import Batching, Reading

# Captioners that call nothing use the cores by themselves: two at once keep them busy.
FREE_CALLERS = 2
# While batches take their hours, entries need not be looked for every other second.
_BATCH_POLL_S = 20.0


def build_ingesting(
    run: Run,
    settings: Settings,
    *,
    tell: Callable[[str], None],
    load_embedder: Callable[[str], Embedder] | None = None,
    batches: bool = False,
    patience_s: float = LONGEST_BUSY_S,
) -> Ingesting:
    """Return the stages of one ingest run, which tells what happens to its prompts.

    No request is sent again later than `patience_s` after its first try.

    Raises SettingsError where a captioner has no batches.
    """
    concurrency = settings.concurrency if run.captioner.is_paid else FREE_CALLERS
    following = Following(run, tell=tell)
    preparing = Preparing(run, following)
    asking = Asking(Limiter(concurrency), run.stop, patience_s, tell=Once(tell))
    captioning = Captioning(run, asking, following)
    first = FirstGeneration(
        prompt_id=next((prompt.id for prompt in run.prompts if prompt.kind == RETRIEVAL), None),
        captioner=run.captioner.name,
        model=run.captioner.model,
        embedder=settings.embedder,
    )
    return Ingesting(
        run=run,
        following=following,
        asking=asking,
        preparing=preparing,
        captioning=captioning,
        batching=build_batching(run, preparing, captioning, tell) if batches else None,
        indexing=Indexing(
            store=run.store,
            load_embedder=load_embedder or Embedders(settings).for_bulk,
            first=first,
            run_id=run.id,
            longest_poll_s=_BATCH_POLL_S if batches else LONGEST_POLL_S,
        ),
        concurrency=concurrency,
    )


def build_editing(ingesting: Ingesting, editor: Editor, filing: Filing, *, concurrency: int, force: bool) -> Editing:
    """Return the stages of one run of edits, whose images these stages caption and index."""
    run = ingesting.run
    asking = replace(ingesting.asking, limiter=Limiter(concurrency))
    calling = Calling(run, editor, asking, filing, lambda: ingesting.following.wanted)
    turning = Turning(run, ingesting.preparing, calling, filing, force=force)
    return Editing(ingesting=ingesting, turning=turning, concurrency=concurrency)


def make_editing_run(
    store: Store, settings: Settings, editor: Editor, prompts: Path, *, retry_failed: bool, dry_run: bool
) -> tuple[Run, str | None]:
    """Return a run whose images are captioned as an ingest would, and what to tell the user of the prompts.

    Raises SettingsError where a budget could not be kept.
    """
    captioner = build_captioner(_of_captioner(settings, editor), captions=None)
    budget = build_budget(settings, captioner)
    if budget.is_limited and not editor.has_price:
        raise SettingsError(
            f"A budget cannot be kept without the price of {editor.model}: write it into ./pricing.toml "
            "(docs/editing.md shows how)."
        )
    asked, said = choose_prompts(store, captioner, [RETRIEVAL], prompts, Wording.of(settings), dry_run=dry_run)
    run = Run(id=RunId(0), store=store, captioner=captioner, prompts=asked, budget=budget, retry_failed=retry_failed)
    return run, said


def _of_captioner(settings: Settings, editor: Editor) -> Settings:
    """Return what the captioner is chosen by: DataFlow's one key and address are Gemini's where that is to edit."""
    if editor.api_format != "gemini":
        return settings
    names = (("openai_api_key", "df_api_key"), ("openai_base_url", "df_base_url"))
    lent = [ours for ours, theirs in names if getattr(settings, ours) is getattr(settings, theirs)]
    return settings.model_copy(update=dict.fromkeys(lent))


def build_batching(run: Run, reading: "Reading", captioning: Captioning, tell: Callable[[str], None]) -> "Batching":
    """Return the stage that asks by batches; raises SettingsError where a captioner has none."""
    from indexer.captioning.openai_batches import OpenAIBatches
    from indexer.captioning.openai_chat import OpenAICaptioner
    from indexer.pipelines.batches.batch_queue import BatchQueue
    from indexer.pipelines.batches.batching import Batching

    captioner = run.captioner
    if not isinstance(captioner, OpenAICaptioner):
        raise SettingsError(f"--batch needs an endpoint with OpenAI's Batch API, which {captioner.name} has not.")
    queue = BatchQueue(run, OpenAIBatches(captioner.client), captioner, tell=tell)
    return Batching(run, queue, captioner, reading, captioning)
