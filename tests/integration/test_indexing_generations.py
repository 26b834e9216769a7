"""Indexing where there is more than one generation: each is written by one process, and a switch is followed."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from indexer.catalog.embedding import Embedder
from indexer.catalog.store import Store
from indexer.models import GenerationId, PromptId, RunId
from indexer.pipelines.correcting import correct
from indexer.pipelines.indexing import Indexing
from tests.factories import add_image
from tests.integration.library import Library

_PATIENCE_S = 120


@pytest.fixture
def live(library: Library, embedder: Embedder, old: PromptId) -> GenerationId:
    return library.generation(old, "live", embedder=embedder)


@pytest.fixture
def building(library: Library, embedder: Embedder, live: GenerationId, new: PromptId) -> GenerationId:
    assert live
    return library.generation(new, "building", embedder=embedder)


@pytest.fixture
def indexing_new(store: Store, embedder: Embedder, run_id: RunId, building: GenerationId) -> Indexing:
    """As a reindex does it: into the generation that is being built."""
    return Indexing(store=store, load_embedder=lambda _: embedder, first=None, run_id=run_id, generation_id=building)


@pytest.fixture
def indexing_own(store: Store, embedder: Embedder, run_id: RunId, building: GenerationId) -> Indexing:
    """As a reindex does it while it still asks: only what has a caption of the new making."""
    return Indexing(
        store=store,
        load_embedder=lambda _: embedder,
        first=None,
        run_id=run_id,
        generation_id=building,
        fallback=False,
    )


def test_an_ingest_goes_on_in_the_generation_that_was_switched_to(
    library: Library, store: Store, indexing: Indexing, old: PromptId, live: GenerationId, building: GenerationId
) -> None:
    before, after = add_image(store, "before"), add_image(store, "after")
    library.say(before, "A cat.", old)
    captioned, stop = Event(), Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(indexing.run, captioned, stop)
        try:
            wait_for(lambda: library.entries(live) == {before: "A cat."})
            library.say(after, "A dog.", old)
            library.activate(building)
            wait_for(lambda: len(library.entries(building)) == 2)
            captioned.set()
            running.result(_PATIENCE_S)
        finally:
            stop.set()

    assert library.entries(building) == {before: "A cat.", after: "A dog."}


def test_an_ingest_does_not_wait_for_what_the_new_generation_has_no_use_for(
    library: Library,
    store: Store,
    indexing: Indexing,
    captioned: Event,
    old: PromptId,
    building: GenerationId,
) -> None:
    late = add_image(store, "late")
    request_id = library.must_ask(late, old)
    library.activate(building)
    library.say(late, "With the old prompt.", old, request_id=request_id)
    indexing.awaited.add(late)

    with store.generations.hold_indexing() as lock, ThreadPoolExecutor(1) as pool:
        assert lock.take(building)

        stop = Event()
        try:
            pool.submit(indexing.run, captioned, stop).result(_PATIENCE_S)
        finally:
            stop.set()

    assert (indexing.written, library.entries(building)) == (0, {})


def test_an_ingest_waits_for_its_own_images_while_a_reindex_writes_the_new_generation(
    library: Library, store: Store, indexing: Indexing, captioned: Event, old: PromptId, building: GenerationId
) -> None:
    mine, other = add_image(store, "mine"), add_image(store, "other")
    library.say(mine, "A cat.", old)
    library.say(other, "A dog.", old)
    library.activate(building)
    indexing.awaited.add(mine)
    with store.generations.hold_indexing() as lock, ThreadPoolExecutor(1) as pool:
        assert lock.take(building)
        stop = Event()
        running = pool.submit(indexing.run, captioned, stop)
        try:
            with pytest.raises(TimeoutError):
                running.result(1.0)
            library.write_entry(building, mine, changes=1, vector=[1.0, *[0.0] * 383])

            running.result(_PATIENCE_S)
        finally:
            stop.set()

    assert set(library.entries(building)) == {mine}
    assert (indexing.written, indexing.count_indexed()) == (0, 1)


def test_two_processes_index_two_generations_at_once(
    library: Library,
    store: Store,
    indexing: Indexing,
    indexing_new: Indexing,
    captioned: Event,
    old: PromptId,
    new: PromptId,
    live: GenerationId,
    building: GenerationId,
) -> None:
    images = [add_image(store, str(number)) for number in range(80)]
    for image_id in images:
        library.say(image_id, f"Old words of {image_id}.", old)
        library.say(image_id, f"New words of {image_id}.", new, renewal=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.run(captioned, Event()), [indexing, indexing_new]))

    assert (indexing.written, indexing_new.written) == (80, 80)
    assert library.entries(live) == {image_id: f"Old words of {image_id}." for image_id in images}
    assert library.entries(building) == {image_id: f"New words of {image_id}." for image_id in images}


def test_one_that_is_held_up_does_not_hold_up_the_other_generation(
    library: Library,
    store: Store,
    indexing: Indexing,
    captioned: Event,
    old: PromptId,
    live: GenerationId,
    building: GenerationId,
) -> None:
    image_id = add_image(store)
    library.say(image_id, "A cat.", old)

    with store.generations.hold_indexing() as lock:
        assert lock.take(building)
        indexing.run(captioned, Event())

    assert library.entries(live) == {image_id: "A cat."}


def test_a_correction_is_in_the_live_generation_at_once_and_in_the_new_one_when_that_is_finished(
    library: Library,
    store: Store,
    indexing: Indexing,
    indexing_own: Indexing,
    indexing_new: Indexing,
    captioned: Event,
    old: PromptId,
    new: PromptId,
    live: GenerationId,
    building: GenerationId,
) -> None:
    renewed, waiting = add_image(store, "renewed"), add_image(store, "waiting")
    for image_id in (renewed, waiting):
        library.say(image_id, "With the old prompt.", old)
    library.say(renewed, "With the new prompt.", new, renewal=True)
    indexing.run(captioned, Event())
    indexing_own.run(captioned, Event())
    half_way = library.entries(building)

    for image_id in (renewed, waiting):
        correct(store, image_id, "retrieval", ["By a person."])
    indexing.run(captioned, Event())
    at_once = library.entries(live)
    indexing_new.run(captioned, Event())

    assert half_way == {renewed: "With the new prompt."}
    assert at_once == library.entries(building) == {renewed: "By a person.", waiting: "By a person."}


def wait_for(true: Callable[[], bool]) -> None:
    """Wait for something to become true, for as long as a busy machine may need."""
    deadline = time.monotonic() + _PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
