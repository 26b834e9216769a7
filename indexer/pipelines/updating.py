"""Bring a generation up to date with captions and corrections that are there already, asking no captioner."""

from collections.abc import Callable, Sequence
from threading import Event

from indexer.catalog.embedding import Embedder, Embedders
from indexer.catalog.store import Store
from indexer.models import GenerationId, ImageId
from indexer.pipelines.indexing import Indexing
from indexer.settings import Settings


def index_stale(
    store: Store,
    settings: Settings,
    command: str,
    *,
    generation_id: GenerationId | None = None,
    awaited: Sequence[ImageId] = (),
    load_embedder: Callable[[str], Embedder] | None = None,
    stop: Event | None = None,
) -> int:
    """Write every entry of a generation, or the live one, that is missing or stale; return how many that were.

    While another process writes there, the entries of `awaited` are waited for, until `stop`.
    """
    done, stop = Event(), stop or Event()
    done.set()
    with store.runs.running(command, {"generation": generation_id}) as run_id:
        indexing = Indexing(
            store=store,
            load_embedder=load_embedder or Embedders(settings).for_bulk,
            first=None,
            run_id=run_id,
            generation_id=generation_id,
        )
        indexing.awaited.update(awaited)
        indexing.run(done, stop)
        ended = "stopped" if stop.is_set() else "done"
        store.runs.finish_run(run_id, {"indexed": indexing.written, "generation": generation_id, "ended": ended})
    return indexing.written


def is_up_to_date(store: Store, image_id: ImageId) -> bool:
    """Tell whether the live generation has an entry of an image that is made of its present captions."""
    live = store.generations.get_live()
    if live is None or not store.hits.is_let_through(live.id, image_id, None):
        return False
    return not store.entries.count_missing(live.id, [image_id])
