import pytest

from indexer.models import clean_text, counted, name_captioner
from tests.factories import make_generation


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("A red mug.", "A red mug."),
        ("  A red mug. \n", "A red mug."),
        ("A red\0 mug", "A red mug"),
        ("\x1b[31mred", "[31mred"),
        ("A\x85 mug\x7f", "A mug"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("Windows\r\nlines", "Windows\nlines"),
        ("", ""),
        (" \0 \n", ""),
    ],
)
def test_control_characters_go_and_lines_stay(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("mug\ud83d", "mug\ufffd"),
        ("\ude00mug", "\ufffdmug"),
        ("a\ud800b\udfffc", "a\ufffdb\ufffdc"),
        ("\ud83d\ude00", "😀"),
        ("😀 日落 é", "😀 日落 é"),
    ],
)
def test_lone_surrogates_are_replaced_and_pairs_joined(text: str, clean: str) -> None:
    assert clean_text(text) == clean


def test_what_is_cleaned_can_be_written_as_utf_8() -> None:
    every_character = "".join(map(chr, range(0x11000)))

    assert clean_text(every_character).encode()


def test_cleaning_twice_changes_nothing() -> None:
    once = clean_text(" \0 mug \ud800 \r\n tea \x85 ")

    assert clean_text(once) == once


def test_a_lone_carriage_return_still_parts_two_words() -> None:
    assert clean_text("A red mug.\rA desk.").split() == ["A", "red", "mug.", "A", "desk."]


@pytest.mark.parametrize(
    ("captioner", "model", "name"), [("openai", "gpt-4o-mini", "openai:gpt-4o-mini"), ("offline", "offline", "offline")]
)
def test_a_generation_names_its_captioner_and_model(captioner: str, model: str, name: str) -> None:
    generation = make_generation(captioner=captioner, model=model)

    assert generation.captioner_name == name


@pytest.mark.parametrize(("number", "said"), [(0, "0 entries"), (1, "1 entry"), (2000, "2,000 entries")])
def test_one_thing_is_not_called_things(number: int, said: str) -> None:
    assert counted(number, "entry", "entries") == said


@pytest.mark.parametrize(
    ("captioner", "model", "named"),
    [
        ("openai", "gpt-4o-mini", "openai:gpt-4o-mini"),
        ("offline", "offline", "offline"),
        ("correction", "", "correction"),
    ],
)
def test_a_captioner_is_named_with_a_model_of_another_name(captioner: str, model: str, named: str) -> None:
    assert name_captioner(captioner, model) == named
