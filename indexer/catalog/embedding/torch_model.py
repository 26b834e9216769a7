"""A model run by torch: what every other way is measured against, and what runs models that have no other."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from indexer.catalog.embedding.embedder import Role
from indexer.catalog.embedding.weights import DEFAULT, packaged_weights
from indexer.catalog.vectors import Vectors
from indexer.errors import EmbedderError
from indexer.model_loading import first_line, loading_quietly

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BATCH = 64


class TorchEmbedder:
    """A sentence-transformers model that embeds by itself."""

    def __init__(self, name: str, model: "SentenceTransformer", role: Role) -> None:
        self.name = name
        self.how = "torch"
        self.dimensions = int(model.get_embedding_dimension() or 0)
        self._encode = model.encode_query if role == "query" else model.encode_document

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [texts, dimensions], each row of length 1; the library batches texts of like length."""
        vectors = self._encode(list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


def load_model(name: str, *, threads: int, device: str | None = None) -> "SentenceTransformer":
    """Load a model by name or folder, the default one from its package; `threads` are all that torch may use here.

    Raises EmbedderError when that fails.
    """
    with loading_quietly():
        # Imported here: torch takes seconds to load and most commands never embed.
        import torch
        from sentence_transformers import SentenceTransformer

        logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
        torch.set_num_threads(threads)
        source = packaged_weights() if name == DEFAULT else None
        try:
            return SentenceTransformer(str(source or name), device=device)
        except (OSError, ValueError, RuntimeError) as exc:
            raise EmbedderError(
                f"The embedder {name} cannot be loaded ({first_line(exc)}). CAPTION_SEARCH_EMBEDDER takes a model's "
                "name, a folder that holds one, or openai:MODEL."
            ) from exc
