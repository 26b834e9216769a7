"""What integration tests share: the real embedder, and short ways to put things into a catalogue."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import openai
import pytest

from indexer.captioning.imported import ImportCaptioner
from indexer.catalog.embedding import Embedder
from indexer.catalog.store import Store
from indexer.catalog.store.renewals import Making
from indexer.models import GenerationId, PromptId, RunId
from indexer.pipelines.indexing import FirstGeneration, Indexing
from indexer.settings import Settings
from tests.factories import make_prompt
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.openai_server import FakeOpenAI
from tests.images import write_images
from tests.integration.edits import Desk
from tests.integration.library import Library
from tests.integration.reindexes import Reindexes, add_file, add_live


@pytest.fixture
def openai_client(openai_server: FakeOpenAI) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=openai_server.base_url, api_key=openai_server.key, max_retries=0) as client:
        yield client


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


@pytest.fixture
def reindexes(store: Store, openai_server: FakeOpenAI, embedders_home: Path, tmp_path: Path) -> Iterator[Reindexes]:
    settings = Settings.load(
        openai_base_url=openai_server.base_url, openai_api_key=openai_server.key, home=embedders_home
    )
    first = store.prompts.register_prompt(make_prompt()).id
    assert first is not None
    add_live(store, settings, first)
    images = [add_file(store, tmp_path / f"{number}.jpg", number, first) for number in range(3)]
    given = Reindexes(store=store, settings=settings, folder=tmp_path, first=first, images=images)
    yield given
    given.close()


@pytest.fixture
def desk(
    store: Store,
    database: str,
    openai_server: FakeOpenAI,
    gemini_server: FakeGemini,
    embedders_home: Path,
    embedder: Embedder,
    tmp_path: Path,
) -> Desk:
    """A folder of four pictures, picture-000.jpg to picture-003.jpg, to be edited."""
    settings = Settings.load(
        openai_base_url=openai_server.base_url,
        openai_api_key=openai_server.key,
        gemini_base_url=gemini_server.base_url,
        gemini_api_key=gemini_server.key,
        home=embedders_home,
    )
    folder = tmp_path / "work"
    write_images(folder, 4)
    return Desk(
        store=store, database=database, folder=folder, settings=settings, gemini=gemini_server, embedder=embedder
    )


@pytest.fixture
def old(library: Library) -> PromptId:
    return library.prompt("Old.")


@pytest.fixture
def new(library: Library) -> PromptId:
    return library.prompt("New.")


@pytest.fixture
def live(library: Library, old: PromptId) -> GenerationId:
    return library.generation(old, "live")


@pytest.fixture
def building(library: Library, new: PromptId, live: GenerationId) -> GenerationId:
    assert live
    return library.generation(new, "building")


@pytest.fixture
def making(store: Store) -> Making:
    """What captions are to be made with."""
    prompt_id = store.prompts.register_prompt(make_prompt("Describe better.")).id
    return Making(kind="retrieval", prompt_id=prompt_id, captioner="openai", model="m", rank=2)
