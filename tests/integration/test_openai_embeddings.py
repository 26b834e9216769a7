"""The OpenAI embedder with the real client against the fake endpoint."""

import base64
import json
import time
from threading import Event

import numpy as np
import pytest

from indexer.catalog.embedding import Embedders
from indexer.catalog.embedding.caching import QueryEmbedder
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.store import Store
from indexer.errors import EmbedderError
from indexer.models import RunId
from indexer.pipelines.indexing import FirstGeneration, Indexing
from indexer.settings import Settings
from tests.factories import add_image
from tests.fakes.openai_embeddings import vector_of
from tests.fakes.openai_server import FakeOpenAI, Fault

NAME = "openai:text-embedding-3-small"


@pytest.fixture
def settings(openai_server: FakeOpenAI) -> Settings:
    return Settings.load(openai_base_url=openai_server.base_url, openai_api_key=openai_server.key)


@pytest.fixture
def remote(settings: Settings) -> QueryEmbedder:
    return Embedders(settings).for_queries(NAME)


def answer(*vectors: object) -> Fault:
    """Answer with these vectors, whatever was asked."""
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    body = {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    return Fault(status=200, raw=json.dumps(body).encode())


def test_vectors_are_the_endpoints_in_the_order_of_the_texts(settings: Settings, openai_server: FakeOpenAI) -> None:
    openai_server.embeddings.reversed_order = True
    texts = ["a red mug", "two dogs", "红色的杯子", ""]

    vectors = Embedders(settings).for_bulk(NAME).embed(texts)

    expected = np.stack([vector_of(text, 1536) for text in texts])
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert openai_server.refused == []


def test_many_texts_are_asked_for_in_few_requests(settings: Settings, openai_server: FakeOpenAI) -> None:
    vectors = Embedders(settings).for_bulk(NAME).embed([f"photo {number}" for number in range(300)])

    assert vectors.shape == (300, 1536)
    assert [len(texts) for texts in openai_server.embeddings.asked] == [256, 44]


def test_the_dimensions_are_found_from_the_first_answer(remote: QueryEmbedder, openai_server: FakeOpenAI) -> None:
    remote.embed(["a dog"])

    assert remote.dimensions == 1536
    assert openai_server.embeddings.asked == [["a dog"]]


def test_a_busy_endpoint_is_asked_again_after_the_time_it_named(
    remote: QueryEmbedder, openai_server: FakeOpenAI
) -> None:
    openai_server.embedding_faults = [Fault(status=429, retry_after="0.3"), Fault(status=503, retry_after="0.1")]
    started = time.monotonic()

    assert remote.embed(["a dog"]).shape == (1, 1536)
    assert time.monotonic() - started >= 0.4


def test_a_search_does_not_wait_for_an_endpoint_that_asks_for_minutes(
    remote: QueryEmbedder, openai_server: FakeOpenAI
) -> None:
    openai_server.embedding_faults = [Fault(status=429, message="slow down", retry_after="120")]

    with pytest.raises(EmbedderError, match=r"text-embedding-3-small .* does not answer: slow down \(HTTP 429\)\."):
        remote.embed(["a dog"])


def test_a_wrong_key_is_said_at_once(openai_server: FakeOpenAI) -> None:
    settings = Settings.load(openai_base_url=openai_server.base_url, openai_api_key="sk-wrong")

    with pytest.raises(EmbedderError, match=r"check OPENAI_API_KEY and OPENAI_BASE_URL\. .* Incorrect API key"):
        Embedders(settings).for_queries(NAME).embed(["a dog"])


def test_a_model_the_endpoint_does_not_know_is_said(settings: Settings) -> None:
    with pytest.raises(EmbedderError, match="`text-embedding-9` does not exist"):
        Embedders(settings).for_queries("openai:text-embedding-9").embed(["a dog"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (answer([1.0, 0.0], [0.0, 1.0]), "answered 1 texts with 2 vectors"),
        (answer([]), r"vectors of \[0\] dimensions"),
        (answer(None), "something else than vectors"),
        (answer(["a", "b"]), "something else than vectors"),
        (Fault(status=200, raw=b"null"), "something else than vectors"),
        (Fault(status=200, raw=b'{"data": [null]}'), "something else than vectors"),
        (answer([0.0, 0.0]), "point nowhere"),
        (answer([float("nan"), 1.0]), "point nowhere"),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused(
    remote: QueryEmbedder, openai_server: FakeOpenAI, wrong: Fault, said: str
) -> None:
    openai_server.embedding_faults = [wrong]

    with pytest.raises(EmbedderError, match=said):
        remote.embed(["a dog"])


def test_vectors_that_change_their_dimensions_are_refused(remote: QueryEmbedder, openai_server: FakeOpenAI) -> None:
    remote.embed(["a dog"])
    openai_server.embedding_faults = [answer([3.0, 4.0])]

    with pytest.raises(EmbedderError, match=r"vectors of \[2, 1536\] dimensions"):
        remote.embed(["a cat"])


def test_an_endpoint_without_base64_is_understood_and_its_vectors_get_length_1(
    remote: QueryEmbedder, openai_server: FakeOpenAI
) -> None:
    openai_server.embedding_faults = [answer([3.0, 4.0]), answer(base64.b64encode(b"\0\0\0\0\0\0\0\x40").decode())]

    np.testing.assert_allclose(remote.embed(["floats"]), [[0.6, 0.8]])
    np.testing.assert_allclose(remote.embed(["base64"]), [[0.0, 1.0]])


def test_a_library_is_indexed_and_searched_with_it(
    store: Store, run_id: RunId, settings: Settings, captioned: Event, openai_server: FakeOpenAI
) -> None:
    add_image(store, "mug", "A red mug on a desk.")
    add_image(store, "dog", "Two dogs play in the snow.")
    first = FirstGeneration(prompt_id=None, captioner="import", model="import", embedder=NAME)
    indexing = Indexing(store=store, load_embedder=Embedders(settings).for_bulk, first=first, run_id=run_id)
    indexing.run(captioned, Event())
    searcher = Searcher(store, Embedders(settings).for_queries)

    results = searcher.search(Query(text="dogs in the snow", mode="dense", strictness="low"))

    assert results.generation is not None
    assert (results.generation.embedder, results.generation.dimensions) == (NAME, 1536)
    assert [hit.location for hit in results.hits] == ["dog.jpg", "mug.jpg"]
    assert openai_server.embeddings.asked[-1] == ["dogs in the snow"]
