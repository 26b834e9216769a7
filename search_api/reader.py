"""What looks into the index and changes nothing: all that a tool for agents needs, and part of what the routes have."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

from indexer.catalog.embedding import Embedders
from indexer.catalog.opening import open_served_store
from indexer.catalog.searching import Searcher
from indexer.catalog.store import Store
from indexer.pipelines.choosing import build_captioner_of, prompts_of
from indexer.pipelines.counting import count_status
from indexer.pipelines.matching import Matching
from indexer.pipelines.presenting_status import StatusAnswer
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


@contextmanager
def open_reader(settings: Settings) -> Iterator[Reader]:
    """Give the reader of the database that the settings name.

    Raises DatabaseError when it cannot be reached or lacks a migration.
    """
    with open_served_store(settings) as store:
        searcher = Searcher(store, Embedders(settings).for_queries)
        matching = Matching(
            store=store,
            searcher=searcher,
            captioner_of=partial(build_captioner_of, settings),
            prompts_of=partial(prompts_of, store, settings),
        )
        yield Reader(store=store, searcher=searcher, matching=matching, thumbnails=settings.home / "thumbnails")
