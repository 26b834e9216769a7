import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import SettingsError
from indexer.pipelines.editing.results import Results
from tests.edits import ask


def read(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / "edits.jsonl").read_text().splitlines()]


def images_of(folder: Path) -> list[Any]:
    return [(line["images"], line["output_image"]) for line in read(folder)]


def test_a_line_has_every_field_that_was_written_and_its_images(tmp_path: Path) -> None:
    written = ask("a.png", "Größer.", source={"page": 3}, parameters={"n": 2}, output_image="old.png")

    with Results(tmp_path) as results:
        results.add(1, written, [Path("/out/1/1_0.png"), Path("/out/1/1_1.png")])

    assert read(tmp_path) == [{**written, "output_image": ["/out/1/1_0.png", "/out/1/1_1.png"]}]
    assert "Größer." in (tmp_path / "edits.jsonl").read_text()


def test_lines_are_there_while_the_run_lasts_and_in_their_order_at_its_end(tmp_path: Path) -> None:
    with Results(tmp_path) as results:
        for number, name in ((3, "c"), (1, "a"), (2, "b")):
            results.add(number, ask(name, "Go."), [output_of(name)])
        while_running = images_of(tmp_path)

        results.put_in_order()

    assert [name for name, _ in while_running] == ["c", "a", "b"]
    assert images_of(tmp_path) == [(name, [f"/out/{name}/0.png"]) for name in "abc"]


def test_a_further_run_changes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    before = (tmp_path / "edits.jsonl").read_bytes()

    fill(tmp_path, "a", "b")

    assert (tmp_path / "edits.jsonl").read_bytes() == before


def test_a_further_run_writes_nothing_while_it_lasts(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    before = (tmp_path / "edits.jsonl").read_bytes()

    with Results(tmp_path) as results:
        results.add(1, ask("a", "Go."), [output_of("a")])

    assert (tmp_path / "edits.jsonl").read_bytes() == before


def test_a_row_that_was_inserted_comes_in_its_place(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")

    fill(tmp_path, "new", "a", "b")

    assert [name for name, _ in images_of(tmp_path)] == ["new", "a", "b"]


def test_two_files_of_requests_share_an_output(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    fill(tmp_path, "c")

    fill(tmp_path, "b", "a")

    assert [name for name, _ in images_of(tmp_path)] == ["c", "b", "a"]


def test_the_same_words_for_other_pictures_are_another_edit(tmp_path: Path) -> None:
    written = ask("room.png", "Go.")
    for folder in ("of-one-picture", "of-another"):
        with Results(tmp_path) as results:
            results.add(1, written, [output_of(folder)])
            results.put_in_order()

    assert images_of(tmp_path) == [
        ("room.png", ["/out/of-one-picture/0.png"]),
        ("room.png", ["/out/of-another/0.png"]),
    ]


def test_another_image_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    fill(tmp_path, "a")
    with Results(tmp_path) as results:
        results.add(1, ask("a", "Go."), [Path("/moved/a/1.png")])
        results.put_in_order()

    assert images_of(tmp_path) == [("a", ["/moved/a/1.png"])]


def test_repeated_lines_stay_as_many_as_they_are(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b", "a")
    fill(tmp_path, "a", "b", "a")

    assert [name for name, _ in images_of(tmp_path)] == ["a", "b", "a"]


def test_requests_that_a_shorter_run_left_out_are_kept(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b", "c")

    fill(tmp_path, "a")

    assert sorted(name for name, _ in images_of(tmp_path)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "left",
    [
        b'{"images": "a", "conv',
        b"[1]\n",
        b"\n",
        b'{"output_image": 7}\n{"output_image": []}\n',
        b'\xff\xfe{\x00}\x00\n\x00\n{"images": "foreign"}\n',
        b'[{"images": "foreign"},\n{"images": "foreign"}]',
        b"[" * 100_000 + b"\n",
    ],
    ids=["half a line", "a list", "an empty line", "other fields", "UTF-16", "an array", "too deep"],
)
def test_what_another_hand_left_stays_as_it_is(left: bytes, tmp_path: Path) -> None:
    (tmp_path / "edits.jsonl").write_bytes(left)

    fill(tmp_path, "a", "b")

    whole = (tmp_path / "edits.jsonl").read_bytes()
    ours = whole.removeprefix(left).lstrip(b"\n").splitlines()
    assert whole.startswith(left)
    assert [json.loads(line)["images"] for line in ours] == ["a", "b"]


def test_processes_that_share_an_output_lose_no_lines(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        list(pool.map(fill, [tmp_path] * 200, map(str, range(200))))

    assert sorted(name for name, _ in images_of(tmp_path)) == sorted(map(str, range(200)))


def test_a_list_that_cannot_be_written_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    with Results(tmp_path) as results:
        (tmp_path / "edits.jsonl").mkdir()

        with pytest.raises(SettingsError, match=r"The list of edits cannot be written to .*: Is a directory\."):
            results.add(1, ask("a", "Go."), [output_of("a")])


def test_a_run_that_finished_nothing_writes_no_file(tmp_path: Path) -> None:
    with Results(tmp_path) as results:
        results.put_in_order()

    assert list(tmp_path.iterdir()) == []


def fill(folder: Path, *names: str) -> None:
    """Do a run over a request for each of these images."""
    with Results(folder) as results:
        for number, name in enumerate(names, start=1):
            results.add(number, ask(name, "Go."), [output_of(name)])
        results.put_in_order()


def output_of(name: str) -> Path:
    """Return where the image of a request lies: the folder stands for its key."""
    return Path(f"/out/{name}/0.png")
