"""Filters, phrases, folding and pages over a library with everything that they look at."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from threading import Event

import psycopg
import pytest

from indexer.catalog.embedding import Embedder
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.searching.filters import read_filters
from indexer.catalog.store import Store
from indexer.errors import QueryError
from indexer.models import Metadata
from indexer.pipelines.indexing import Indexing
from tests.factories import make_answer, make_facts, make_found, make_prompt, make_wanted

LIBRARY: dict[str, dict[str, object]] = {
    "Holiday/2019/beach.jpg": {
        "says": ["Two children build a sandcastle at the sea."],
        "keywords": ["Beach", "golden sand"],
        "taken_at": datetime.fromisoformat("2019-08-31T18:00:00"),
        "perceptual_hash": 0,
    },
    "Holiday/2020/sea.png": {
        "says": ["Waves break on a rocky shore of the sea."],
        "format": "PNG",
        "width": 480,
        "height": 640,
        "taken_at": datetime.fromisoformat("2020-01-01T00:00:00"),
        "own_keywords": ["Brittany"],
        "perceptual_hash": 1,
    },
    "home/desk.jpg": {
        "says": ["A red mug stands on a wooden desk by the sea."],
        "visible_text": "MIND THE GAP",
        "width": 640,
        "height": 640,
        "description": "Grandmother's favourite cup",
    },
    "home/mug red.jpg": {"says": ["A mug, white inside and red outside, at the sea."], "origin": "edit"},
}


def add_library(store: Store) -> None:
    for path, given in LIBRARY.items():
        name = path.partition(".")[0]
        facts = make_facts(
            name,
            format=given.get("format", "JPEG"),
            width=given.get("width", 640),
            height=given.get("height", 480),
            origin=given.get("origin", "original"),
            perceptual_hash=given.get("perceptual_hash"),
            metadata=Metadata(
                taken_at=given.get("taken_at"),  # type: ignore[arg-type]
                description=given.get("description"),  # type: ignore[arg-type]
                keywords=tuple(given.get("own_keywords", ())),  # type: ignore[arg-type]
            ),
        )
        registered = store.images.register_image(facts, make_found(path), make_wanted())
        answer = make_answer(
            *given["says"],  # type: ignore[misc]
            keywords=tuple(given.get("keywords", ())),  # type: ignore[arg-type]
            visible_text=given.get("visible_text", ""),
        )
        store.captions.store_answer(registered.image_id, answer, captioner="import", model="import")


@pytest.fixture
def searcher(store: Store, indexing: Indexing, captioned: Event, embedder: Embedder) -> Searcher:
    add_library(store)
    indexing.run(captioned, Event())
    return Searcher(store, lambda _: embedder)


def find(searcher: Searcher, text: str = "sea", **asked: object) -> list[str]:
    filters = read_filters(asked.pop("filters", {}))  # type: ignore[arg-type]
    query = Query(text=text, filters=filters, strictness="low", **asked)  # type: ignore[arg-type]
    return [hit.location.rpartition("/")[2].partition(".")[0] for hit in searcher.search(query).hits]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"folder": "holiday"}, ["beach", "sea"]),
        ({"folder": "HOLIDAY/2019"}, ["beach"]),
        ({"folder": "/pictures/home/"}, ["desk", "mug red"]),
        ({"folder": "2019/holiday"}, []),
        ({"folder": "holi"}, []),
        ({"folder": ["2019", "2020"]}, ["beach", "sea"]),
        ({"folder": {"not_in": ["holiday"]}}, ["desk", "mug red"]),
        ({"origin": "edit"}, ["mug red"]),
        ({"origin": {"in": ["original"]}}, ["beach", "desk", "sea"]),
        ({"format": "png"}, ["sea"]),
        ({"orientation": "portrait"}, ["sea"]),
        ({"orientation": ["portrait", "square"]}, ["desk", "sea"]),
        ({"tags": "beach"}, ["beach"]),
        ({"tags": "Golden Sand"}, ["beach"]),
        ({"tags": "golden"}, []),
        ({"tags": ["brittany", "beach"]}, ["beach", "sea"]),
        ({"has_text": True}, ["desk"]),
        ({"has_text": {"eq": False}}, ["beach", "mug red", "sea"]),
        ({"taken": "2019"}, ["beach"]),
        ({"taken": {"gte": "2020"}}, ["sea"]),
        ({"taken": {"gt": "2019-08-31"}}, ["sea"]),
        ({"taken": {"lte": "2019-08-31"}}, ["beach"]),
        ({"taken": {"lt": "2020"}}, ["beach"]),
        ({"taken": {"gte": "2019-08", "lt": "2019-09"}}, ["beach"]),
        ({"added": {"gte": "2001"}}, ["beach", "desk", "mug red", "sea"]),
        ({"added": {"lt": "2001"}}, []),
        ({"width": {"lt": 640}}, ["sea"]),
        ({"height": {"gte": 640}, "width": {"gte": 640}}, ["desk"]),
        ({"folder": "home", "origin": "original"}, ["desk"]),
    ],
)
def test_filters_keep_what_they_say(searcher: Searcher, filters: dict[str, object], expected: Sequence[str]) -> None:
    assert sorted(find(searcher, filters=filters)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"red mug"', ["desk"]),
        ('"red mugs"', ["desk"]),
        ('"mug red"', ["mug red"]),
        ("mug -wooden", ["beach", "mug red", "sea"]),
        ('sea -"red mug"', ["beach", "mug red", "sea"]),
        ("sea folder:home -is:edit", ["desk"]),
        ("sea tag:beach tag:brittany", ["beach", "sea"]),
        ("sea before:2020", ["beach"]),
        ("sea after:2020-01-01", ["sea"]),
    ],
)
def test_the_box_has_a_syntax(searcher: Searcher, text: str, expected: Sequence[str]) -> None:
    assert sorted(find(searcher, text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("grandmother", "desk"),
        ("brittany", "sea"),
        ("mind the gap", "desk"),
        ("2019", "beach"),
        ("pictures 2020", "sea"),
    ],
)
def test_words_of_the_file_the_folder_and_the_picture_are_found(searcher: Searcher, text: str, expected: str) -> None:
    assert find(searcher, text, mode="text")[0] == expected


def test_without_words_the_image_added_last_comes_first(searcher: Searcher) -> None:
    assert find(searcher, "folder:home") == ["mug red", "desk"]
    assert find(searcher, "", filters={"origin": "original"}, limit=2) == ["desk", "sea"]


def test_words_in_the_picture_pass_every_cut_off(searcher: Searcher) -> None:
    hits = searcher.search(Query(text="mind the gap", strictness="high")).hits

    assert [hit.location for hit in hits] == ["home/desk.jpg"]
    assert hits[0].why.is_exact


def test_near_duplicates_are_folded_and_counted(searcher: Searcher) -> None:
    folded = searcher.search(Query(text="sea", strictness="low", collapse="duplicates")).hits

    assert len(folded) == 3
    assert sorted(hit.duplicates for hit in folded) == [0, 0, 1]


def test_an_edit_is_folded_into_its_family(searcher: Searcher, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "WITH made AS (INSERT INTO edit (key, take, instruction, conversation, api_format, model, parameters, "
            "turn, state) VALUES (sha256('x'), 1, 'white inside', '[]', 'openai', 'm', '{}', 1, 'done') RETURNING id), "
            "source AS (INSERT INTO edit_source SELECT id, 0, 3, 'input' FROM made) "
            "INSERT INTO edit_output SELECT id, 0, 4 FROM made"
        )

    folded = searcher.search(Query(text="red mug", strictness="low", collapse="family")).hits

    assert [(hit.image_id, hit.duplicates) for hit in folded if hit.image_id in {3, 4}] == [(4, 1)]
    assert find(searcher, "mug", filters={"parent": 3}) == ["mug red"]
    assert find(searcher, "mug", filters={"parent": make_facts("home/desk").sha256.hex()}) == ["mug red"]


def test_moderation_fields_are_filters(searcher: Searcher, store: Store) -> None:
    prompt = make_prompt("Judge.", kind="moderation", schema={"properties": {"contains_people": {}, "setting": {}}})
    prompt_id = store.prompts.register_prompt(prompt).id
    for number, (people, setting) in enumerate([(True, "outdoor"), (False, "outdoor"), (False, "indoor")], start=1):
        answer = make_answer(
            kind="moderation", prompt_id=prompt_id, fields={"contains_people": people, "setting": setting}
        )
        store.captions.store_answer(number, answer, captioner="openai", model="m")  # type: ignore[arg-type]

    assert find(searcher, filters={"contains_people": {"eq": True}}) == ["beach"]
    assert sorted(find(searcher, filters={"contains_people": False})) == ["desk", "sea"]
    assert find(searcher, filters={"setting": ["indoor", "studio"]}) == ["desk"]
    with pytest.raises(QueryError, match=r"There is no filter colour: .*contains_people, setting"):
        find(searcher, filters={"colour": "red"})


def test_of_a_moderation_field_that_is_a_list_any_part_will_do(searcher: Searcher, store: Store) -> None:
    prompt = make_prompt("Judge.", kind="moderation", schema={"properties": {"brands": {}}})
    prompt_id = store.prompts.register_prompt(prompt).id
    for number, brands in enumerate([["acme", "globex"], ["acme"], []], start=1):
        answer = make_answer(kind="moderation", prompt_id=prompt_id, fields={"brands": brands})
        store.captions.store_answer(number, answer, captioner="openai", model="m")  # type: ignore[arg-type]

    assert sorted(find(searcher, filters={"brands": "acme"})) == ["beach", "sea"]
    assert find(searcher, filters={"brands": ["globex", "initech"]}) == ["beach"]


def test_a_filter_that_no_image_can_fulfil_is_refused(searcher: Searcher) -> None:
    with pytest.raises(QueryError, match="There is no filter contains_people"):
        find(searcher, filters={"contains_people": True})


def test_pages_follow_one_another_and_end(searcher: Searcher) -> None:
    query = Query(text="sea", strictness="low", limit=3)
    first = searcher.search(query)
    assert first.next_cursor is not None
    second = searcher.search(replace(query, cursor=first.next_cursor))

    assert len({hit.image_id for hit in [*first.hits, *second.hits]}) == len(LIBRARY)
    assert second.next_cursor is None
    assert [hit.why.dense_rank for hit in second.hits] != [1]


def test_a_list_has_pages_too(searcher: Searcher) -> None:
    query = Query(text="folder:pictures", limit=3)
    first = searcher.search(query)
    assert first.next_cursor is not None
    second = searcher.search(replace(query, cursor=first.next_cursor))

    assert [hit.image_id for hit in [*first.hits, *second.hits]] == [4, 3, 2, 1]
    assert second.next_cursor is None


def test_a_cursor_of_another_search_is_refused(searcher: Searcher) -> None:
    cursor = searcher.search(Query(text="sea", strictness="low", limit=1)).next_cursor

    with pytest.raises(QueryError, match="belongs to another search"):
        searcher.search(Query(text="desk", strictness="low", cursor=cursor))


def test_the_arithmetic_of_a_score_adds_up(searcher: Searcher) -> None:
    hit = searcher.search(Query(text="a red mug on the desk in Paris", explain=True)).hits[0]
    why = hit.explanation

    assert why is not None
    assert why.similarity is not None
    assert why.lexical_score == pytest.approx(sum(term.share * term.weight for term in why.terms), abs=1e-4)
    assert hit.score == pytest.approx(
        why.dense_weight * why.similarity + (1 - why.dense_weight) * (why.lexical_score or 0), abs=1e-6
    )
    assert {term.word: term.weight > 0 for term in why.terms} == {
        "red": True,
        "mug": True,
        "desk": True,
        "paris": False,
    }


def test_stop_words_in_quotes_ask_for_nothing_and_exclude_nothing(searcher: Searcher) -> None:
    everything = find(searcher, "sea")

    assert find(searcher, 'sea "of the"') == everything
    assert find(searcher, "sea -the") == everything
    assert find(searcher, 'sea -"in the"') == everything


@pytest.mark.parametrize("asked", ["Straße", "STRAßE", "Caf\u00e9", "cafe\u0301"])
def test_folders_are_found_however_their_letters_are_written(
    store: Store, indexing: Indexing, captioned: Event, embedder: Embedder, asked: str
) -> None:
    registered = store.images.register_image(make_facts(), make_found("Straße/Cafe\u0301/a.jpg"), make_wanted())
    store.captions.store_answer(registered.image_id, make_answer("The sea."), captioner="import", model="import")
    indexing.run(captioned, Event())

    assert find(Searcher(store, lambda _: embedder), filters={"folder": asked}) == ["a"]
