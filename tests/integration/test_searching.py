"""Searches over a small library with the real embedder and the real database."""

from threading import Event

import pytest

from indexer.catalog.embedding import Embedder
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.store import Store, hits
from indexer.models import Mode
from indexer.pipelines.indexing import Indexing
from indexer.pipelines.presenting import present
from tests.factories import add_image, make_answer, make_facts, make_found, make_wanted

LIBRARY = {
    "mug": ("A red mug stands on a wooden desk.", "Coffee cup beside a keyboard."),
    "beach": ("Two children build a sandcastle at the sea.", "Kids with buckets on a sunny beach."),
    "dog": ("A brown dog leaps over a fallen tree.", "Hound jumping a log in the forest."),
    "city": ("Skyscrapers at night reflect in the river.", "Skyline of a big city after dark."),
    "hostile": ("<script>alert(1)</script> is written on a wall.",),
    "zh": ("长椅上躺着一个男人和一只白狗。",),
}


@pytest.fixture
def searcher(store: Store, indexing: Indexing, captioned: Event, embedder: Embedder) -> Searcher:
    for name, sentences in LIBRARY.items():
        add_image(store, name, *sentences)
    indexing.run(captioned, Event())
    return Searcher(store, lambda _: embedder)


@pytest.mark.parametrize(
    ("words", "location"),
    [
        ("a cup of coffee next to a computer", "mug.jpg"),
        ("children playing in the sand", "beach.jpg"),
        ("puppy jumps across a trunk", "dog.jpg"),
        ("illuminated towers", "city.jpg"),
    ],
)
def test_a_description_in_other_words_finds_its_image(searcher: Searcher, words: str, location: str) -> None:
    assert searcher.search(Query(text=words)).hits[0].location == location


@pytest.mark.parametrize("mode", ["hybrid", "text"])
def test_a_word_finds_its_other_forms(searcher: Searcher, mode: Mode) -> None:
    hits = searcher.search(Query(text="dogs leaping", mode=mode)).hits

    assert hits[0].location == "dog.jpg"
    assert "<mark>dog</mark> <mark>leaps</mark>" in hits[0].why.highlight


def test_a_file_name_is_found(searcher: Searcher) -> None:
    assert searcher.search(Query(text="mug.jpg", mode="text")).hits[0].location == "mug.jpg"


def test_chinese_words_are_found_without_spaces(searcher: Searcher) -> None:
    hits = searcher.search(Query(text="躺着的男人", mode="text")).hits

    assert [hit.location for hit in hits] == ["zh.jpg"]
    assert "<mark>躺着</mark>" in hits[0].why.highlight


@pytest.mark.parametrize("words", ["quarterly tax return form", "underwater volcano eruption", "zzzz qqqq"])
def test_what_no_image_shows_has_no_match(searcher: Searcher, words: str) -> None:
    results = searcher.search(Query(text=words))

    assert results.no_match
    assert results.hits == []


def test_low_strictness_shows_the_nearest_as_weak(searcher: Searcher) -> None:
    hits = searcher.search(Query(text="underwater volcano eruption", strictness="low")).hits

    assert len(hits) == len(LIBRARY)
    assert {hit.band for hit in hits} == {"weak"}


def test_scores_fall_and_bands_never_get_better(searcher: Searcher) -> None:
    hits = searcher.search(Query(text="a dog in the forest", strictness="low")).hits

    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert [hit.band for hit in hits] == sorted((hit.band for hit in hits), key=["strong", "likely", "weak"].index)


def test_markup_in_a_caption_is_text_in_the_highlight(searcher: Searcher) -> None:
    [hit] = searcher.search(Query(text="script written on a wall")).hits

    assert "<script>" not in hit.why.highlight
    assert "&lt;<mark>script</mark>&gt;" in hit.why.highlight


def test_a_hit_says_why_it_is_there(searcher: Searcher) -> None:
    why = searcher.search(Query(text="red mug")).hits[0].why

    assert (why.dense_rank, why.lexical_rank, why.matched_terms) == (1, 1, ["mug", "red"])
    assert why.similarity is not None
    assert 0.5 < why.similarity < 1
    assert why.lexical_score is not None
    assert 0.5 < why.lexical_score < 1
    assert (why.captioner, why.prompt_revision, why.corrected) == ("import", None, False)


@pytest.mark.parametrize(
    ("mode", "similarity", "lexical_rank"), [("dense", False, True), ("text", True, False), ("hybrid", False, False)]
)
def test_a_mode_leaves_out_the_other_half(searcher: Searcher, mode: Mode, similarity: bool, lexical_rank: bool) -> None:
    why = searcher.search(Query(text="red mug", mode=mode)).hits[0].why

    assert (why.similarity is None, why.lexical_rank is None) == (similarity, lexical_rank)


@pytest.mark.parametrize(
    "words", ["the", "!!!", "'; DROP TABLE entry; --", "a" * 1000, "\\", "'", "🦊", "%s %(x)s {y}"]
)
@pytest.mark.parametrize("mode", ["hybrid", "dense", "text"])
def test_odd_queries_are_answered(searcher: Searcher, words: str, mode: Mode) -> None:
    assert searcher.search(Query(text=words, mode=mode)).generation is not None


def test_the_limit_is_kept(searcher: Searcher) -> None:
    assert len(searcher.search(Query(text="a picture", limit=2, strictness="low")).hits) == 2


def test_an_empty_catalogue_has_no_match_and_no_generation(store: Store, embedder: Embedder) -> None:
    answer = present(Searcher(store, lambda _: embedder).search(Query(text="anything")))

    assert (answer["no_match"], answer["generation"], answer["hits"]) == (True, None, [])


def test_what_is_written_in_a_picture_is_found_also_where_others_lead_in_words_and_vectors(
    store: Store, indexing: Indexing, captioned: Event, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hits, "_FEW", 0)
    monkeypatch.setattr(hits, "WINDOW", 1)
    add_image(store, "street", "A street.")
    add_image(store, "another", "A street in the city.")
    registered = store.images.register_image(make_facts("sign"), make_found("sign.jpg"), make_wanted())
    answer = make_answer("A dog sleeps on a sofa beside an old cupboard.", visible_text="STREET")
    store.captions.store_answer(registered.image_id, answer, captioner="import", model="import")
    indexing.run(captioned, Event())

    found = Searcher(store, lambda _: embedder).search(Query(text="street")).hits

    assert [(hit.location, hit.why.is_exact) for hit in found] == [("street.jpg", False), ("sign.jpg", True)]
