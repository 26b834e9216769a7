"""Folders as they are: broken files, odd names, files that change."""

from pathlib import Path

from tests.e2e.conftest import Command
from tests.fakes.openai_server import FakeOpenAI
from tests.images import image_bytes, write_images
from tests.odd_files import BAD, GOOD, write_odd_files


def test_every_good_file_is_indexed_and_every_bad_one_listed(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_odd_files(tmp_path / "images")

    finished = paying("ingest", tmp_path / "images", "--json")

    summary = finished.lines[-1]
    assert finished.code == 3
    assert (summary["seen"], summary["captioned"], summary["failed"]) == (20, len(GOOD), len(BAD))
    assert len(openai_server.accepted) == len(GOOD)
    failures = {Path(line["location"]).name: line for line in paying("failures", "--json").lines}
    assert failures.keys() == BAD.keys()
    assert all(reason in failures[name]["reason"] for name, reason in BAD.items()), failures
    assert {line["stage"] for line in failures.values()} == {"read"}
    assert paying("status", "--json").lines[0]["entries"] == len(GOOD)


def test_a_bad_file_that_has_not_changed_is_not_tried_again_and_still_counts(paying: Command, tmp_path: Path) -> None:
    write_odd_files(tmp_path / "images")
    paying("ingest", tmp_path / "images")

    finished = paying("ingest", tmp_path / "images", "--json")

    assert (finished.code, finished.lines[-1]["failed"]) == (3, len(BAD))
    attempts = {Path(line["location"]).name: line["attempts"] for line in paying("failures", "--json").lines}
    assert attempts == {**dict.fromkeys(BAD, 1), "dead-link.jpg": 2}  # what the system refuses may be mended by now


def test_a_mended_file_is_taken_up(paying: Command, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"")
    paying("ingest", tmp_path / "images")
    (tmp_path / "images" / "a.jpg").write_bytes(image_bytes(1))

    finished = paying("ingest", tmp_path / "images", "--json")

    assert (finished.code, finished.lines[-1]["captioned"]) == (0, 1)
    assert paying("failures", "--json").lines == []


def test_a_changed_file_is_a_new_image(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    [path] = write_images(tmp_path / "images", 1)
    paying("ingest", tmp_path / "images")
    path.write_bytes(image_bytes(77))

    summary = paying("ingest", tmp_path / "images", "--json").lines[-1]

    assert (summary["captioned"], len(openai_server.accepted)) == (1, 2)
    assert paying("status", "--json").lines[0]["entries"] == 1


def test_a_name_that_is_no_text_is_a_failure(paying: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 1)
    (Path(str(tmp_path)) / "images" / b"caf\xe9.jpg".decode("utf-8", "surrogateescape")).write_bytes(image_bytes(5))

    finished = paying("ingest", tmp_path / "images", "--json")

    assert (finished.code, finished.lines[-1]["captioned"], finished.lines[-1]["failed"]) == (3, 1, 1)
    [failure] = paying("failures", "--json").lines
    assert "not valid UTF-8" in failure["reason"]


def test_a_missing_folder_is_told_before_anything_is_begun(indexer: Command, tmp_path: Path) -> None:
    finished = indexer("ingest", tmp_path / "nothing-here")

    assert finished.code == 1
    assert finished.err.strip() == f"Error: {tmp_path / 'nothing-here'} does not exist."


def test_an_empty_folder_deletes_nothing(paying: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 2)
    (tmp_path / "unmounted").mkdir()
    paying("ingest", tmp_path / "images")

    finished = paying("ingest", tmp_path / "unmounted", "--json")

    assert (finished.code, finished.lines[-1]["seen"]) == (0, 0)
    assert paying("status", "--json").lines[0]["entries"] == 2


def test_a_failure_goes_with_its_file(paying: Command, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"")
    paying("ingest", tmp_path / "images")
    (tmp_path / "images" / "a.jpg").unlink()

    finished = paying("ingest", tmp_path / "images")

    assert finished.code == 0
    assert paying("failures", "--json").lines == []


def test_files_that_swap_their_contents_are_followed(paying: Command, tmp_path: Path) -> None:
    paths = write_images(tmp_path / "images", 8)
    paying("ingest", tmp_path / "images")
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, reversed(contents), strict=True):
        path.write_bytes(content)

    finished = paying("ingest", tmp_path / "images", "--json")

    assert (finished.code, finished.lines[-1]["known"]) == (0, 8), finished.err


def test_a_moved_file_is_shown_where_it_is_now(paying: Command, tmp_path: Path) -> None:
    [path] = write_images(tmp_path / "images", 1)
    paying("ingest", tmp_path / "images")
    path.rename(tmp_path / "images" / "renamed.jpg")

    paying("ingest", tmp_path / "images")

    assert paying("status", "--json").lines[0]["locations"] == 1
    assert paying("search", "picture", "--json").lines[0]["hits"][0]["location"] == "renamed.jpg"
