import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import SettingsError
from indexer.pipelines.exporting import write_file, write_jsonl

RECORDS: list[dict[str, Any]] = [{"image": "höhe.jpg", "caption": "雨"}, {"image": ["a", "b"], "odd": "\ud800"}]


def test_jsonl_has_a_line_for_each_record_in_every_script() -> None:
    out = io.BytesIO()

    write_jsonl(RECORDS, out)

    lines = out.getvalue().decode().splitlines()
    assert lines[0] == '{"image": "höhe.jpg", "caption": "雨"}'
    assert [json.loads(line) for line in lines] == RECORDS


@pytest.mark.parametrize("records", [RECORDS, RECORDS[:1], []])
def test_a_json_file_is_an_array(records: list[dict[str, Any]], tmp_path: Path) -> None:
    write_file(records, tmp_path / "out.JSON")

    assert json.loads((tmp_path / "out.JSON").read_text()) == records


def test_a_file_is_whole_or_as_it_was_before(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("before")

    with pytest.raises(KeyError):
        write_file(_broken(), tmp_path / "out.jsonl")

    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert (tmp_path / "out.jsonl").read_text() == "before"


@pytest.mark.parametrize("name", ["gone/out.jsonl", "folder"])
def test_a_place_that_cannot_be_written_to_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(SettingsError, match="cannot be written to"):
        write_file(RECORDS, tmp_path / name)


def _broken() -> Iterator[dict[str, Any]]:
    yield RECORDS[0]
    raise KeyError
