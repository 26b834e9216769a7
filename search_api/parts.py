"""What the routes work with, built once and handed to each request."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Annotated

from fastapi import Depends, Request

from indexer.catalog.searching import Searcher
from indexer.catalog.store import Store
from indexer.errors import CaptionSearchError


@dataclass(slots=True, kw_only=True)
class Parts:
    """The collaborators of one service."""

    store: Store
    searcher: Searcher
    thumbnails: Path
    warmed_up: Event = field(default_factory=Event)
    trouble: str | None = None

    def warm_up(self) -> None:
        """Load the embedder of the live generation, so that no search waits for it."""
        try:
            generation = self.store.generations.get_live()
            if generation is not None:
                self.searcher.embedder(generation)
        except CaptionSearchError as exc:
            self.trouble = str(exc)
        self.warmed_up.set()


def _get_parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_get_parts)]
