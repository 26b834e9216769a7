"""What the routes work with, built once and handed to each request."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore, Event
from typing import Annotated

from fastapi import Depends, Request

from indexer.catalog.searching import Searcher
from indexer.catalog.store import Store
from indexer.pipelines.counting import FacetsAnswer, count_facets, count_status
from indexer.pipelines.matching import Matching
from indexer.pipelines.presenting_status import StatusAnswer
from indexer.pipelines.receiving import Receiving
from search_api.editing import EditQueue
from search_api.remembering import Remembered
from search_api.trying import TryOuts
from search_api.updating import Updates

# So few of the service's forty threads may wait for a model: searches always have the others.
_MODEL_CALLERS = 4
# Both read every image.
_STATUS_AGE_S, _FACETS_AGE_S = 2.0, 30.0


@dataclass(slots=True, kw_only=True)
class Parts:
    """The collaborators of one service."""

    store: Store
    searcher: Searcher
    matching: Matching
    thumbnails: Path
    edits: EditQueue
    updates: Updates
    tryouts: TryOuts
    receiving: Receiving
    model_calls: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_MODEL_CALLERS))
    warmed_up: Event = field(default_factory=Event)
    trouble: str | None = None
    status: Remembered[StatusAnswer] = field(init=False)
    facets: Remembered[FacetsAnswer] = field(init=False)

    def __post_init__(self) -> None:
        self.status = Remembered(partial(count_status, self.store), _STATUS_AGE_S)
        self.facets = Remembered(partial(count_facets, self.store), _FACETS_AGE_S)


def _get_parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_get_parts)]
