"""Sentence vectors that are made once and kept beside each other in two files: `STEM.npy` and `STEM.json`."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.embedding import DEFAULT, Embedder, load_for_bulk
from indexer.catalog.vectors import Vectors


class ReadyVectors:
    """Stands where the default embedder is: looks up what it made of these texts, and asks it for others once."""

    def __init__(self, texts: Sequence[str], vectors: NDArray[np.float16]) -> None:
        self.name = DEFAULT
        self.dimensions = int(vectors.shape[1])
        self._vectors = vectors
        self._rows = {text: row for row, text in enumerate(texts)}
        self._others: dict[str, Vectors] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [texts, dimensions]."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._rows and text not in self._others]
        if unknown:
            self._others |= zip(unknown, self._embedder.embed(unknown), strict=True)
        return np.stack([self._find(text) for text in texts]).astype(np.float32)

    def _find(self, text: str) -> NDArray[np.floating]:
        return self._vectors[self._rows[text]] if text in self._rows else self._others[text]

    @cached_property
    def _embedder(self) -> Embedder:
        return load_for_bulk(DEFAULT)


def load_ready(stem: Path, texts: Sequence[str]) -> ReadyVectors:
    """Return the vectors kept at `stem`; where there are none, make them (some 10,000 a minute) and keep them."""
    if not stem.with_suffix(".npy").exists():
        np.save(stem.with_suffix(".npy"), load_for_bulk(DEFAULT).embed(texts).astype(np.float16))
        stem.with_suffix(".json").write_text(json.dumps(list(texts), ensure_ascii=False), encoding="utf-8")
    kept = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
    return ReadyVectors(kept, np.load(stem.with_suffix(".npy"), mmap_mode="r"))
