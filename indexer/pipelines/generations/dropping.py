"""Drop generations beside searches: out of use first, then the table, then the row; any step may be the last one."""

from indexer.catalog.store import Store
from indexer.errors import GenerationError
from indexer.models import Generation, GenerationId


def check_droppable(generation: Generation) -> None:
    """Raise GenerationError for the live generation."""
    if generation.state == "live":
        raise GenerationError(f"Generation {generation.id} is live: activate another one before you drop it.")


def drop(store: Store, generation_id: GenerationId) -> None:
    """Drop a generation with its entries, and what an interrupted drop left of it.

    Its captions stay: they were paid for. Raises GenerationError where it is in use, NotFoundError.
    """
    generation = store.generations.get_generation(generation_id)
    with store.generations.hold_reindexing() as is_free:
        if generation.is_waiting and not is_free:
            raise GenerationError(f"A reindex is running, perhaps of generation {generation_id}: stop it first.")
        if not drop_unused(store, generation_id):
            raise GenerationError(f"Generation {generation_id} is being written by another command: wait for its end.")


def drop_remains(store: Store) -> list[GenerationId]:
    """Complete the drops that were interrupted, and return their generations."""
    left = [generation.id for generation in store.generations.find_generations() if generation.state == "dropping"]
    return [generation_id for generation_id in left if drop_unused(store, generation_id)]


def drop_unused(store: Store, generation_id: GenerationId) -> bool:
    """Drop a generation, and tell whether nobody was writing it."""
    with store.generations.hold_indexing() as lock:
        if not lock.take(generation_id):
            return False
        if not store.generations.mark_dropping(generation_id):
            live = store.generations.get_live()
            if live is not None and live.id == generation_id:
                check_droppable(live)
            return True  # another command has dropped it
        with store.partitions.hold_dropping():
            store.partitions.remove_partition(generation_id)
        store.generations.delete_generation(generation_id)
        return True
