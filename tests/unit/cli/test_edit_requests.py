from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.cli.edit_requests import Requests, check_output, find_requests
from indexer.editing.openai_images import OpenAIEditor
from indexer.editing.requests import EditRequest
from indexer.errors import SettingsError
from indexer.openai_client import build_client
from indexer.pricing import load_prices
from tests.edits import ask, write_requests

LINES = (ask("a.png", "Go."), ask(["a.png", "b.png"], "Go."), "{", ask("c.png", "Go."))


@pytest.fixture
def editor() -> Iterator[OpenAIEditor]:
    """An editor of one image at a time."""
    with build_client(api_key="sk-test", base_url="http://127.0.0.1:9", timeout_s=1) as client:
        yield OpenAIEditor(client, model="dall-e-2", prices=load_prices(Path()))


def test_requests_that_cannot_be_done_come_first_and_all_are_read_anew(editor: OpenAIEditor, tmp_path: Path) -> None:
    file = write_requests(tmp_path, *LINES)

    requests = Requests(find_requests(file, [], [], None, {}, None), editor)

    assert len(requests) == 4
    assert [request.number for request in requests] == [2, 3, 1, 4]
    assert [request.fault is None for request in requests] == [False, False, True, True]


def test_a_limit_counts_lines_of_the_file(editor: OpenAIEditor, tmp_path: Path) -> None:
    file = write_requests(tmp_path, *LINES)

    requests = Requests(find_requests(file, [], [], None, {}, 2), editor)

    assert (len(requests), [request.number for request in requests]) == (2, [2, 1])


@pytest.mark.parametrize("named", ["edits.jsonl", "./edits.jsonl", "link.jsonl"])
def test_the_file_that_lists_edits_is_no_file_of_requests(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_requests(tmp_path, ask("a.png", "Go."), name="edits.jsonl")
    (tmp_path / "link.jsonl").symlink_to("edits.jsonl")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsError, match="is where this run lists its edits: name another --output"):
        check_output(Path(named), Path("../") / tmp_path.name)


def test_another_file_in_the_folder_of_outputs_is_one(tmp_path: Path) -> None:
    check_output(tmp_path / "requests.jsonl", tmp_path)


def find(file: Path | None = None, *images: str, **changes: Any) -> list[EditRequest]:
    given: dict[str, Any] = {"instructions": [], "mask": None, "parameters": {}, "limit": None, **changes}
    return list(
        find_requests(file, images, given["instructions"], given["mask"], given["parameters"], given["limit"])()
    )


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
