"""What looks into the index and changes nothing: all that a tool for agents needs, and part of what the routes have."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

from indexer.catalog.embedding import Embedder, Embedders
from indexer.catalog.opening import open_served_store
from indexer.catalog.searching import Query, Results, Searcher
from indexer.catalog.store import Store
from indexer.models import Generation
from indexer.pipelines.choosing import build_captioner_of, prompts_of
from indexer.pipelines.counting import count_status
from indexer.pipelines.matching import Matching
from indexer.pipelines.presenting_status import StatusAnswer
from indexer.pipelines.spending import Budget
from indexer.settings import Settings
from search_api.remembering import Remembered

_STATUS_AGE_S = 2.0  # counting reads every image


@dataclass(slots=True, kw_only=True)
class Reader:
    """The collaborators of whoever reads the index."""

    store: Store
    searcher: Searcher
    matching: Matching
    thumbnails: Path
    warmed_up: Event = field(default_factory=Event)
    trouble: str | None = None
    status: Remembered[StatusAnswer] = field(init=False)

    def __post_init__(self) -> None:
        self.status = Remembered(partial(count_status, self.store), _STATUS_AGE_S)


class ToldSearcher(Searcher):
    """A searcher that has each of its searches told."""

    def __init__(self, store: Store, load_embedder: Callable[[str], Embedder], tell: Callable[[Results], None]) -> None:
        super().__init__(store, load_embedder)
        self._tell = tell

    def search(self, query: Query, *, generation: Generation | None = None) -> Results:
        """Search, and tell of it."""
        results = super().search(query, generation=generation)
        self._tell(results)
        return results


def _tell_nobody(_results: Results) -> None:
    return


@contextmanager
def open_reader(
    settings: Settings, tell: Callable[[Results], None] = _tell_nobody, *, budget: Budget | None = None
) -> Iterator[Reader]:
    """Give the reader of the database that the settings name; `tell` hears of every search.

    A search by a file may have it captioned, within `budget`.

    Raises DatabaseError when it cannot be reached or lacks a migration.
    """
    with open_served_store(settings) as store:
        searcher = ToldSearcher(store, Embedders(settings).for_queries, tell)
        matching = Matching(
            store=store,
            searcher=searcher,
            captioner_of=partial(build_captioner_of, settings),
            prompts_of=partial(prompts_of, store, settings),
            budget=budget,
        )
        yield Reader(store=store, searcher=searcher, matching=matching, thumbnails=settings.home / "thumbnails")
