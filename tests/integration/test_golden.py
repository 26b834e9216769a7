"""Golden files and judgements over a real catalogue."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.catalog.store import Store
from indexer.errors import JsonFileError, NotFoundError, QueryError
from indexer.models import ImageId
from indexer.pipelines.golden import GoldenQuery, golden_lines, golden_of, load_golden
from indexer.pipelines.judging import judge
from tests.factories import add_image, make_facts


def write_golden(folder: Path, *lines: object) -> Path:
    path = folder / "golden.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


def images_of(query: GoldenQuery) -> list[set[int]]:
    return [set(images) for images in query.relevant]


@pytest.mark.parametrize("name", ["a.jpg", "trip/a.jpg", "/pictures/trip/a.jpg", "ID", "SHA", 1])
def test_an_image_is_named_in_many_ways(store: Store, tmp_path: Path, name: object) -> None:
    image_id = add_image(store, "trip/a")
    written = {"ID": str(image_id), "SHA": make_facts("trip/a").sha256.hex(), 1: image_id}.get(name, name)

    [query], remarks = load_golden(store, write_golden(tmp_path, {"query": "mug", "relevant": [written]}))

    assert (images_of(query), remarks) == ([{image_id}], [])
    assert (query.query_set, query.wanted) == ("golden", (str(written),))


def test_names_are_whole_file_names_or_relative_paths(store: Store) -> None:
    image_id = add_image(store, "trip/a")

    found = store.images.find_images_named(["trip/a.jpg", "a.jpg", "jpg", "rip/a.jpg"])

    assert found == {"trip/a.jpg": {image_id}, "a.jpg": {image_id}}


def test_a_name_that_several_images_have_is_told_and_any_counts(store: Store, tmp_path: Path) -> None:
    ids = {add_image(store, "one/a"), add_image(store, "two/a")}

    [query], [remark] = load_golden(store, write_golden(tmp_path, {"query": "mug", "relevant": ["a.jpg"]}))

    assert images_of(query) == [ids]
    assert (remark.number, remark.is_fault) == (1, False)
    assert "2 images are named a.jpg" in remark.text


def test_a_reference_that_another_one_implies_counts_once(store: Store, tmp_path: Path) -> None:
    one, _ = add_image(store, "one/a"), add_image(store, "two/a")

    [query], _ = load_golden(
        store, write_golden(tmp_path, {"query": "mug", "relevant": ["a.jpg", "one/a.jpg", str(one)]})
    )

    assert images_of(query) == [{one}]


def test_faults_are_told_by_line_and_lose_no_other_line(store: Store, tmp_path: Path) -> None:
    image_id = add_image(store, "a")
    path = write_golden(
        tmp_path,
        "# a comment",
        "",
        {"query": "one", "relevant": ["a.jpg", "gone.jpg"], "set": "short"},
        "{broken",
        {"query": "two"},
        {"query": " ", "relevant": []},
        {"query": "three", "relevant": "a.jpg"},
        [1],
        {"query": "four", "relevant": [], "not_relevant": ["a.jpg"]},
        {"query": "five", "relevant": ["\u0000" + "x" * 5000]},
        {"query": "nothing", "relevant": []},
    )

    queries, remarks = load_golden(store, path)

    assert [(query.text, query.query_set) for query in queries] == [
        ("one", "short"),
        ("four", "golden"),
        ("five", "golden"),
        ("nothing", "golden"),
    ]
    assert [remark.number for remark in remarks] == [3, 4, 5, 6, 7, 8, 10]
    assert "no indexed image is gone.jpg" in remarks[0].text
    assert [set(), {image_id}] == images_of(queries[0])
    assert [query.is_negative for query in queries] == [False, False, False, True]
    assert queries[1].irrelevant == {image_id}


def test_a_file_that_is_not_there_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(JsonFileError, match="cannot be read"):
        load_golden(store, tmp_path / "nothing.jsonl")


def test_judgements_are_kept_changed_and_taken_back(store: Store) -> None:
    one, two = add_image(store, "a"), add_image(store, "b")

    judge(store, "  red \n mug ", one, relevant=True)
    judge(store, "red mug", one, relevant=False)
    judge(store, "red mug", two, relevant=True)
    judge(store, "Red mug", two, relevant=True)
    judge(store, "Red mug", two, relevant=None)
    judge(store, "Red mug", two, relevant=None)

    found = store.judgements.find_judgements()
    assert [(said.query, said.image_id, said.relevant) for said in found] == [
        ("red mug", one, False),
        ("red mug", two, True),
    ]
    assert store.judgements.find_judgements("Red mug") == []


@pytest.mark.parametrize("relevant", [True, None])
def test_what_cannot_be_judged_is_refused(store: Store, relevant: bool | None) -> None:
    with pytest.raises(NotFoundError):
        judge(store, "mug", ImageId(99), relevant=relevant)
    with pytest.raises(QueryError):
        judge(store, " \u0000 ", add_image(store, "a"), relevant=relevant)


def test_judgements_become_golden_queries_and_a_golden_file(store: Store, tmp_path: Path) -> None:
    one, two = add_image(store, "a"), add_image(store, "b")
    judge(store, "mug", one, relevant=True)
    judge(store, "mug", two, relevant=False)
    said = store.judgements.find_judgements()

    [query] = golden_of(said)
    [read], remarks = load_golden(store, write_golden(tmp_path, *golden_lines(said)))

    assert images_of(query) == [{one}]
    assert query.irrelevant == {two}
    assert query.wanted == ("a.jpg",)
    assert replace(read, wanted=query.wanted) == query
    assert remarks == []
