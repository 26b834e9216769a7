"""A generation learns from its own captions what a hit is worth."""

from threading import Event

import numpy as np
import pytest

from indexer.catalog.cutoff.calibration import Calibration, prior
from indexer.catalog.embedding import Embedder
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.store import Store
from indexer.models import Generation
from indexer.pipelines.calibrating import calibrate, fit_calibration, is_calibration_due, load_off_topic
from indexer.pipelines.indexing import Indexing
from tests.factories import add_image, make_answer

WHO = ("man", "woman", "girl", "boy", "dog", "cat")
WHERE = ("on a sunny beach", "in a snowy forest", "in a busy street", "at a kitchen table", "in a green park")


def fill(store: Store) -> None:
    """Add thirty pictures, each told of in three ways."""
    for who in WHO:
        for where in WHERE:
            name = f"{who} {where}".replace(" ", "-")
            add_image(store, name, f"A {who} stands {where}.", f"One {who} seen {where}.", f"A photo: {who}, {where}.")


@pytest.fixture
def generation(store: Store, indexing: Indexing, captioned: Event) -> Generation:
    fill(store)
    indexing.run(captioned, Event())
    live = store.generations.get_live()
    assert live is not None
    return live


def test_indexing_fits_the_cut_off_to_the_library(generation: Generation) -> None:
    calibration = Calibration.of(generation)

    assert generation.calibrated_entries == 30
    assert calibration.examples > 30
    assert calibration.curves != prior(generation.embedder).curves


def test_fitting_again_changes_nothing(store: Store, generation: Generation, embedder: Embedder) -> None:
    assert fit_calibration(store, generation, embedder) == fit_calibration(store, generation, embedder)


@pytest.mark.usefixtures("generation")
def test_what_is_there_is_found_and_what_is_not_has_no_match(store: Store, embedder: Embedder) -> None:
    searcher = Searcher(store, lambda _: embedder)

    assert searcher.search(Query(text="a dog playing in the snow")).hits[0].location == "dog-in-a-snowy-forest.jpg"
    empty = [searcher.search(Query(text=text)).no_match for text in load_off_topic()]
    assert np.mean(empty) > 0.85


@pytest.mark.parametrize(("entries", "due"), [(30, False), (36, False), (37, True), (25, False), (24, True)])
def test_a_calibration_is_due_when_the_library_grew_or_shrank_by_a_fifth(
    generation: Generation, entries: int, due: bool
) -> None:
    assert is_calibration_due(generation, entries) == due


def test_an_index_that_did_not_change_is_not_fitted_again(
    store: Store, indexing: Indexing, captioned: Event, generation: Generation
) -> None:
    store.calibrations.store_calibration(generation.id, {**(generation.calibration or {}), "examples": 1}, entries=30)

    indexing.run(captioned, Event())

    live = store.generations.get_live()
    assert live is not None
    assert Calibration.of(live).examples == 1


def test_offline_captions_teach_nothing_of_how_people_ask(
    store: Store, indexing: Indexing, captioned: Event, embedder: Embedder
) -> None:
    for name in ("beach", "mug", "city"):
        image_id = add_image(store, name)
        sentences = (f"Named {name}.", "Offline caption, made without a model: a square image.")
        store.captions.store_answer(image_id, make_answer(*sentences), captioner="offline", model="offline")
    indexing.run(captioned, Event())
    live = store.generations.get_live()
    assert live is not None

    calibration = calibrate(store, live, embedder)

    assert calibration.examples == 0
    assert calibration.curves["hybrid"].similarity == prior(embedder.name).curves["hybrid"].similarity


def test_one_image_with_one_sentence_can_be_calibrated(store: Store, indexing: Indexing, captioned: Event) -> None:
    add_image(store, "a", "A cat.")

    indexing.run(captioned, Event())

    live = store.generations.get_live()
    assert live is not None
    assert Calibration.of(live).examples == 0


@pytest.mark.usefixtures("generation")
def test_the_explanation_holds_the_arithmetic_of_the_cut_off(store: Store, embedder: Embedder) -> None:
    hit = Searcher(store, lambda _: embedder).search(Query(text="a dog on the beach", explain=True)).hits[0]

    assert hit.explanation is not None
    told = hit.explanation.cutoff
    assert told["probability"] > told["strong_from"] > told["likely_from"]
