import json
from pathlib import Path
from typing import Any

import pytest

from indexer.models import FoundRecord
from indexer.sources.manifests import find_records


def record_of(folder: Path, **fields: Any) -> FoundRecord:
    [record] = records_of(folder, json.dumps({"image": "mug.jpg", **fields}))
    return record


def records_of(folder: Path, content: str, name: str = "things.jsonl") -> list[FoundRecord]:
    path = folder / name
    path.write_text(content)
    return list(find_records(path))


@pytest.mark.parametrize(
    ("turns", "text"),
    [
        ([{"from": "human", "value": "What is it?"}], "What is it?"),
        ([{"role": "user", "content": "What is it?"}], "What is it?"),
        ([{"from": "human", "value": "<image>\nWhat is it?"}], "What is it?"),
        ([{"from": "human", "value": "<image><image>\n A or B? "}], "A or B?"),
        ([{"from": "system", "value": "Be brief."}, {"from": "Human", "value": "What is it?"}], "What is it?"),
        ([{"from": "human", "value": "<image>"}, {"from": "human", "value": "What is it?"}], "What is it?"),
        (
            [{"from": "human", "value": "One?"}, {"from": "gpt", "value": "One."}, {"from": "human", "value": "Two?"}],
            "One?",
        ),
        ([{"from": "human", "value": "a\u0000\ud800b"}], "a\ufffdb"),
        ([{"from": "gpt", "value": "A mug."}], ""),
        ([{"from": "human", "value": 7}, {"from": 7}, {}], ""),
        ([], ""),
        (None, ""),
    ],
)
@pytest.mark.parametrize("name", ["conversation", "conversations"])
def test_the_first_turn_of_a_person_with_words_is_the_question(
    turns: object, text: str, name: str, tmp_path: Path
) -> None:
    record = record_of(tmp_path, **{name: turns})

    assert (record.text, record.fault) == (text, None)


@pytest.mark.parametrize("image", ["a/mug.jpg", ["a/mug.jpg"], "./b/../a/mug.jpg"])
def test_a_path_is_relative_to_the_manifests_folder(image: object, tmp_path: Path) -> None:
    [found] = record_of(tmp_path, image=image).images

    assert (found.location, found.relative_path) == (str(tmp_path / "a" / "mug.jpg"), "a/mug.jpg")
    assert found.named_at == f"{tmp_path / 'things.jsonl'}:1"


def test_a_path_elsewhere_keeps_its_name(tmp_path: Path) -> None:
    first, second = record_of(tmp_path, image=["/elsewhere/mug.jpg", "../cup.jpg"]).images

    assert (first.location, first.relative_path) == ("/elsewhere/mug.jpg", "mug.jpg")
    assert (second.location, second.relative_path) == (str(tmp_path.parent / "cup.jpg"), "cup.jpg")


def test_the_images_of_a_record_keep_their_order(tmp_path: Path) -> None:
    record = record_of(tmp_path, image=["b.jpg", "a.jpg", "b.jpg"])

    assert [image.relative_path for image in record.images] == ["b.jpg", "a.jpg", "b.jpg"]


def test_every_field_is_kept_as_it_came(tmp_path: Path) -> None:
    record = record_of(tmp_path, id=7, nested={"x": [1.50, None]}, odd="\u0000\ud800")

    assert json.loads(record.written or "") == {
        "image": "mug.jpg",
        "id": 7,
        "nested": {"x": [1.5, None]},
        "odd": "\u0000\ud800",
    }


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("oops", "it is no JSON object"),
        ("[]", "it is no JSON object"),
        ("42", "it is no JSON object"),
        ("{}", "it names no image"),
        ('{"image": []}', "it names no image"),
        ('{"image": ""}', "it names no image"),
        ('{"image": [" "]}', 'image: " " is no path'),
        ('{"image": [7]}', "image: 7 is no path"),
        ('{"image": "a\\u0000.jpg"}', 'image: "a\\u0000.jpg" is no path'),
        ('{"image": "\\ud800.jpg"}', 'image: "\\ud800.jpg" is no path'),
        ('{"image": "a.jpg", "conversation": "What?"}', "its conversation is no list of turns"),
        ('{"image": "a.jpg", "conversation": ["What?"]}', "its conversation is no list of turns"),
    ],
)
def test_a_broken_record_has_its_fault_and_loses_no_other(line: str, fault: str, tmp_path: Path) -> None:
    good = '{"image": "a.jpg"}'

    first, broken, last = records_of(tmp_path, f"{good}\n{line}\n{good}\n")

    assert (first.fault, broken.fault, last.fault) == (None, fault, None)
    assert (broken.position, broken.images) == (2, ())


def test_the_items_of_an_array_are_records(tmp_path: Path) -> None:
    records = records_of(tmp_path, '[{"image": "a.jpg"},\n {"image": "b.jpg"}]', "things.json")

    assert [record.location for record in records] == [f"{tmp_path}/things.json:{number}" for number in (1, 2)]
