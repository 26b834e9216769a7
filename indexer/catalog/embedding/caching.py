"""Queries come again: from the next page, another filter, somebody else."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from indexer.catalog.embedding.embedder import Embedder
from indexer.catalog.vectors import Vectors

# 10,000 vectors of 384 numbers are 15 MB.
REMEMBERED = 10_000


class QueryEmbedder:
    """An embedder that remembers the vectors of the latest queries; as safe to share by threads as the one it asks."""

    def __init__(self, embedder: Embedder, how: str) -> None:
        self.name = embedder.name
        self.how = how
        self._embedder = embedder
        self._embed_one = lru_cache(maxsize=REMEMBERED)(_embed_one(embedder))

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [texts, dimensions], each row of length 1."""
        if not texts:
            return self._embedder.embed(texts)
        return np.asarray(np.stack([self._embed_one(text) for text in texts]), dtype=np.float32)


def _embed_one(embedder: Embedder) -> Callable[[str], Vectors]:
    def embed_one(text: str) -> Vectors:
        return np.asarray(embedder.embed([text])[0])

    return embed_one
