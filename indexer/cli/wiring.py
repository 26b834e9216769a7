"""Put the stages of a run together: the composition root of the commands."""

from functools import cache
from threading import Event

from indexer.captioning.limiting import Limiter
from indexer.catalog.embedding import Embedders
from indexer.catalog.searching import Searcher
from indexer.catalog.store import Store
from indexer.cli.output import say
from indexer.models import RunId
from indexer.pipelines.asking import Asking, Once
from indexer.pipelines.assembling import FREE_CALLERS, build_batching
from indexer.pipelines.captioning import Captioning
from indexer.pipelines.choosing import build_budget
from indexer.pipelines.reindexing.reindexing import Reindexing, Wish
from indexer.pipelines.reindexing.renewing import Renewing
from indexer.pipelines.reindexing.stale import Stale
from indexer.pipelines.reindexing.targets import Target
from indexer.pipelines.run import Run
from indexer.settings import Settings


def build_renewing(run: Run, settings: Settings, target: Target, *, batches: bool = False) -> Renewing:
    """Return the captioner's stage of a reindex; raises SettingsError where a captioner has no batches."""
    concurrency = settings.concurrency if run.captioner.is_paid else FREE_CALLERS
    stale = Stale(run, target.making(retry=run.retry_failed), asks=target.asks)
    captioning = Captioning(run, Asking(Limiter(concurrency), run.stop, tell=Once(say)))
    return Renewing(
        run=run,
        stale=stale,
        captioning=captioning,
        batching=build_batching(run, stale, captioning, say) if batches else None,
        concurrency=concurrency,
    )


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
