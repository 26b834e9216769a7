from pathlib import Path
from typing import Annotated

import pytest
from pydantic import AfterValidator, ValidationError, create_model

from indexer.errors import JsonFileError
from indexer.json_items import first_fault, load_items


def items_of(folder: Path, content: bytes) -> list[tuple[int, object]]:
    path = folder / "things.jsonl"
    path.write_bytes(content)
    return list(load_items(path))


@pytest.mark.parametrize(
    "content", [b'[{"a": 1}, 2]', b'\xef\xbb\xbf [{"a": 1},\n 2]\n', b'{"a": 1}\n2', b'{"a": 1}\r\n2\r\n']
)
def test_items_of_an_array_and_lines_are_numbered_from_one(content: bytes, tmp_path: Path) -> None:
    assert items_of(tmp_path, content) == [(1, {"a": 1}), (2, 2)]


def test_empty_lines_count_and_bring_nothing(tmp_path: Path) -> None:
    assert items_of(tmp_path, b"\n1\n \n2\n") == [(2, 1), (4, 2)]


@pytest.mark.parametrize("line", [b"oops", b'{"a"', b'{"a": "\xff"}', b"[" * 5000])
def test_a_broken_line_comes_as_it_is(line: bytes, tmp_path: Path) -> None:
    assert items_of(tmp_path, b"1\n" + line + b"\n3") == [(1, 1), (2, line), (3, 3)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{\n1: 2}", "is one JSON object"),
        (b"[1, 2", "is no JSON"),
        (b"[" * 5000, "is no JSON"),
        (b"\xff\xfe1\x00\n", "is not written in UTF-8"),
    ],
)
def test_a_file_that_is_broken_as_a_whole_is_an_error(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(JsonFileError, match=rf"things\.jsonl: {reason}"):
        items_of(tmp_path, content)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JsonFileError, match=r"gone\.jsonl: cannot be read: No such file"):
        list(load_items(tmp_path / "gone.jsonl"))


def test_a_fault_is_said_without_the_validators_words() -> None:
    def refuse(_text: str) -> str:
        raise ValueError("The query is empty.")

    with pytest.raises(ValidationError) as caught:
        create_model("Line", query=Annotated[str, AfterValidator(refuse)])(query="")

    assert first_fault(caught.value) == "query: The query is empty"
