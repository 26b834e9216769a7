"""Sentence vectors that are made once and kept beside each other in two files: `STEM.npy` and `STEM.json`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.embedding import DEFAULT, load_for_bulk
from indexer.catalog.vectors import Vectors


class ReadyVectors:
    """Stands where the embedder is, and looks up what it made of these texts before."""

    def __init__(self, texts: Sequence[str], vectors: NDArray[np.float16], *, name: str = DEFAULT) -> None:
        self.name = name
        self.dimensions = int(vectors.shape[1])
        self._vectors = vectors
        self._rows = {text: row for row, text in enumerate(texts)}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [texts, dimensions]; a text that is not there is a KeyError."""
        return self._vectors[[self._rows[text] for text in texts]].astype(np.float32)

    def __contains__(self, text: str) -> bool:
        return text in self._rows

    def with_more(self, texts: Sequence[str], vectors: Vectors) -> Self:
        """Return these vectors and those of more texts."""
        known = list(self._rows)  # equal texts share a row
        joined = np.concatenate([self.embed(known), vectors]).astype(np.float16)
        return type(self)([*known, *texts], joined, name=self.name)


def load_ready(stem: Path, texts: Sequence[str]) -> ReadyVectors:
    """Return the vectors kept at `stem`; where there are none, make them (some 10,000 a minute) and keep them."""
    if not stem.with_suffix(".npy").exists():
        np.save(stem.with_suffix(".npy"), load_for_bulk(DEFAULT).embed(texts).astype(np.float16))
        stem.with_suffix(".json").write_text(json.dumps(list(texts), ensure_ascii=False), encoding="utf-8")
    kept = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
    return ReadyVectors(kept, np.load(stem.with_suffix(".npy"), mmap_mode="r"))
