"""The embedders that searches use: several generations' at once, each loaded beside those in use."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from indexer.catalog.embedding import Embedder, remote_model
from indexer.catalog.embedding.verifying import verify_embedder
from indexer.catalog.store import Store
from indexer.models import Generation, GenerationId

# The live generation's, that of the one before it, which cursors go on with, and that of the one to come.
_MOST = 3


@dataclass(frozen=True, slots=True)
class _Loaded:
    """An embedder, and the generations that were made with it for certain."""

    embedder: Embedder
    verified: set[GenerationId] = field(default_factory=set)


class LoadedEmbedders:
    """Loads each embedder once, lets go of those not used for long, and verifies it for each generation."""

    def __init__(self, store: Store, load_embedder: Callable[[str], Embedder]) -> None:
        self._store = store
        self._load_embedder = load_embedder
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._changing = threading.Lock()  # held for a moment, never while a model is loaded
        self._loading: dict[str, threading.Lock] = {}

    def get(self, generation: Generation) -> Embedder:
        """Return the embedder of a generation; raises EmbedderError where it is another model by now.

        Who asks for one that is not loaded waits until it is; nobody else does.
        """
        loaded = self._find(generation.embedder) or self._load(generation.embedder)
        # Nothing is asked of an endpoint for this alone, and what is being built may have no entry yet.
        is_known = generation.id in loaded.verified or remote_model(generation.embedder) is not None
        if not is_known and generation.state != "building":
            verify_embedder(self._store, generation, loaded.embedder)
            loaded.verified.add(generation.id)
        return loaded.embedder

    def _find(self, name: str) -> _Loaded | None:
        with self._changing:
            if name in self._loaded:
                self._loaded.move_to_end(name)
            return self._loaded.get(name)

    def _load(self, name: str) -> _Loaded:
        with self._changing:
            loading = self._loading.setdefault(name, threading.Lock())
        with loading:
            if (loaded := self._find(name)) is not None:
                return loaded
            loaded = _Loaded(self._load_embedder(name))
            with self._changing:
                self._loaded[name] = loaded
                while len(self._loaded) > _MOST:
                    self._loaded.popitem(last=False)
            return loaded
