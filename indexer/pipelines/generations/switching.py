"""Switch between generations: how each stands, which one is live, and back to the one before."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.catalog.store import Store
from indexer.catalog.store.generations import Coverage
from indexer.errors import GenerationError
from indexer.models import Generation, GenerationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A generation, what it covers, and what it takes up on disk."""

    generation: Generation
    coverage: Coverage
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Which generation is live now; `before` is the one that was, None where this one was live already."""

    live: Generation
    before: Generation | None


def find_standings(store: Store) -> list[Standing]:
    """Return how every generation stands: the live one first, then the newest."""
    holdings = store.generations.find_holdings()
    known = [generation for generation in store.generations.find_generations() if generation.id in holdings]
    known.sort(key=lambda generation: (generation.state != "live", -generation.id))
    return [
        Standing(generation=each, coverage=holdings[each.id].coverage, size_bytes=holdings[each.id].size_bytes)
        for each in known
    ]


def get_standing(store: Store, generation_id: GenerationId) -> Standing:
    """Return how one generation stands; raises NotFoundError."""
    generation = store.generations.get_generation(generation_id)
    holding = store.generations.find_holdings()[generation_id]
    return Standing(generation=generation, coverage=holding.coverage, size_bytes=holding.size_bytes)


def find_live(standings: Sequence[Standing]) -> Standing | None:
    """Return the generation that answers searches."""
    return next((each for each in standings if each.generation.state == "live"), None)


def find_building(standings: Sequence[Standing]) -> Standing | None:
    """Return the newest generation that is being built, or waits for its activation."""
    return next((each for each in standings if each.generation.is_waiting), None)


def find_previous(generations: Sequence[Generation]) -> Generation | None:
    """Return the generation that was live last, whatever was done with it since: where a rollback leads."""
    before = {each.retired_at: each for each in generations if each.retired_at and each.state in ("retired", "ready")}
    return before[max(before)] if before else None


def activate(store: Store, generation_id: GenerationId) -> Switch:
    """Make a generation the live one, at once; gaps are filled by whoever asked.

    Raises GenerationError where it is not whole, NotFoundError.
    """
    wanted, before = store.generations.get_generation(generation_id), store.generations.get_live()
    if wanted.state == "live":
        return Switch(live=wanted, before=None)
    if wanted.state == "building":
        raise GenerationError(f"Generation {wanted.id} is still being built: `indexer reindex` finishes it.")
    if wanted.state == "dropping":
        raise GenerationError(f"Generation {wanted.id} is being dropped: it cannot serve any more.")
    return _switch(store, wanted, before)


def roll_back(store: Store) -> Switch:
    """Make the generation live that was so before this one, at once.

    Raises GenerationError where there is none.
    """
    generations = store.generations.find_generations()
    before = store.generations.get_live()
    previous = find_previous(generations)
    if previous is None:
        raise GenerationError("There is no generation to go back to: none was live before this one.")
    switch = _switch(store, previous, before)
    if before is not None:
        store.generations.mark_taken_back(before.id)
    return switch


def _switch(store: Store, wanted: Generation, before: Generation | None) -> Switch:
    if not store.generations.activate(wanted.id, instead_of=before.id if before else None):
        raise GenerationError(
            "Another command switched or dropped a generation meanwhile: look at `indexer generations list`."
        )
    # What was taken away while it was not live is gone from it before anything else is done.
    store.entries.drop_unservable(wanted.id)
    return Switch(live=store.generations.get_generation(wanted.id), before=before)
