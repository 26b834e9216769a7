from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from indexer.pipelines.editing.keys import Content, short

CONTENT = Content(images=[b"a", b"b"], mask=None, api_format="gemini", model="m", parameters={"n": 1, "size": "1K"})
KEY = "67cd07a75bc961dde47d10a4266bf72165c10af53cfea6cecb190dd44d67da89"


@pytest.mark.parametrize(
    "changes",
    [
        {"images": [b"b", b"a"]},
        {"images": [b"a"]},
        {"images": [b"a", b"b", b"b"]},
        {"mask": b"m"},
        {"api_format": "openai"},
        {"model": "other"},
        {"parameters": {"n": 1}},
        {"parameters": {"n": 2, "size": "1K"}},
    ],
)
def test_everything_that_decides_what_comes_back_is_in_the_key(changes: dict[str, Any]) -> None:
    assert replace(CONTENT, **changes).key(["One."]) != CONTENT.key(["One."])


@pytest.mark.parametrize("turns", [["one."], ["One.", "Two."], [""], ["One.", ""], ["Two.", "One."]])
def test_the_turns_and_their_order_are_in_the_key(turns: Sequence[str]) -> None:
    assert CONTENT.key(turns) != CONTENT.key(["One."])


def test_the_order_of_parameters_is_not() -> None:
    turned = replace(CONTENT, parameters={"size": "1K", "n": 1})

    assert turned.key(["One."]) == CONTENT.key(["One."])


def test_a_number_and_its_digits_ask_for_the_same() -> None:
    as_text = replace(CONTENT, parameters={"n": "1", "size": "1K"})

    assert as_text.key(["One."]) == CONTENT.key(["One."])


def test_a_key_never_changes_from_version_to_version() -> None:
    assert CONTENT.key(["One.", "Größer."]).hex() == KEY


def test_files_lie_under_its_first_twelve_hex_digits() -> None:
    assert short(bytes.fromhex(KEY)) == KEY[:12]
