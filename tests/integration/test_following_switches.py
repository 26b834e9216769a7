"""Searches over a switch: each stays with its generation, and none waits for another's embedder."""

import gc
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import NoReturn

import numpy as np
import psycopg
import pytest

from indexer.catalog.embedding import Embedder
from indexer.catalog.searching import Query, Results, Searcher
from indexer.catalog.store import Store
from indexer.catalog.vectors import Vectors
from indexer.errors import EmbedderError, QueryError
from indexer.models import Generation, GenerationId, RunId, State
from indexer.pipelines.generations.dropping import drop
from indexer.pipelines.generations.switching import activate, roll_back
from indexer.pipelines.indexing import Indexing
from indexer.pipelines.matching import Matching
from indexer.settings import Settings
from search_api.editing import EditQueue
from search_api.means import Means
from search_api.parts import Parts
from search_api.trying import TryOuts
from search_api.updating import Updates
from search_api.warming import Warming
from tests.factories import add_image
from tests.fakes.openai_embeddings import vector_of

DIMENSIONS = {"first": 64, "second": 32, "third": 16, "fourth": 8}
MUGS = Query(text="red mug", limit=2, strictness="low")


class FakeEmbedder:
    """Gives a text the vector of its words."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dimensions = DIMENSIONS[name]

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.stack([vector_of(text, self.dimensions) for text in texts])


class Loader:
    """Loads embedders by name and remembers which; one that is held back is loaded when it may go on."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.held_back: dict[str, Event] = {}

    def __call__(self, name: str) -> Embedder:
        self.loaded.append(name)
        if name in self.held_back:
            assert self.held_back[name].wait(60)
        if name not in DIMENSIONS:
            raise EmbedderError(f"There is no model {name} here.")
        return FakeEmbedder(name)


@pytest.fixture
def load() -> Loader:
    return Loader()


@pytest.fixture
def add(store: Store, run_id: RunId, captioned: Event) -> Callable[..., GenerationId]:
    """Give a function that adds a generation of an embedder, filled with what is there."""

    def add_generation(embedder: str, state: State = "ready") -> GenerationId:
        generation_id = store.generations.add_generation(
            prompt_id=None,
            captioner="import",
            model="import",
            embedder=embedder,
            dimensions=DIMENSIONS.get(embedder, 4),
            state=state,
        )
        if embedder in DIMENSIONS:
            indexing = Indexing(
                store=store, load_embedder=FakeEmbedder, first=None, run_id=run_id, generation_id=generation_id
            )
            indexing.run(captioned, Event())
        return generation_id

    return add_generation


@pytest.fixture
def live(store: Store, add: Callable[..., GenerationId]) -> GenerationId:
    for number in range(6):
        add_image(store, f"mug-{number}", f"A red mug, number {number}.")
    return add("first", "live")


@pytest.fixture
def searcher(store: Store, load: Loader) -> Searcher:
    return Searcher(store, load)


@pytest.fixture
def parts(store: Store, searcher: Searcher, tmp_path: Path) -> Parts:
    matching = Matching(store=store, searcher=searcher, captioner_of=_never, prompts_of=_never)
    means = Means.of(store, Settings.load())
    return Parts(
        store=store,
        searcher=searcher,
        matching=matching,
        edits=EditQueue(means),
        updates=Updates(means),
        tryouts=TryOuts(means),
        receiving=means.receiving(),
        thumbnails=tmp_path,
    )


def _never(*_: object) -> NoReturn:
    raise AssertionError


def generation_of(results: Results) -> tuple[int, str]:
    assert results.generation is not None
    return results.generation.id, results.generation.embedder


def next_page(results: Results) -> Query:
    return Query(text=MUGS.text, limit=MUGS.limit, strictness=MUGS.strictness, cursor=results.next_cursor)


def test_the_very_next_search_uses_the_generation_switched_to(
    store: Store, searcher: Searcher, live: GenerationId, add: Callable[..., GenerationId]
) -> None:
    second = add("second")
    before = searcher.search(MUGS)

    activate(store, second)
    after = searcher.search(MUGS)
    roll_back(store)
    back = searcher.search(MUGS)

    assert [generation_of(results) for results in (before, after, back)] == [
        (live, "first"),
        (second, "second"),
        (live, "first"),
    ]
    assert len(after.hits) == 2


def test_a_cursor_goes_on_in_the_generation_it_began_with(
    store: Store, searcher: Searcher, load: Loader, live: GenerationId, add: Callable[..., GenerationId]
) -> None:
    pages = [searcher.search(MUGS)]
    second = add("second")
    activate(store, second)

    new = [searcher.search(MUGS)]
    while pages[-1].next_cursor:
        pages.append(searcher.search(next_page(pages[-1])))
        new.append(searcher.search(MUGS))

    assert {generation_of(page) for page in pages} == {(live, "first")}
    assert {generation_of(results) for results in new} == {(second, "second")}
    assert len({hit.image_id for page in pages for hit in page.hits}) == 6
    assert load.loaded == ["first", "second"]


@pytest.mark.usefixtures("live")
def test_each_generation_has_its_own_coverage(
    store: Store, searcher: Searcher, add: Callable[..., GenerationId]
) -> None:
    first = searcher.search(MUGS)
    add_image(store, "late", "A red mug that came late.")
    activate(store, add("second"))

    second = searcher.search(MUGS)
    again = searcher.search(next_page(first))

    assert [results.coverage and results.coverage.entries for results in (first, second, again)] == [6, 7, 6]


