"""Entries follow captions: what is missing or stale is written, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from indexer.catalog.embedding import Embedder
from indexer.catalog.store import Store
from indexer.pipelines.indexing import Indexing
from tests.factories import add_image, make_answer, make_facts, make_found, make_prompt, make_sought, make_wanted


def test_the_first_captions_make_the_first_generation(store: Store, indexing: Indexing, captioned: Event) -> None:
    add_image(store, "a", "A cat on a sofa.")

    indexing.run(captioned, Event())

    live = store.generations.get_live()
    assert live is not None
    assert (live.captioner, live.embedder, live.dimensions, live.entries) == ("import", "all-MiniLM-L6-v2", 384, 1)
    assert store.generations.count_coverage(live.id).share == 1.0


def test_no_captions_make_no_generation(store: Store, indexing: Indexing, captioned: Event) -> None:
    add_image(store, "a")

    indexing.run(captioned, Event())

    assert store.generations.get_live() is None


def test_what_is_up_to_date_is_not_written_again(store: Store, indexing: Indexing, captioned: Event) -> None:
    add_image(store, "a", "A cat.")
    indexing.run(captioned, Event())

    indexing.run(captioned, Event())

    assert indexing.written == 1


def test_a_changed_caption_makes_its_entry_stale(store: Store, indexing: Indexing, captioned: Event) -> None:
    image_id = add_image(store, "a", "A cat.")
    indexing.run(captioned, Event())
    store.captions.store_answer(image_id, make_answer("A dog."), captioner="import", model="import")

    indexing.run(captioned, Event())

    assert indexing.written == 2


def test_a_better_captioner_takes_the_place_of_a_lesser_one(store: Store, indexing: Indexing, captioned: Event) -> None:
    image_id = add_image(store, "a", "An imported caption.")
    prompt_id = store.prompts.register_prompt(make_prompt()).id
    store.captions.store_answer(
        image_id, make_answer("A model's caption.", prompt_id=prompt_id), captioner="openai", model="m"
    )
    store.captions.store_answer(image_id, make_answer("An offline caption."), captioner="offline", model="offline")

    indexing.run(captioned, Event())

    live = store.generations.get_live()
    assert live is not None
    assert [(s.captioner, s.entries) for s in store.status.count_captioners(live.id)] == [("openai", 1)]


def test_a_quarantined_caption_never_gets_an_entry(store: Store, indexing: Indexing, captioned: Event) -> None:
    image_id = add_image(store, "a", "A cat.")
    refusal = make_answer("I'm sorry.", quarantine="the reply is a refusal")
    store.captions.store_answer(image_id, refusal, captioner="openai", model="m")

    indexing.run(captioned, Event())

    live = store.generations.get_live()
    assert live is not None
    assert [s.captioner for s in store.status.count_captioners(live.id)] == ["import"]


def test_an_image_without_a_location_leaves_the_index(store: Store, indexing: Indexing, captioned: Event) -> None:
    add_image(store, "old", "A cat.")
    indexing.run(captioned, Event())
    store.images.register_image(make_facts("new"), make_found("old.jpg"), make_wanted())

    indexing.run(captioned, Event())

    live = store.generations.get_live()
    assert live is not None
    assert live.entries == 0


def test_two_at_once_write_each_entry_once(
    store: Store, indexing: Indexing, embedder: Embedder, captioned: Event
) -> None:
    for number in range(100):
        add_image(store, str(number), f"Picture number {number}.")
    other = Indexing(
        store=store,
        load_embedder=lambda _: embedder,
        first=indexing._first,
        run_id=indexing._run_id,
    )

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.run(captioned, Event()), [indexing, other]))

    live = store.generations.get_live()
    assert live is not None
    assert (indexing.written + other.written, live.entries) == (100, 100)


def test_being_stopped_leaves_the_rest_for_the_next_run(store: Store, indexing: Indexing, captioned: Event) -> None:
    add_image(store, "a", "A cat.")
    stop = Event()
    stop.set()

    indexing.run(captioned, stop)

    assert indexing.written == 0


def test_words_of_a_moved_file_are_indexed_too(store: Store, indexing: Indexing, captioned: Event) -> None:
    add_image(store, "a", "A cat.")
    indexing.run(captioned, Event())
    store.images.register_image(make_facts("a"), make_found("holiday/a.jpg"), make_wanted())

    indexing.run(captioned, Event())

    assert indexing.written == 2


@pytest.mark.parametrize("sentences", [("One.",), ("One.", "Two.", "Three.")])
def test_an_entry_has_a_vector_for_each_sentence(
    store: Store, indexing: Indexing, captioned: Event, embedder: Embedder, sentences: tuple[str, ...]
) -> None:
    add_image(store, "a", *sentences)

    indexing.run(captioned, Event())

    live = store.generations.get_live()
    assert live is not None
    hit = store.hits.find_hits(live, make_sought(vector=embedder.embed(["One."])[0]), limit=1)[0]
    assert hit.details is not None
    assert len(hit.details.sentence_similarities) == len(sentences)
    assert hit.details.sentence_similarities[0] == pytest.approx(1, abs=0.01)
