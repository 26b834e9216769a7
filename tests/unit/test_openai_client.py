import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import openai
import pytest

from indexer.errors import ModelError, ModelRefusedError, ModelUnavailableError, ModelUnusableError
from indexer.openai_client import build_client, translated_errors

CLIENT = build_client(api_key="key", base_url="http://127.0.0.1:9/v1", timeout_s=7)
REQUEST = httpx2.Request("POST", "http://127.0.0.1:9/v1/chat/completions")


def status_error(
    status: int, *, message: str = "went wrong", code: str | None = None, headers: dict[str, str] | None = None
) -> openai.APIStatusError:
    """Return the error that the client itself makes of such an answer."""
    body = json.dumps({"error": {"message": message, "code": code}})
    response = httpx2.Response(status, headers=headers, text=body, request=REQUEST)
    return CLIENT._make_status_error_from_response(response)


def translated(error: Exception) -> ModelError:
    with pytest.raises(ModelError) as raised, translated_errors():
        raise error
    assert raised.value.__cause__ is error
    return raised.value


def wait_asked_for(headers: dict[str, str], status: int = 429) -> float | None:
    error = translated(status_error(status, headers=headers))
    assert isinstance(error, ModelUnavailableError)
    return error.retry_after_s


def in_http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def test_the_clients_own_retries_are_off() -> None:
    assert (CLIENT.max_retries, CLIENT.timeout, CLIENT.api_key) == (0, 7, "key")
    assert str(CLIENT.base_url) == "http://127.0.0.1:9/v1/"


def test_an_endpoint_without_a_key_gets_one_that_says_so() -> None:
    assert build_client(api_key=None, base_url="http://127.0.0.1:9/v1", timeout_s=7).api_key == "none"


@pytest.mark.parametrize("status", [401, 402, 404])
def test_a_wrong_key_model_or_address_makes_the_endpoint_unusable(status: int) -> None:
    error = translated(status_error(status, message="no such model"))

    assert isinstance(error, ModelUnusableError)
    assert str(error) == f"The endpoint says: no such model (HTTP {status})"


def test_a_spent_quota_makes_the_endpoint_unusable() -> None:
    error = translated(status_error(429, code="insufficient_quota", message="You exceeded your quota"))

    assert isinstance(error, ModelUnusableError)


@pytest.mark.parametrize("status", [400, 403, 413, 415, 422])
def test_an_image_that_is_refused_is_refused_for_good(status: int) -> None:
    error = translated(status_error(status, message="content policy"))

    assert isinstance(error, ModelRefusedError)
    assert str(error) == f"content policy (HTTP {status})"


@pytest.mark.parametrize("status", [408, 409, 423, 425, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_worth_another_try(status: int) -> None:
    error = translated(status_error(status, message="busy"))

    assert isinstance(error, ModelUnavailableError)
    assert (str(error), error.retry_after_s) == (f"busy (HTTP {status})", None)


@pytest.mark.parametrize(
    "body", ["<html>Bad gateway</html>", "", "[1]", '"no"', '{"error": "busy"}', '{"error": null}']
)
def test_an_error_of_any_shape_is_understood_by_its_status(body: str) -> None:
    response = httpx2.Response(502, text=body, request=REQUEST)

    error = translated(CLIENT._make_status_error_from_response(response))

    assert isinstance(error, ModelUnavailableError)
    assert str(error).endswith("(HTTP 502)")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (openai.APITimeoutError(request=REQUEST), "no answer in time"),
        (openai.APIConnectionError(request=REQUEST), "no connection: "),
        (openai.APIError("odd", REQUEST, body=None), "an answer that is not the protocol's: odd"),
        (ValueError("no JSON"), "an answer that is not the protocol's: no JSON"),
    ],
)
def test_no_proper_answer_is_worth_another_try(error: Exception, reason: str) -> None:
    ours = translated(error)

    assert isinstance(ours, ModelUnavailableError)
    assert str(ours).startswith(reason)


def test_a_connection_that_fails_says_why() -> None:
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = OSError("Connection refused")

    assert str(translated(error)) == "no connection: Connection refused"


def test_errors_that_are_not_the_endpoints_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), translated_errors():
        raise ZeroDivisionError


def test_without_an_error_nothing_happens() -> None:
    with translated_errors():
        pass


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_the_wait_is_what_the_answer_asked_for(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_asked_for(headers) == seconds


def test_the_wait_may_be_told_as_a_date() -> None:
    later = datetime.now(UTC) + timedelta(seconds=60)

    assert wait_asked_for({"retry-after": in_http(later)}) == pytest.approx(60, abs=3)


def test_a_date_that_is_past_asks_for_no_wait() -> None:
    assert wait_asked_for({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0


def test_a_server_that_is_overloaded_may_ask_for_a_wait_too() -> None:
    assert wait_asked_for({"retry-after": "20"}, status=503) == 20.0
