"""An index is searched and filled with the embedder it was made with, and with no other of the same name."""

from collections.abc import Sequence
from threading import Event

import numpy as np
import pytest

from indexer.catalog.embedding.verifying import verify_embedder
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.store import Store
from indexer.catalog.vectors import Vectors
from indexer.errors import EmbedderError
from indexer.models import Generation, RunId
from indexer.pipelines.indexing import FirstGeneration, Indexing
from tests.factories import add_image
from tests.fakes.openai_embeddings import vector_of


class FakeEmbedder:
    """Gives a text the vector of its words; another `flavour` is another model of the same name."""

    name = "fake"

    def __init__(self, dimensions: int = 64, flavour: str = "") -> None:
        self.dimensions = dimensions
        self._flavour = flavour

    def embed(self, texts: Sequence[str]) -> Vectors:
        flavoured = (" ".join(self._flavour + word for word in text.split()) for text in texts)
        return np.stack([vector_of(text, self.dimensions) for text in flavoured])


@pytest.fixture
def live(store: Store, run_id: RunId) -> Generation:
    add_image(store, "mug", "A red mug on a desk.")
    index(store, run_id, FakeEmbedder())
    generation = store.generations.get_live()
    assert generation is not None
    return generation


def index(store: Store, run_id: RunId, embedder: FakeEmbedder) -> None:
    first = FirstGeneration(prompt_id=None, captioner="import", model="import", embedder="fake")
    captioned = Event()
    captioned.set()
    Indexing(store=store, load_embedder=lambda _: embedder, first=first, run_id=run_id).run(captioned, Event())


def test_the_same_embedder_is_let_through(store: Store, live: Generation) -> None:
    verify_embedder(store, live, FakeEmbedder())


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    ("embedder", "said"),
    [
        (FakeEmbedder(flavour="other"), "The model behind fake is not the one that generation 1 was made with"),
        (FakeEmbedder(dimensions=32), "fake gives vectors of 32 dimensions, but generation 1 was made with 64"),
    ],
)
def test_another_model_of_the_same_name_is_refused(
    store: Store, run_id: RunId, embedder: FakeEmbedder, said: str
) -> None:
    add_image(store, "dog", "Two dogs play.")

    with pytest.raises(EmbedderError, match=said):
        Searcher(store, lambda _: embedder).search(Query(text="mug"))
    with pytest.raises(EmbedderError, match=said):
        index(store, run_id, embedder)


def test_words_alone_need_no_embedder(store: Store, live: Generation) -> None:
    searcher = Searcher(store, lambda _: FakeEmbedder(dimensions=32))

    assert len(searcher.search(Query(text="mug", mode="text")).hits) == live.entries
