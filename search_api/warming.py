"""Embedders are loaded before a search needs them: of the live generation, and of those that it may be switched to."""

import time
from threading import Event

from indexer.errors import CaptionSearchError, EmbedderError
from indexer.models import Generation, GenerationId
from indexer.pipelines.generations.switching import find_previous
from search_api.reader import Reader

# A generation takes longer than this from its first row to its switch.
_LOOKS_EVERY_S = 1.0
# Looking for a model that is not there takes a core for seconds.
_TRIES_AGAIN_AFTER_S = 30.0


class Warming:
    """Looks for generations as long as the service runs, also while the database is away for a moment."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._failed: dict[GenerationId, tuple[float, str]] = {}

    def run(self, stop: Event) -> None:
        """Load what is needed, again and again until `stop`: generations come and go."""
        while not stop.is_set():
            self.look()
            self._reader.warmed_up.set()
            stop.wait(_LOOKS_EVERY_S)

    def look(self) -> None:
        """Load the embedders of the generations that are there now; what is wrong with the live one is told."""
        try:
            generations = self._reader.store.generations.find_generations()
        except CaptionSearchError as exc:
            self._reader.trouble = str(exc)
            return
        live = next((each for each in generations if each.state == "live"), None)
        self._reader.trouble = self._load(live) if live else None
        self._reader.warmed_up.set()
        previous = find_previous(generations)
        for generation in generations:
            if generation.is_waiting or generation is previous:
                self._load(generation)

    def _load(self, generation: Generation) -> str | None:
        """Load an embedder, unless that failed lately, and return what went wrong."""
        if generation.id in self._failed:
            failed_at, trouble = self._failed[generation.id]
            if time.monotonic() - failed_at < _TRIES_AGAIN_AFTER_S:
                return trouble
        try:
            self._reader.searcher.embedder(generation)
        except EmbedderError as exc:
            self._failed[generation.id] = (time.monotonic(), str(exc))
            return str(exc)
        except CaptionSearchError as exc:
            return str(exc)
        self._failed.pop(generation.id, None)
        return None
