import os
from pathlib import Path

import pytest

from indexer.errors import SettingsError
from indexer.sources.folders import find_files
from tests.images import image_bytes


def make_files(folder: Path, *names: str, content: bytes = b"x") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def found_in(*sources: Path) -> list[str]:
    return [file.relative_path for file in find_files(sources)]


def test_a_folder_is_walked_to_its_depth_in_order_of_name(tmp_path: Path) -> None:
    make_files(tmp_path, "c.jpg", "b/z.png", "b/a/deep/er/x.webp", "a.jpg", "b.gif")

    assert found_in(tmp_path) == ["a.jpg", "b/a/deep/er/x.webp", "b/z.png", "b.gif", "c.jpg"]


def test_a_file_is_told_with_its_path_size_and_time(tmp_path: Path) -> None:
    make_files(tmp_path, "holiday/mug.jpg", content=b"12345")
    path = tmp_path / "holiday" / "mug.jpg"
    os.utime(path, ns=(1, 1_600_000_000_123_456_789))

    [file] = find_files([tmp_path])

    assert (file.path, file.location, file.relative_path) == (path, str(path), "holiday/mug.jpg")
    assert (file.size_bytes, file.modified_ns) == (5, path.stat().st_mtime_ns)


@pytest.mark.parametrize("name", ["a.jpg", "a.JPG", "a.JpEg", "a.HEIC", "a.b.tiff", "a b.webp", "日落.avif", "a.jfif"])
def test_files_with_the_suffix_of_an_image_are_found_in_any_case(name: str, tmp_path: Path) -> None:
    make_files(tmp_path, name)

    assert found_in(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a.txt", "a.jpg.part", "a.mp4", "jpg", "a.xmp", "Thumbs.db", "a."])
def test_other_files_are_left_out(name: str, tmp_path: Path) -> None:
    make_files(tmp_path, name, content=b"no image at all")

    assert found_in(tmp_path) == []


@pytest.mark.parametrize("name", [".a.jpg", "._a.jpg", ".thumbnails/a.jpg", "b/.hidden/c/a.jpg", "@eaDir/a.jpg"])
def test_what_is_hidden_or_beside_the_pictures_is_left_out(name: str, tmp_path: Path) -> None:
    make_files(tmp_path, name, "seen.jpg")

    assert found_in(tmp_path) == ["seen.jpg"]


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF"])
def test_a_file_without_a_suffix_is_known_by_its_first_bytes(file_format: str, tmp_path: Path) -> None:
    make_files(tmp_path, "picture", content=image_bytes(1, file_format))

    assert found_in(tmp_path) == ["picture"]


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh", b"%PDF-1.7"])
def test_a_file_without_a_suffix_that_is_no_image_is_left_out(content: bytes, tmp_path: Path) -> None:
    make_files(tmp_path, "README", content=content)

    assert found_in(tmp_path) == []


@pytest.mark.parametrize("name", ["mug.jpg", "notes.txt", ".hidden.jpg", "README"])
def test_a_file_that_is_named_itself_is_always_found(name: str, tmp_path: Path) -> None:
    make_files(tmp_path, name)

    assert found_in(tmp_path / name) == [name]


def test_a_hidden_folder_that_is_named_itself_is_walked(tmp_path: Path) -> None:
    make_files(tmp_path, ".pictures/a.jpg")

    assert found_in(tmp_path / ".pictures") == ["a.jpg"]


def test_several_sources_come_one_after_the_other(tmp_path: Path) -> None:
    make_files(tmp_path, "one/b.jpg", "two/a.jpg", "c.jpg")

    assert found_in(tmp_path / "two", tmp_path / "c.jpg", tmp_path / "one") == ["a.jpg", "c.jpg", "b.jpg"]


def test_a_relative_source_gives_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path, "pictures/a.jpg")
    monkeypatch.chdir(tmp_path / "pictures")

    [by_folder] = find_files([Path()])
    [by_detour] = find_files([Path("../pictures/./a.jpg")])

    assert by_folder.location == by_detour.location == str(tmp_path / "pictures" / "a.jpg")


def test_an_empty_folder_has_nothing(tmp_path: Path) -> None:
    assert found_in(tmp_path) == []


def test_a_missing_source_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone does not exist\.$"):
        found_in(tmp_path / "gone")


def test_a_dead_link_is_found_so_that_reading_it_can_fail(tmp_path: Path) -> None:
    (tmp_path / "dead.jpg").symlink_to(tmp_path / "gone.jpg")

    [file] = find_files([tmp_path])

    assert (file.relative_path, file.size_bytes, file.modified_ns) == ("dead.jpg", 0, 0)


@pytest.mark.parametrize("name", ["dead", "dead.txt"])
def test_a_dead_link_that_does_not_look_like_an_image_is_left_out(name: str, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to(tmp_path / "gone")

    assert found_in(tmp_path) == []


def test_a_link_to_a_picture_is_found_under_its_own_name(tmp_path: Path) -> None:
    make_files(tmp_path, "elsewhere/mug.jpg")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link.jpg").symlink_to(tmp_path / "elsewhere" / "mug.jpg")

    [file] = find_files([tmp_path / "here"])

    assert (file.relative_path, file.location) == ("link.jpg", str(tmp_path / "here" / "link.jpg"))


@pytest.mark.parametrize("name", ["loop", "loop.jpg"])
def test_a_link_to_the_folder_above_does_not_go_round(name: str, tmp_path: Path) -> None:
    make_files(tmp_path, "a/b.jpg")
    (tmp_path / "a" / name).symlink_to(tmp_path)

    assert "a/b.jpg" in found_in(tmp_path)


@pytest.mark.parametrize("name", ["loop", "loop.jpg"])
def test_a_link_to_itself_does_not_end_the_walk(name: str, tmp_path: Path) -> None:
    make_files(tmp_path, "zebra.jpg")
    (tmp_path / name).symlink_to(tmp_path / name)

    assert "zebra.jpg" in found_in(tmp_path)


def test_a_folder_that_cannot_be_listed_is_found_so_that_reading_it_can_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)  # root may list everything: file modes would not do

    assert found_in(tmp_path) == [tmp_path.name]
