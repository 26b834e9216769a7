from pathlib import Path

import pytest

from indexer.errors import JsonFileError, SettingsError
from indexer.models import FoundFile, FoundRecord
from indexer.sources.finding import check_sources, find_everything, is_manifest


def test_files_and_records_come_source_by_source(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").touch()
    (tmp_path / "things.jsonl").write_text('{"image": "pictures/a.jpg"}\noops\n')

    found = list(find_everything([tmp_path / "things.jsonl", tmp_path / "pictures"]))

    assert [type(item) for item in found] == [FoundRecord, FoundRecord, FoundFile]


@pytest.mark.parametrize(("name", "manifest"), [("a.json", True), ("a.JSONL", True), ("a.jpg", False), ("a", False)])
def test_a_manifest_is_told_by_its_name(name: str, manifest: bool) -> None:
    assert is_manifest(Path(name)) == manifest


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "set.json").mkdir()

    assert not is_manifest(tmp_path / "set.json")


def test_sources_are_checked_before_anything_is_begun(tmp_path: Path) -> None:
    check_sources([tmp_path])
    with pytest.raises(SettingsError, match=r"gone does not exist\.$"):
        check_sources([tmp_path, tmp_path / "gone"])


def test_a_manifest_that_cannot_be_read_is_an_error_before_anything_is_begun(tmp_path: Path) -> None:
    (tmp_path / "things.json").write_text('[{"image": "a.jpg"')

    with pytest.raises(JsonFileError, match=r"things\.json: is no JSON"):
        check_sources([tmp_path, tmp_path / "things.json"])
