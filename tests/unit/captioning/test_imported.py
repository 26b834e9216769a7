import json
from pathlib import Path

import pytest

from indexer.captioning.imported import ImportCaptioner
from indexer.errors import JsonFileError
from indexer.models import Caption, Subject

SHA256 = bytes(range(32))
MUG = '{"image": "mug.jpg", "caption": "A red mug."}'


def captioner_of(folder: Path, content: str | bytes, name: str = "captions.jsonl") -> ImportCaptioner:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return ImportCaptioner(path)


def caption_for(captioner: ImportCaptioner, path: Path, sha256: bytes = bytes(32)) -> Caption:
    answer = captioner.caption(Subject(sha256=sha256, location=str(path), relative_path=path.name), [])
    assert answer is not None
    [caption] = answer.captions
    return caption


def bad_lines(captioner: ImportCaptioner) -> list[int]:
    return [line.number for line in captioner.bad_lines]


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ({"caption": "A red mug."}, ("A red mug.",)),
        ({"captions": ["A red mug.", "A cup."]}, ("A red mug.", "A cup.")),
        ({"captions": ["A red mug."], "caption": "A cup."}, ("A red mug.", "A cup.")),
        ({"captions": ["A mug.", " A mug.", ""], "caption": "A mug."}, ("A mug.",)),
        ({"caption": "A mug.", "kind": "retrieval"}, ("A mug.",)),
        ({"caption": "A mug.", "author": "me"}, ("A mug.",)),
        ({"caption": "A\u0000 mug \ud83d."}, ("A mug \ufffd.",)),
    ],
)
def test_a_line_has_one_caption_or_several(line: dict[str, object], sentences: tuple[str, ...], tmp_path: Path) -> None:
    captioner = captioner_of(tmp_path, json.dumps({"image": "mug.jpg", **line}))

    assert caption_for(captioner, tmp_path / "mug.jpg").sentences == sentences


def test_keywords_visible_text_and_uncertainty_come_with_it(tmp_path: Path) -> None:
    line = {"keywords": ["mug", " ", "tea\u0000"], "visible_text": "BEST\nDAD", "uncertain": True}
    captioner = captioner_of(tmp_path, json.dumps({"image": "mug.jpg", "caption": "A mug.", **line}))

    assert caption_for(captioner, tmp_path / "mug.jpg") == Caption(
        kind="retrieval", sentences=("A mug.",), keywords=("mug", "tea"), visible_text="BEST\nDAD", uncertain=True
    )


@pytest.mark.parametrize("image", ["pictures/mug.jpg", "./pictures/../pictures/mug.jpg", ["pictures/mug.jpg"]])
def test_a_path_is_relative_to_the_file_of_captions(image: object, tmp_path: Path) -> None:
    captioner = captioner_of(tmp_path, json.dumps({"image": image, "caption": "A mug."}))

    assert caption_for(captioner, tmp_path / "pictures" / "mug.jpg").sentences == ("A mug.",)


def test_a_path_may_be_absolute(tmp_path: Path) -> None:
    captioner = captioner_of(tmp_path, json.dumps({"image": "/elsewhere/mug.jpg", "caption": "A mug."}))

    assert caption_for(captioner, Path("/elsewhere/mug.jpg")).sentences == ("A mug.",)


def test_a_relative_file_of_captions_is_found_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    captioner = captioner_of(Path(), MUG)

    assert caption_for(captioner, tmp_path / "mug.jpg").sentences == ("A red mug.",)


@pytest.mark.parametrize("sha256", [SHA256.hex(), SHA256.hex().upper()])
def test_a_hash_finds_an_image_wherever_it_is(sha256: str, tmp_path: Path) -> None:
    captioner = captioner_of(tmp_path, json.dumps({"sha256": sha256, "caption": "A mug."}))

    assert caption_for(captioner, Path("/anywhere.jpg"), SHA256).sentences == ("A mug.",)


def test_the_content_comes_before_the_path(tmp_path: Path) -> None:
    by_hash = json.dumps({"sha256": SHA256.hex(), "caption": "By hash."})
    captioner = captioner_of(tmp_path, f"{MUG}\n{by_hash}\n")

    assert caption_for(captioner, tmp_path / "mug.jpg", SHA256).sentences == ("By hash.",)


def test_an_array_as_dataflow_writes_it_is_read(tmp_path: Path) -> None:
    items = [{"image": ["mug.jpg"], "captions": ["A mug."]}, {"image": ["dog.jpg"], "caption": "A dog."}]
    captioner = captioner_of(tmp_path, json.dumps(items, indent=2), name="captions.json")

    assert caption_for(captioner, tmp_path / "mug.jpg").sentences == ("A mug.",)
    assert caption_for(captioner, tmp_path / "dog.jpg").sentences == ("A dog.",)


