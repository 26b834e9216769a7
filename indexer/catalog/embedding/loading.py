"""Load embedders by name, the quickest way that each can be run."""

from pathlib import Path
from typing import TYPE_CHECKING

from indexer.catalog.embedding.caching import QueryEmbedder
from indexer.catalog.embedding.embedder import Embedder, Role, remote_model
from indexer.catalog.embedding.exporting import export, is_refused
from indexer.catalog.embedding.onnx_model import OnnxEmbedder
from indexer.catalog.embedding.threads import FOR_BULK, FOR_ONE_QUERY
from indexer.catalog.embedding.torch_model import TorchEmbedder, load_model
from indexer.catalog.embedding.weights import find_folder, fingerprint
from indexer.settings import Settings

if TYPE_CHECKING:
    from indexer.catalog.embedding.openai_embeddings import OpenAIEmbedder

# An export is of this making: another number makes all of them anew.
_MADE_AS = "onnx 1"
# torch uses what it finds there, and is many times as fast as any core.
_GPUS = (Path("/dev/nvidiactl"), Path("/dev/kfd"), Path("/dev/dxg"))


class Embedders:
    """Loads embedders as the settings say; each call loads one of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._exports = settings.home / "embedders"

    def for_queries(self, name: str) -> QueryEmbedder:
        """Load an embedder for one text at a time, which remembers the latest; raises EmbedderError."""
        if (model := remote_model(name)) is not None:
            remote = self._build_openai(model, is_waited_for=True)
            return QueryEmbedder(remote, remote.how)
        local = self._load(name, "query")
        return QueryEmbedder(local, local.how)

    def for_bulk(self, name: str) -> Embedder:
        """Load an embedder for many texts at once: it takes every core. Raises EmbedderError."""
        if (model := remote_model(name)) is not None:
            return self._build_openai(model, is_waited_for=False)
        if any(path.exists() for path in _GPUS):
            return TorchEmbedder(name, load_model(name, threads=FOR_BULK), "document")
        return self._load(name, "document")

    def _load(self, name: str, role: Role) -> OnnxEmbedder | TorchEmbedder:
        folder = self._export_of(name)
        if folder is not None and folder.exists() and not is_refused(folder):
            return OnnxEmbedder(name, folder, role)
        model = load_model(name, threads=FOR_ONE_QUERY if role == "query" else FOR_BULK, device="cpu")
        folder = folder or self._export_of(name)  # a model that was just downloaded
        if folder is not None and not folder.exists() and export(model, name, folder):
            return OnnxEmbedder(name, folder, role)
        return TorchEmbedder(name, model, role)

    def _export_of(self, name: str) -> Path | None:
        source = find_folder(name)
        return None if source is None else self._exports / fingerprint(source, _MADE_AS)

    def _build_openai(self, model: str, *, is_waited_for: bool) -> "OpenAIEmbedder":
        # Imported here: the client takes a third of a second.
        from indexer.catalog.embedding.openai_embeddings import build_embedder

        return build_embedder(model, self._settings, is_waited_for=is_waited_for)
