import base64
import json
from typing import Any

import pytest

from indexer.editing.gemini_answers import read_gemini
from indexer.editing.openai_answers import read_images
from indexer.errors import ModelUnavailableError
from indexer.pricing import EditPrice, EditTokens

PRICE = EditPrice(text_in=1, image_in=2, text_out=3, image_out=4)


def openai_tokens(usage: Any) -> EditTokens | None:
    return read_images(json.dumps({"data": [], "usage": usage})).tokens()


def gemini_tokens(usage: Any) -> EditTokens | None:
    return read_gemini(json.dumps({"candidates": [], "usageMetadata": usage})).tokens()


def test_tokens_of_openai_are_told_apart_where_it_does() -> None:
    usage = {
        "input_tokens": 50,
        "output_tokens": 300,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
        "output_tokens_details": {"text_tokens": 20, "image_tokens": 280},
    }

    assert openai_tokens(usage) == EditTokens(text_in=10, image_in=40, text_out=20, image_out=280)


@pytest.mark.parametrize("details", [None, "none", {}, {"text_tokens": "many"}])
def test_tokens_that_are_not_told_apart_are_those_of_images(details: Any) -> None:
    usage = {"input_tokens": 50, "output_tokens": 300, "input_tokens_details": details}

    assert openai_tokens(usage) == EditTokens(image_in=50, image_out=300)


@pytest.mark.parametrize("usage", [None, {}, [], {"input_tokens": 50}, {"input_tokens": -1, "output_tokens": 300}])
def test_tokens_that_nobody_counted_have_no_cost(usage: Any) -> None:
    answer = read_images(json.dumps({"data": [], "usage": usage}))

    assert answer.tokens() is None
    assert answer.to_usage(PRICE, "auto").cost_usd is None


@pytest.mark.parametrize("body", ["", "null", "[]", '"images"', '{"data": [', "{", '{"data": ' + "[" * 100_000])
def test_a_body_that_is_no_answer_is_worth_another_try(body: str) -> None:
    with pytest.raises(ModelUnavailableError):
        read_images(body)
    with pytest.raises(ModelUnavailableError):
        read_gemini(body)


@pytest.mark.parametrize(
    "body", [{}, {"candidates": None}, {"candidates": ["?"]}, {"candidates": [{"content": None}]}, {"candidates": [{}]}]
)
def test_an_answer_of_gemini_with_little_in_it_has_no_image(body: Any) -> None:
    answer = read_gemini(json.dumps(body | {"somethingNew": 1}))

    assert (answer.images(), answer.refusal, answer.reply()) == ((), None, {"parts": []})
    assert answer.why_no_image.startswith("no image, and it ended with")


def test_thinking_is_paid_as_text() -> None:
    usage = {
        "promptTokenCount": 300,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 42}, {"modality": "IMAGE", "tokenCount": 258}],
        "candidatesTokenCount": 1125,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
        "thoughtsTokenCount": 500,
    }

    assert gemini_tokens(usage) == EditTokens(text_in=42, image_in=258, text_out=505, image_out=1120)


def test_what_gemini_does_not_tell_apart_is_an_image() -> None:
    usage = {"promptTokenCount": 300, "candidatesTokenCount": 1290}

    assert gemini_tokens(usage) == EditTokens(text_in=300, image_out=1290)


def test_the_reply_to_give_back_has_signatures_and_places_and_no_images() -> None:
    parts = [
        {"text": "I think of a beach.", "thought": True},
        {"inlineData": {"mimeType": "image/png", "data": "dGhvdWdodA=="}, "thought": True},
        {"text": "Here: ", "thoughtSignature": "c2ln"},
        {"inlineData": {"mimeType": "image/png", "data": "cGljdHVyZQ=="}, "thoughtSignature": "c2lnbg=="},
        {"inlineData": {"mimeType": "image/jpeg", "data": "cGljdHVyZTI="}},
        {"text": "", "thoughtSignature": "ZW5k"},
        {"text": ""},
    ]

    answer = read_gemini(json.dumps({"candidates": [{"content": {"parts": parts, "role": "model"}}]}))

    assert answer.images() == (b"picture", b"picture2")
    assert answer.text == "Here:"
    assert answer.reply() == {
        "parts": [
            {"text": "Here: ", "thought_signature": "c2ln"},
            {"image": 0, "media_type": "image/png", "thought_signature": "c2lnbg=="},
            {"image": 1, "media_type": "image/jpeg"},
            {"text": "", "thought_signature": "ZW5k"},
        ]
    }


PIXELS = b"\x89PNG\r\n\x1a\n\xfb\xff and so on"
STANDARD, WRAPPED = base64.b64encode(PIXELS).decode(), base64.encodebytes(PIXELS).decode()
FOR_URLS = base64.urlsafe_b64encode(PIXELS).decode().rstrip("=")


@pytest.mark.parametrize(
    ("sent", "read"), [(STANDARD, PIXELS), (WRAPPED, PIXELS), (FOR_URLS, PIXELS), ("no base64!", b"no base64!")]
)
def test_images_are_read_however_they_are_packed_and_are_an_answer_in_any_case(sent: str, read: bytes) -> None:
    of_gemini = {"candidates": [{"content": {"parts": [{"inlineData": {"data": sent}}]}}]}

    assert read_gemini(json.dumps(of_gemini)).images() == (read,)
    assert read_images(json.dumps({"data": [{"b64_json": sent}]})).images() == (read,)


def test_words_that_postgres_cannot_keep_do_not_cost_the_image_beside_them() -> None:
    parts = '[{"text": "half a pair \\ud83d and a zero\\u0000"}, {"inlineData": {"data": "' + STANDARD + '"}}]'

    answer = read_gemini('{"candidates": [{"content": {"parts": ' + parts + "}}]}")

    assert answer.images() == (PIXELS,)
    assert answer.reply()["parts"][0] == {"text": "half a pair \ufffd and a zero"}
