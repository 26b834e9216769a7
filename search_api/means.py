"""What all of the service's own work on the index shares."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock

from indexer.catalog.embedding import Embedder, Embedders
from indexer.catalog.store import Store
from indexer.pipelines.receiving import Receiving
from indexer.pipelines.spending import Budget
from indexer.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The settings, and what is there once: the embedder of entries, and the budget.

    What the service may spend, where a budget is set, is counted from its start.
    """

    store: Store
    settings: Settings
    load_embedder: Callable[[str], Embedder]
    budget: Budget

    @classmethod
    def of(cls, store: Store, settings: Settings, budget: Budget | None = None) -> "Means":
        """Return what the settings give, within a budget of theirs; nothing is loaded before it is needed."""
        load_embedder = _once(Embedders(settings).for_bulk)
        return cls(store=store, settings=settings, load_embedder=load_embedder, budget=budget or allow_budget(settings))

    def receiving(self) -> Receiving:
        """Return what takes uploads."""
        return Receiving(self.store, self.settings, load_embedder=self.load_embedder, budget=self.budget)


def allow_budget(settings: Settings) -> Budget:
    """Return what may be spent from now on."""
    return Budget(math.inf if settings.budget is None else settings.budget)


def _once(load: Callable[[str], Embedder]) -> Callable[[str], Embedder]:
    """Return what loads each model once, whoever asks: others wait for it."""
    loaded, loading = cache(load), Lock()

    def load_once(name: str) -> Embedder:
        with loading:
            return loaded(name)

    return load_once
