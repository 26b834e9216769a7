"""Why an image is, or is not, a hit: over a small library with the real embedder and the real database."""

from threading import Event

import pytest

from indexer.catalog.embedding import Embedder
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.store import Store, hits
from indexer.errors import NotFoundError, QueryError
from indexer.models import ImageId
from indexer.pipelines.explaining import ExplainedHit, explain_hit
from indexer.pipelines.indexing import Indexing
from tests.factories import add_image, make_answer
from tests.integration.test_searching import LIBRARY


class Desk:
    """A library that can be asked why."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self.store = store
        self.searcher = Searcher(store, lambda _: embedder)
        self.images = {name: add_image(store, name, *sentences) for name, sentences in LIBRARY.items()}

    def explain(self, text: str, name: str, **changes: object) -> ExplainedHit:
        query = Query(text=text, **changes)  # type: ignore[arg-type]
        return explain_hit(self.searcher, self.store, query, self.images[name])


@pytest.fixture
def desk(store: Store, indexing: Indexing, captioned: Event, embedder: Embedder) -> Desk:
    made = Desk(store, embedder)
    indexing.run(captioned, Event())
    return made


def test_a_hit_tells_its_place_and_what_speaks_for_it(desk: Desk) -> None:
    explained = desk.explain("a mug that is red", "mug")
    [found] = [hit for hit in desk.searcher.search(Query(text="a mug that is red")).hits if hit.location == "mug.jpg"]

    assert (explained.is_shown, explained.rank) == (True, 1)
    assert explained.reason.startswith(
        "It is number 1, a strong match: it has the words mug and red and its similarity"
    )
    assert explained.hit is not None
    assert (explained.hit.why, explained.hit.band) == (found.why, found.band)
    assert explained.hit.explanation is not None


def test_what_is_unlike_the_query_is_told_how_near_it_would_have_to_be(desk: Desk) -> None:
    explained = desk.explain("red mug", "city")

    assert (explained.is_shown, explained.rank is not None) == (False, True)
    assert explained.reason.startswith("It has no word of the query, and its similarity ")
    assert "that would count as a match in this library" in explained.reason
    assert explained.hit is not None
    assert explained.hit.band == "weak"


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("mug is:edit", "mug", "The filter origin leaves it out."),
        ('"mug red"', "mug", "It does not have the words “mug red” next to each other."),
        ("mug -desk", "mug", "It has “desk”, which the query leaves out."),
    ],
)
def test_what_is_left_out_by_a_condition_names_it(desk: Desk, text: str, name: str, reason: str) -> None:
    explained = desk.explain(text, name)

    assert (explained.is_shown, explained.reason) == (False, reason)
    assert explained.hit is not None


def test_without_words_filters_alone_decide(desk: Desk) -> None:
    passed, refused = desk.explain("is:original", "mug"), desk.explain("is:edit", "mug")

    assert (passed.is_shown, passed.rank, passed.hit) == (True, None, None)
    assert (refused.is_shown, refused.reason) == (False, "The filter origin leaves it out.")


def test_what_has_no_word_is_no_hit_of_a_search_by_words(desk: Desk) -> None:
    explained = desk.explain("red mug", "city", mode="text")

    assert (explained.is_shown, explained.hit, explained.reason) == (False, None, "It has no word of the query.")


def test_the_query_word_for_word_always_counts(desk: Desk) -> None:
    explained = desk.explain("fallen tree", "dog")

    assert explained.is_shown
    assert explained.reason == "It is number 1: it holds the query word for word, which always counts."


def test_a_strict_search_leaves_likely_hits_out_and_says_so(desk: Desk) -> None:
    normal, strict = (desk.explain("people at the seaside", "beach", strictness=how) for how in ("normal", "high"))

    assert (normal.is_shown, strict.is_shown) == (True, False)
    assert strict.reason.endswith("a likely match, and strictness high shows strong ones alone.")


def test_an_image_outside_the_ranked_window_has_no_rank(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits, "_FEW", 0)
    monkeypatch.setattr(hits, "WINDOW", 1)

    explained = desk.explain("red mug", "city")

    assert (explained.rank, explained.is_shown) == (None, False)
    assert explained.hit is not None
    assert explained.hit.why.dense_rank is None


def test_an_image_without_an_entry_says_what_it_lacks(desk: Desk) -> None:
    desk.images["bare"] = add_image(desk.store, "bare")
    desk.images["refused"] = add_image(desk.store, "refused")
    desk.images["late"] = add_image(desk.store, "late", "A red mug.")
    bad = make_answer("Sorry.", quarantine="the reply is a refusal")
    desk.store.captions.store_answer(desk.images["refused"], bad, captioner="openai", model="m")

    reasons = {name: desk.explain("red mug", name).reason for name in ("bare", "refused", "late")}

    assert "no caption to be found by" in reasons["bare"]
    assert reasons["refused"] == "It has no caption that can be used: the reply is a refusal."
    assert "not in the live index" in reasons["late"]


def test_an_unknown_image_and_an_unknown_filter_are_told(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        explain_hit(desk.searcher, desk.store, Query(text="mug"), ImageId(99))
    with pytest.raises(QueryError):
        desk.explain("", "mug", filters=Query(text="mug").wish.filters)


def test_nothing_indexed_says_so(store: Store, embedder: Embedder) -> None:
    image_id = add_image(store, "a")

    explained = explain_hit(Searcher(store, lambda _: embedder), store, Query(text="mug"), image_id)

    assert (explained.is_shown, explained.reason) == (False, "Nothing is indexed yet.")
