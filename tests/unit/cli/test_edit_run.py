from pathlib import Path
from typing import Any

import pytest

from indexer.cli.edit_run import find_requests
from indexer.editing.requests import EditRequest
from indexer.errors import SettingsError
from tests.edits import ask, write_requests


def find(file: Path | None = None, *images: str, **changes: Any) -> list[EditRequest]:
    given: dict[str, Any] = {"instructions": [], "mask": None, "parameters": {}, "limit": None, **changes}
    return find_requests(file, images, given["instructions"], given["mask"], given["parameters"], given["limit"])


def test_flags_are_a_request_as_a_line_would_be() -> None:
    [request] = find(None, "a.png", "image:7", instructions=["One.", "Two."], mask="m.png", parameters={"n": 2})

    assert (request.images, request.turns, request.mask) == (("a.png", "image:7"), ("One.", "Two."), "m.png")
    assert request.written == ask(["a.png", "image:7"], "One.", "Two.", mask="m.png")
    assert (request.location, request.folder) == ("a.png, image:7: One. / Two.", Path.cwd())
    assert request.parameters == {"n": 2}


def test_one_image_is_written_as_one_and_no_instruction_is_a_variation() -> None:
    [request] = find(None, "a.png")

    assert (request.written, request.turns) == (ask("a.png"), ())
    assert request.location == "a.png: a variation"


def test_what_a_line_says_goes_before_the_flags(tmp_path: Path) -> None:
    file = write_requests(tmp_path, ask("a.png", "One.", parameters={"size": "2K"}), ask("b.png", "Two."))

    found = find(file, parameters={"size": "1K", "n": 1})

    assert [request.parameters for request in found] == [{"size": "2K", "n": 1}, {"size": "1K", "n": 1}]


def test_a_limit_takes_the_first(tmp_path: Path) -> None:
    file = write_requests(tmp_path, *(ask(name, "Go.") for name in "abc"))

    assert [request.images for request in find(file, limit=2)] == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("has_file", "images", "changes", "said"),
    [
        (False, (), {}, "Name a file of requests, or one image"),
        (True, ("a.png",), {}, "Name a file of requests, or one image"),
        (True, (), {"instructions": ["Go."]}, "--instruction and --mask go with --image"),
        (True, (), {"mask": "m.png"}, "--instruction and --mask go with --image"),
    ],
)
def test_flags_that_do_not_go_together_are_told(
    has_file: bool, images: tuple[str, ...], changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    file = write_requests(tmp_path, ask("a.png", "One.")) if has_file else None

    with pytest.raises(SettingsError, match=said):
        find(file, *images, **changes)