@pytest.mark.usefixtures("live")
def test_a_search_waits_for_no_embedder_but_its_own(
    store: Store, searcher: Searcher, load: Loader, add: Callable[..., GenerationId]
) -> None:
    page = searcher.search(MUGS)
    load.held_back["second"] = Event()
    activate(store, add("second"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(searcher.search, MUGS)

        old = searcher.search(next_page(page))
        was_waiting = not waiting.done()
        load.held_back["second"].set()

        assert (generation_of(old)[1], was_waiting) == ("first", True)
        assert generation_of(waiting.result(60))[1] == "second"


@pytest.mark.usefixtures("live")
def test_an_embedder_is_loaded_once_for_searches_at_once(searcher: Searcher, load: Loader) -> None:
    load.held_back["first"] = Event()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(searcher.search, MUGS) for _ in range(4)]
        load.held_back["first"].set()
        found = [len(search.result(60).hits) for search in waiting]

    assert (found, load.loaded) == ([2] * 4, ["first"])


@pytest.mark.usefixtures("live")
def test_an_embedder_that_was_not_used_for_long_is_let_go(
    store: Store, searcher: Searcher, load: Loader, add: Callable[..., GenerationId]
) -> None:
    page = searcher.search(MUGS)
    for embedder in ("second", "third", "fourth"):
        activate(store, add(embedder))
        searcher.search(MUGS)

    searcher.search(MUGS)
    searcher.search(next_page(page))

    assert load.loaded == ["first", "second", "third", "fourth", "first"]


@pytest.mark.usefixtures("live")
def test_a_cursor_of_a_dropped_generation_says_so(
    store: Store, searcher: Searcher, live: GenerationId, add: Callable[..., GenerationId]
) -> None:
    page = searcher.search(MUGS)
    activate(store, add("second"))
    store.generations.mark_dropping(live)

    with pytest.raises(QueryError, match="The index that this cursor began with is gone"):
        searcher.search(next_page(page))
    drop(store, live)
    with pytest.raises(QueryError, match="The index that this cursor began with is gone"):
        searcher.search(next_page(page))


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize("state", ["building", "ready"])
def test_the_embedder_to_come_is_loaded_before_the_switch(
    store: Store, parts: Parts, load: Loader, add: Callable[..., GenerationId], state: State
) -> None:
    coming = add("second", state)

    Warming(parts).look()
    loaded_before = list(load.loaded)
    store.generations.mark_ready(coming)
    activate(store, coming)
    found = parts.searcher.search(MUGS)

    assert loaded_before == load.loaded == ["first", "second"]
    assert generation_of(found) == (coming, "second")


@pytest.mark.usefixtures("live")
def test_the_embedder_of_the_way_back_is_loaded_after_a_restart(
    store: Store, parts: Parts, load: Loader, add: Callable[..., GenerationId]
) -> None:
    for embedder in ("second", "third"):
        activate(store, add(embedder))

    Warming(parts).look()

    assert sorted(load.loaded) == ["second", "third"]


@pytest.mark.usefixtures("live")
def test_a_generation_whose_model_is_missing_troubles_nobody_before_it_is_live(
    store: Store, parts: Parts, load: Loader, add: Callable[..., GenerationId]
) -> None:
    missing, warming = add("nowhere"), Warming(parts)
    for _ in range(3):
        warming.look()
    before = parts.trouble

    activate(store, missing)
    warming.look()
    during = parts.trouble
    roll_back(store)
    warming.look()

    assert (before, during, parts.trouble) == (None, "There is no model nowhere here.", None)
    assert load.loaded.count("nowhere") == 1


@pytest.mark.usefixtures("live")
def test_a_service_goes_on_looking_when_the_database_was_away(store: Store, parts: Parts, database: str) -> None:
    warming = Warming(parts)
    with Store(database) as gone:
        pass  # closed: it answers nothing any more

    parts.store = gone
    warming.look()
    during = parts.trouble
    parts.store = store
    warming.look()

    assert during is not None
    assert parts.trouble is None


@pytest.mark.usefixtures("live")
def test_a_service_does_not_notice_connections_that_are_dropped(parts: Parts, database: str) -> None:
    warming = Warming(parts)
    warming.look()
    with psycopg.connect(database, autocommit=True) as killer:
        killer.execute(
            # With a time to wait: else it answers before they are gone, while their connections still look well.
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND query !~ 'advisory'"
        )

    warming.look()

    assert parts.trouble is None


def test_the_service_stops_looking_when_it_ends(parts: Parts) -> None:
    stop = Event()
    looking = threading.Thread(target=Warming(parts).run, args=(stop,), daemon=True)
    looking.start()
    assert parts.warmed_up.wait(60)

    stop.set()
    looking.join(60)

    assert not looking.is_alive()


def _state_of(generation: Generation | None) -> State | None:
    return generation.state if generation else None


def test_what_stays_loaded_is_left_out_of_garbage_collections(parts: Parts) -> None:
    stop = threading.Event()
    stop.set()

    try:
        Warming(parts).run(stop)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
