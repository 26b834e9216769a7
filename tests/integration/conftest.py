"""What integration tests share: the real embedder, and short ways to put things into a catalogue."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from indexer.captioning.imported import ImportCaptioner
from indexer.catalog.embedding import Embedder
from indexer.catalog.store import Store
from indexer.models import RunId
from indexer.pipelines.indexing import FirstGeneration, Indexing
from tests.integration.library import Library


@pytest.fixture
def run_id(store: Store) -> Iterator[RunId]:
    with store.runs.running("test", {}) as running:
        yield running


@pytest.fixture
def library(store: Store, run_id: RunId, database: str) -> Library:
    return Library(store=store, run_id=run_id, database=database)


@pytest.fixture
def no_captions(tmp_path: Path) -> ImportCaptioner:
    empty = tmp_path / "captions.jsonl"
    empty.write_text("")
    return ImportCaptioner(empty)


@pytest.fixture
def indexing(store: Store, embedder: Embedder, run_id: RunId) -> Indexing:
    return Indexing(
        store=store,
        load_embedder=lambda _: embedder,
        first=FirstGeneration(prompt_id=None, captioner="import", model="import", embedder=embedder.name),
        run_id=run_id,
    )


@pytest.fixture
def captioned() -> Event:
    """An event that says that no more captions come."""
    event = Event()
    event.set()
    return event
