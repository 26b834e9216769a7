import json
from pathlib import Path
from typing import Any

import pytest

from indexer.pipelines.editing.results import Results
from tests.edits import ask


def read(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / "edits.jsonl").read_text().splitlines()]


def images_of(folder: Path) -> list[Any]:
    return [(line["images"], line["output_image"]) for line in read(folder)]


def test_a_line_has_every_field_that_was_written_and_its_images(tmp_path: Path) -> None:
    written = ask("a.png", "Größer.", source={"page": 3}, parameters={"n": 2}, output_image="old.png")

    Results(tmp_path).add(1, written, [Path("/out/1_0.png"), Path("/out/1_1.png")])

    assert read(tmp_path) == [{**written, "output_image": ["/out/1_0.png", "/out/1_1.png"]}]
    assert "Größer." in (tmp_path / "edits.jsonl").read_text()


def test_lines_are_there_while_the_run_lasts_and_in_their_order_at_its_end(tmp_path: Path) -> None:
    results = Results(tmp_path)
    for number, name in ((3, "c"), (1, "a"), (2, "b")):
        results.add(number, ask(name, "Go."), [Path(f"/out/{name}")])
    while_running = images_of(tmp_path)

    results.put_in_order()

    assert [name for name, _ in while_running] == ["c", "a", "b"]
    assert images_of(tmp_path) == [(name, [f"/out/{name}"]) for name in "abc"]


def test_a_further_run_changes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    before = (tmp_path / "edits.jsonl").read_bytes()

    fill(tmp_path, "a", "b")

    assert (tmp_path / "edits.jsonl").read_bytes() == before


def test_what_is_listed_already_is_not_appended_again_while_a_run_lasts(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")

    Results(tmp_path).add(2, ask("b", "Go."), [Path("/out/b")])

    assert [name for name, _ in images_of(tmp_path)] == ["a", "b"]


def test_a_row_that_was_inserted_comes_in_its_place(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")

    fill(tmp_path, "new", "a", "b")

    assert [name for name, _ in images_of(tmp_path)] == ["new", "a", "b"]


def test_two_files_of_requests_share_an_output(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    fill(tmp_path, "c")

    fill(tmp_path, "b", "a")

    assert [name for name, _ in images_of(tmp_path)] == ["c", "b", "a"]


def test_another_image_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    fill(tmp_path, "a")
    results = Results(tmp_path)
    results.add(1, ask("a", "Go."), [Path("/out/another")])

    results.put_in_order()

    assert images_of(tmp_path) == [("a", ["/out/another"])]


def test_repeated_lines_stay_as_many_as_they_are(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b", "a")
    fill(tmp_path, "a", "b", "a")

    assert [name for name, _ in images_of(tmp_path)] == ["a", "b", "a"]


def test_requests_that_a_shorter_run_left_out_are_kept(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b", "c")

    fill(tmp_path, "a")

    assert sorted(name for name, _ in images_of(tmp_path)) == ["a", "b", "c"]


@pytest.mark.parametrize("left", ['{"images": "a", "conv', "[1]\n", "\n"])
def test_what_a_killed_run_or_another_hand_left_is_no_hindrance(left: str, tmp_path: Path) -> None:
    (tmp_path / "edits.jsonl").write_text(left)

    fill(tmp_path, "a", "b")

    assert [name for name, _ in images_of(tmp_path)] == ["a", "b"]


def test_a_run_that_finished_nothing_writes_no_file(tmp_path: Path) -> None:
    Results(tmp_path).put_in_order()

    assert list(tmp_path.iterdir()) == []


def fill(folder: Path, *names: str) -> None:
    """Do a run over a request for each of these images."""
    results = Results(folder)
    for number, name in enumerate(names, start=1):
        results.add(number, ask(name, "Go."), [Path(f"/out/{name}")])
    results.put_in_order()