@pytest.mark.parametrize("content", [MUG, f"[{MUG}]", f"\n\n{MUG}\r\n\r\n"], ids=["lines", "array", "Windows"])
def test_a_byte_order_mark_is_no_part_of_the_first_line(content: str, tmp_path: Path) -> None:
    captioner = captioner_of(tmp_path, b"\xef\xbb\xbf" + content.encode())

    assert caption_for(captioner, tmp_path / "mug.jpg").sentences == ("A red mug.",)
    assert captioner.bad_lines == []


@pytest.mark.parametrize("separator", ["\u2028", "\u2029"])
def test_a_line_separator_inside_a_string_does_not_split_the_line(separator: str, tmp_path: Path) -> None:
    captioner = captioner_of(tmp_path, f'{{"image": "mug.jpg", "caption": "A red{separator}mug."}}')

    assert caption_for(captioner, tmp_path / "mug.jpg").sentences == (f"A red{separator}mug.",)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"image": "mug.jpg"}', "it has no caption"),
        ('{"image": "mug.jpg", "caption": "  "}', "it has no caption"),
        ('{"image": "mug.jpg", "captions": []}', "it has no caption"),
        ('{"caption": "A mug."}', "neither image nor sha256 says which image it is for"),
        ('{"image": "", "caption": "A mug."}', "neither image nor sha256 says which image it is for"),
        ('{"image": ["a.jpg", "b.jpg"], "caption": "x"}', "a caption belongs to one image, here are 2"),
        ('{"image": [], "caption": "x"}', "a caption belongs to one image, here are 0"),
        (
            '{"image": "mug.jpg", "caption": "x", "kind": "alt_text"}',
            "captions of kind alt_text cannot be imported; kind must be retrieval",
        ),
    ],
)
def test_a_broken_line_is_told_with_its_number_and_reason(line: str, reason: str, tmp_path: Path) -> None:
    captioner = captioner_of(tmp_path, f"{MUG}\n\n{line}\n")

    [bad] = captioner.bad_lines

    assert (bad.number, bad.reason) == (3, reason)
    assert caption_for(captioner, tmp_path / "mug.jpg").sentences == ("A red mug.",)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('{"image": 5, "caption": "x"}', "image"),
        ('{"image": "mug.jpg", "caption": 5}', "caption"),
        ('{"image": "mug.jpg", "captions": "x"}', "captions"),
        ('{"sha256": "abc", "caption": "x"}', "sha256"),
    ],
)
def test_a_field_of_the_wrong_form_is_named(line: str, field: str, tmp_path: Path) -> None:
    [bad] = captioner_of(tmp_path, line).bad_lines

    assert bad.reason.startswith(f"{field}: ")


@pytest.mark.parametrize("line", ["A red mug.", '{"image": "mug.jpg", "caption": "A red', "42", '"mug.jpg"', "null"])
def test_a_line_that_is_no_json_object_is_told_in_words_for_people(line: str, tmp_path: Path) -> None:
    [bad] = captioner_of(tmp_path, f"{MUG}\n{line}").bad_lines

    assert bad.number == 2
    assert "_Line" not in bad.reason


def test_a_line_that_nests_without_end_is_a_broken_line(tmp_path: Path) -> None:
    captioner = captioner_of(tmp_path, MUG + "\n" + '{"a":' * 5000)

    assert bad_lines(captioner) == [2]


def test_the_items_of_an_array_are_counted_from_one(tmp_path: Path) -> None:
    assert bad_lines(captioner_of(tmp_path, f'[{MUG}, "oops", {MUG}, {{}}]')) == [2, 4]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[{", b"[" * 5000], ids=["not UTF-8", "half an array", "nested"])
def test_a_file_that_cannot_be_read_at_all_is_an_error_that_names_it(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(JsonFileError, match=r"captions\.jsonl: "):
        captioner_of(tmp_path, content)


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(JsonFileError, match=r"gone\.jsonl: cannot be read"):
        ImportCaptioner(tmp_path / "gone.jsonl")


@pytest.mark.parametrize("content", ["", "\n\n", "[]"])
def test_an_empty_file_has_no_lines(content: str, tmp_path: Path) -> None:
    captioner = captioner_of(tmp_path, content)

    assert (captioner.bad_lines, captioner.unused_lines()) == ([], [])


def test_an_image_without_a_line_has_no_caption(tmp_path: Path) -> None:
    captioner = captioner_of(tmp_path, MUG)

    assert captioner.caption(Subject(sha256=SHA256, location="/other/mug.jpg", relative_path="mug.jpg"), []) is None


def test_lines_that_matched_no_image_are_told_by_number(tmp_path: Path) -> None:
    dog, by_hash = '{"image": "dog.jpg", "caption": "A dog."}', f'{{"sha256": "{SHA256.hex()}", "caption": "x"}}'
    captioner = captioner_of(tmp_path, f"{dog}\n{MUG}\nbroken\n{by_hash}\n")

    caption_for(captioner, tmp_path / "mug.jpg")

    assert [line.number for line in captioner.unused_lines()] == [1, 4]
