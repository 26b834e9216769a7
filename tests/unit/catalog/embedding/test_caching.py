from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from indexer.catalog.embedding import caching
from indexer.catalog.embedding.caching import QueryEmbedder
from indexer.catalog.vectors import Vectors


class FakeEmbedder:
    """Gives each text a vector of its length, and remembers what it was asked."""

    name = "fake"
    dimensions = 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text), 0] for text in texts], dtype=np.float32).reshape(-1, 2)


def test_a_query_that_comes_again_is_not_embedded_again() -> None:
    inner = FakeEmbedder()
    embedder = QueryEmbedder(inner, "fake")

    vectors = [embedder.embed([text]).tolist() for text in ("dog", "horse", "dog")]

    assert vectors == [[[3, 0]], [[5, 0]], [[3, 0]]]
    assert inner.asked == ["dog", "horse"]


def test_several_texts_come_in_their_order_and_no_text_gives_no_row() -> None:
    embedder = QueryEmbedder(FakeEmbedder(), "fake")

    assert embedder.embed(["horse", "dog", "horse"]).tolist() == [[5, 0], [3, 0], [5, 0]]
    assert embedder.embed([]).shape == (0, 2)


def test_what_a_caller_does_to_a_vector_is_not_remembered() -> None:
    embedder = QueryEmbedder(FakeEmbedder(), "fake")

    embedder.embed(["dog"])[0] *= 0

    assert embedder.embed(["dog"]).tolist() == [[3, 0]]


def test_it_forgets_the_oldest_query_when_it_is_full() -> None:
    inner = FakeEmbedder()
    embedder = QueryEmbedder(inner, "fake")
    embedder.embed(["first"])

    embedder.embed([str(number) for number in range(caching.REMEMBERED)])
    embedder.embed(["first"])

    assert inner.asked.count("first") == 2


def test_threads_may_share_it() -> None:
    embedder = QueryEmbedder(FakeEmbedder(), "fake")
    texts = ["x" * (number % 7 + 1) for number in range(500)]

    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(lambda text: embedder.embed([text])[0, 0], texts))

    assert vectors == [len(text) for text in texts]
