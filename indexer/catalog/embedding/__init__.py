"""Embedders: what turns caption sentences and queries into vectors."""

from indexer.catalog.embedding.embedder import Embedder as Embedder
from indexer.catalog.embedding.embedder import remote_model as remote_model
from indexer.catalog.embedding.loading import Embedders as Embedders
from indexer.catalog.embedding.weights import DEFAULT as DEFAULT
from indexer.catalog.embedding.weights import packaged_weights as packaged_weights
from indexer.settings import Settings


def load_for_queries(name: str) -> Embedder:
    """Load an embedder for one text at a time, as the settings of this environment say."""
    return Embedders(Settings.load()).for_queries(name)


def load_for_bulk(name: str) -> Embedder:
    """Load an embedder for many texts at once, as the settings of this environment say."""
    return Embedders(Settings.load()).for_bulk(name)
