import json
from pathlib import Path
from typing import Any

import pytest

from indexer.editing.requests import EditRequest, load_requests
from tests.edits import ask, write_requests

TURN = [{"role": "user", "content": "Make it blue."}]


def request_of(folder: Path, **fields: Any) -> EditRequest:
    given = {"images": "a.png", "conversations": TURN, **fields}
    [request] = load_requests(write_requests(folder, {key: value for key, value in given.items() if value is not None}))
    return request


@pytest.mark.parametrize(
    ("fields", "images"),
    [
        ({"images": "a.png"}, ("a.png",)),
        ({"images": ["a.png", "b c.png"]}, ("a.png", "b c.png")),
        ({"images": "image:17"}, ("image:17",)),
        ({"images": None, "image": "a.png"}, ("a.png",)),
        ({"images": None, "image": ["a.png", "b.png"]}, ("a.png", "b.png")),
        ({"images": [], "image": "a.png"}, ("a.png",)),
        ({"images": "红.png"}, ("红.png",)),
    ],
)
def test_images_are_one_name_or_several(fields: dict[str, Any], images: tuple[str, ...], tmp_path: Path) -> None:
    request = request_of(tmp_path, **fields)

    assert (request.images, request.fault) == (images, None)


@pytest.mark.parametrize(
    ("conversation", "turns"),
    [
        (TURN, ("Make it blue.",)),
        ([*TURN, {"role": "user", "content": "Larger."}], ("Make it blue.", "Larger.")),
        ([{"from": "human", "value": "<image>\nMake it blue."}, {"from": "gpt", "value": "Done."}], ("Make it blue.",)),
        ([{"role": "system", "content": "You edit."}, *TURN], ("Make it blue.",)),
        ([{"role": "user", "content": " Line one.\r\nLine two.\u0000 "}], ("Line one.\nLine two.",)),
        (
            [{"role": "user", "content": [{"type": "text", "text": "Make it blue."}, {"type": "image_url"}]}],
            ("Make it blue.",),
        ),
        ([{"role": "user", "content": ""}], ()),
        ([], ()),
        (None, ()),
    ],
)
@pytest.mark.parametrize("name", ["conversations", "conversation"])
def test_turns_are_what_people_say(conversation: object, turns: tuple[str, ...], name: str, tmp_path: Path) -> None:
    request = request_of(tmp_path, **{"conversations": None, name: conversation})

    assert (request.turns, request.fault) == (turns, None)


def test_a_conversation_is_kept_as_it_is_written(tmp_path: Path) -> None:
    turns = [{"from": "human", "value": "<image>\nMake it blue.", "id": 7}, {"from": "gpt", "value": "Done."}]

    request = request_of(tmp_path, conversations=turns, source={"page": 3})

    assert request.conversation == turns
    assert request.written == {"images": "a.png", "conversations": turns, "source": {"page": 3}}


def test_a_conversation_is_kept_without_what_the_catalogue_cannot_hold(tmp_path: Path) -> None:
    turn = {
        "role": "user",
        "content": "Go\ud800\u0000.",
        "k\u0000": [float("nan"), 1.5, {"deep": "\u0000"}, None, True],
    }

    request = request_of(tmp_path, conversations=[turn], parameters={"size": "1K\u0000"})

    assert request.conversation == [
        {"role": "user", "content": "Go\ufffd.", "k": [None, 1.5, {"deep": ""}, None, True]}
    ]
    assert (request.turns, request.parameters) == (("Go\ufffd.",), {"size": "1K"})


@pytest.mark.parametrize(("depth", "fault"), [(20, None), (600, "it nests too deep"), (2000, "it is no JSON object")])
def test_a_line_that_nests_too_deep_to_be_written_is_a_fault(depth: int, fault: str | None, tmp_path: Path) -> None:
    deep = f"{'[' * depth}{']' * depth}"
    line = f'{{"images": "a.png", "conversations": [{{"role": "user", "content": "Go.", "deep": {deep}}}]}}'

    [request] = load_requests(write_requests(tmp_path, line))

    assert request.fault == fault


@pytest.mark.parametrize(("said", "mask"), [("m.png", "m.png"), ("image:3", "image:3"), ("", None), (None, None)])
def test_a_mask_may_be_named(said: str | None, mask: str | None, tmp_path: Path) -> None:
    assert request_of(tmp_path, mask=said).mask == mask


def test_parameters_are_texts_and_numbers(tmp_path: Path) -> None:
    request = request_of(tmp_path, parameters={"size": "1024x1024", "n": 2})

    assert (request.parameters, request.fault) == ({"size": "1024x1024", "n": 2}, None)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"images": None}, "it names no image"),
        ({"images": [""]}, 'images: "" is no path'),
        ({"images": ["a.png", 7]}, "images: 7 is no path"),
        ({"images": {"a": 1}}, 'images: {"a": 1} is no path'),
        ({"images": "a\nb.png\u0000"}, 'images: "a\\nb.png\\u0000" is no path'),
        ({"conversations": "Make it blue."}, "its conversation is no list of turns"),
        ({"conversations": ["Make it blue."]}, "its conversation is no list of turns"),
        ({"mask": ["m.png"]}, 'mask: ["m.png"] is no path'),
        ({"parameters": ["n"]}, "its parameters are no object of texts and numbers"),
        ({"parameters": {"n": True}}, "its parameters are no object of texts and numbers"),
        ({"parameters": {"n": 1.5}}, "its parameters are no object of texts and numbers"),
        ({"parameters": {"size": {}}}, "its parameters are no object of texts and numbers"),
    ],
)
def test_what_is_wrong_with_a_line_is_its_fault(fields: dict[str, Any], fault: str, tmp_path: Path) -> None:
    assert (request_of(tmp_path, **fields).fault or "").startswith(fault)


def test_lines_keep_their_numbers_also_those_that_are_no_objects(tmp_path: Path) -> None:
    path = write_requests(tmp_path, ask("a.png", "One."), "", '{"images": ', "[]", ask("b.png", "Two."))

    requests = list(load_requests(path))

    assert [(request.number, request.fault) for request in requests] == [
        (1, None),
        (3, "it is no JSON object"),
        (4, "it is no JSON object"),
        (5, None),
    ]
    assert [request.location for request in requests] == [f"{path}:{number}" for number in (1, 3, 4, 5)]


def test_an_array_is_read_as_lines_are(tmp_path: Path) -> None:
    lines = [ask("a.png", "One."), ask("b.png", "Two.")]

    [one, two] = load_requests(write_requests(tmp_path, json.dumps(lines), name="requests.json"))

    assert [(one.number, one.images), (two.number, two.images)] == [(1, ("a.png",)), (2, ("b.png",))]


def test_names_are_looked_for_from_the_files_own_folder_wherever_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_requests(tmp_path, ask("a.png", "One."))
    monkeypatch.chdir(tmp_path)

    [request] = load_requests(Path("requests.jsonl"))

    assert (request.folder, request.location) == (tmp_path, f"{tmp_path}/requests.jsonl:1")
