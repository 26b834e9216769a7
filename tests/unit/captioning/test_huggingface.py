import httpx2
import pytest

from indexer.captioning.huggingface import _translate, _translated_errors, read_answer
from indexer.errors import CaptionerError, CaptionerUnavailableError, CaptionerUnusableError, CaptionRefusedError


def translated(status: int, body: str = "", **headers: str) -> CaptionerError:
    return _translate(httpx2.Response(status, text=body, headers=headers))


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ('[{"generated_text": "a dog"}]', ["a dog"]),
        ('{"generated_text": "a dog"}', ["a dog"]),
        ('[{"generated_text": "a dog"}, {"generated_text": "a brown dog", "score": 1}]', ["a dog", "a brown dog"]),
        ('[{"generated_text": ""}]', [""]),
        ("[]", []),
    ],
)
def test_a_list_and_a_single_object_are_answers(body: str, texts: list[str]) -> None:
    assert read_answer(body) == texts


@pytest.mark.parametrize("body", ["", "null", "[null]", '"a dog"', '[{"label": "dog"}]', '{"error": "x"}', '[{"gener'])
def test_an_answer_without_a_text_is_worth_another_try(body: str) -> None:
    with pytest.raises(CaptionerUnavailableError, match="an answer without generated_text"):
        read_answer(body)


def test_a_web_page_is_a_wrong_address() -> None:
    with pytest.raises(CaptionerUnusableError, match="check HF_API_ITT_BASE"):
        read_answer("\n<!doctype html>")


def test_a_model_that_is_loading_asks_to_wait() -> None:
    error = translated(503, '{"error": "Model a is currently loading", "estimated_time": 20.5}')

    assert isinstance(error, CaptionerUnavailableError)
    assert (str(error), error.is_busy, error.retry_after_s) == (
        "Model a is currently loading (HTTP 503)",
        True,
        20.5,
    )


@pytest.mark.parametrize(
    ("status", "headers", "is_busy", "retry_after_s"),
    [
        (429, {"retry-after": "7"}, True, 7.0),
        (503, {"retry-after": "7"}, True, 7.0),
        (503, {}, True, None),
        (500, {}, False, None),
        (504, {}, False, None),
        (408, {}, False, None),
    ],
)
def test_what_may_pass_is_worth_another_try(
    status: int, headers: dict[str, str], is_busy: bool, retry_after_s: float | None
) -> None:
    error = translated(status, **headers)

    assert isinstance(error, CaptionerUnavailableError)
    assert (error.is_busy, error.retry_after_s) == (is_busy, retry_after_s)


@pytest.mark.parametrize("status", [301, 307, 401, 402, 403, 404, 405])
def test_a_wrong_token_or_address_makes_the_endpoint_unusable(status: int) -> None:
    assert isinstance(translated(status), CaptionerUnusableError)


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_an_image_that_is_refused_is_refused_for_good(status: int) -> None:
    assert isinstance(translated(status), CaptionRefusedError)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": "CUDA out of memory"}', "CUDA out of memory (HTTP 500)"),
        ('{"error": ["no", "way"], "warnings": []}', "no; way (HTTP 500)"),
        ("upstream failed", "upstream failed (HTTP 500)"),
        ("<html>Oops</html>", "Internal Server Error (HTTP 500)"),
        ("", "Internal Server Error (HTTP 500)"),
        ("[]", "[] (HTTP 500)"),
        ('{"error": "x", "estimated_time": "NaN"}', '{"error": "x", "estimated_time": "NaN"} (HTTP 500)'),
    ],
)
def test_an_error_of_any_shape_is_told(body: str, said: str) -> None:
    assert str(translated(500, body)) == said


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx2.ReadTimeout("slow"), "no answer in time"),
        (httpx2.PoolTimeout("full"), "no answer in time"),
        (httpx2.ConnectError("refused"), "no connection: refused"),
        (httpx2.DecodingError("bad gzip"), "no connection: bad gzip"),
    ],
)
def test_no_answer_is_worth_another_try(error: httpx2.HTTPError, reason: str) -> None:
    with pytest.raises(CaptionerUnavailableError) as raised, _translated_errors():
        raise error

    assert str(raised.value) == reason
    assert raised.value.__cause__ is error
