import json

import httpx2
import pytest
from huggingface_hub import hf_raise_for_status
from huggingface_hub.errors import InferenceTimeoutError

from indexer.captioning.huggingface import _translated_errors
from indexer.errors import ModelError, ModelRefusedError, ModelUnavailableError, ModelUnusableError

REQUEST = httpx2.Request("POST", "http://127.0.0.1:9/models/tests/captions")


def translated(status: int, body: str = "", **headers: str) -> ModelError:
    """Return our error for an answer that the library has read."""
    with pytest.raises(ModelError) as raised, _translated_errors():
        hf_raise_for_status(httpx2.Response(status, text=body, headers=headers, request=REQUEST))
    return raised.value


def test_a_model_that_is_loading_asks_to_wait() -> None:
    error = translated(503, '{"error": "Model a is currently loading", "estimated_time": 20.5}')

    assert isinstance(error, ModelUnavailableError)
    assert (str(error), error.is_busy, error.retry_after_s) == ("Model a is currently loading (HTTP 503)", True, 20.5)


@pytest.mark.parametrize("time", ["NaN", "Infinity", "-1", '"soon"', "null"])
def test_a_time_that_cannot_be_waited_for_is_none(time: str) -> None:
    error = translated(503, f'{{"error": "loading", "estimated_time": {time}}}')

    assert isinstance(error, ModelUnavailableError)
    assert (str(error), error.is_busy, error.retry_after_s) == ("loading (HTTP 503)", True, None)


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

    assert isinstance(error, ModelUnavailableError)
    assert (error.is_busy, error.retry_after_s) == (is_busy, retry_after_s)


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405])
@pytest.mark.parametrize("body", ["", '{"error": "no"}', '["no"]', '"no"'])
def test_a_wrong_token_or_address_makes_the_endpoint_unusable(status: int, body: str) -> None:
    assert isinstance(translated(status, body), ModelUnusableError)


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_an_image_that_is_refused_is_refused_for_good(status: int) -> None:
    assert isinstance(translated(status), ModelRefusedError)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": "CUDA out of memory"}', "CUDA out of memory (HTTP 500)"),
        ('{"error": ["no", "way"], "warnings": []}', "no; way (HTTP 500)"),
        ('{"detail": "Oops"}', "Internal Server Error (HTTP 500)"),
        ("upstream failed", "upstream failed (HTTP 500)"),
        ("", "Internal Server Error (HTTP 500)"),
        ("[]", "[] (HTTP 500)"),
        ('["no", "way"]', '["no", "way"] (HTTP 500)'),
        ("null", "null (HTTP 500)"),
        ('{"errors": 1}', '{"errors": 1} (HTTP 500)'),
    ],
)
def test_an_error_of_any_shape_is_told(body: str, said: str) -> None:
    assert str(translated(500, body)) == said


def test_a_web_page_of_a_proxy_is_not_told() -> None:
    error = translated(502, "<html>Oops</html>", **{"Content-Type": "text/html"})

    assert str(error) == "Bad Gateway (HTTP 502)"


def test_a_web_page_for_an_answer_is_a_wrong_address() -> None:
    with pytest.raises(ModelUnusableError, match="check HF_API_ITT_BASE"), _translated_errors():
        json.loads("\n<!doctype html>")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InferenceTimeoutError("slow"), "no answer in time"),
        (httpx2.ReadTimeout("slow"), "no answer in time"),
        (httpx2.PoolTimeout("full"), "no answer in time"),
        (httpx2.ConnectError("refused"), "no connection: refused"),
        (httpx2.DecodingError("bad gzip"), "no connection: bad gzip"),
    ],
)
def test_no_answer_is_worth_another_try(error: httpx2.HTTPError, reason: str) -> None:
    with pytest.raises(ModelUnavailableError) as raised, _translated_errors():
        raise error

    assert str(raised.value) == reason
    assert raised.value.__cause__ is error
