"""What the routes work with, built once and handed to each request."""

from dataclasses import dataclass, field
from functools import partial
from typing import Annotated

from fastapi import Depends, Request

from indexer.pipelines.counting import FacetsAnswer, count_facets
from indexer.pipelines.receiving import Receiving
from search_api.editing import EditQueue
from search_api.metrics.collecting import IndexCollector
from search_api.metrics.observing import Metrics
from search_api.model_calls import ModelCalls
from search_api.reader import Reader
from search_api.remembering import Remembered
from search_api.trying import TryOuts
from search_api.updating import Updates

# So few of the service's forty threads may wait for a model: searches always have the others.
_MODEL_CALLERS = 4
_FACETS_AGE_S = 30.0  # counting reads every image


@dataclass(slots=True, kw_only=True)
class Parts(Reader):
    """The collaborators of one service."""

    edits: EditQueue
    updates: Updates
    tryouts: TryOuts
    receiving: Receiving
    metrics: Metrics = field(default_factory=Metrics)
    model_calls: ModelCalls = field(default_factory=lambda: ModelCalls(_MODEL_CALLERS))
    facets: Remembered[FacetsAnswer] = field(init=False)

    def __post_init__(self) -> None:
        Reader.__post_init__(self)  # super() finds no class here: slots make another of it
        self.facets = Remembered(partial(count_facets, self.store), _FACETS_AGE_S)
        self.metrics.add(IndexCollector(self.store, self.model_calls))


def _get_parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_get_parts)]
