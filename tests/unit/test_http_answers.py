import pytest

from indexer.errors import ModelRefusedError, ModelUnavailableError, ModelUnusableError
from indexer.http_answers import error_of, retry_after_s


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ModelRefusedError),
        (403, ModelRefusedError),
        (418, ModelUnusableError),
        (425, ModelUnavailableError),
        (429, ModelUnavailableError),
        (599, ModelUnavailableError),
    ],
)
def test_a_status_says_what_the_caller_can_do(status: int, kind: type[Exception]) -> None:
    assert type(error_of(status, "no", {}, unusable=(418,))) is kind


def test_what_is_unusable_is_so_before_it_is_busy() -> None:
    assert isinstance(error_of(429, "no money", {}, unusable=(429,)), ModelUnusableError)


def test_a_long_or_hostile_message_is_cut_and_cleaned() -> None:
    said = str(error_of(400, "no\x00 \ud800" + "x" * 1000, {}, unusable=()))

    assert "\x00" not in said
    assert len(said) < 520


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"retry-after": "3"}, 3.0), ({"retry-after-ms": "250"}, 0.25), ({}, None)]
)
def test_the_wait_is_what_the_answer_asked_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_a_refusal_without_a_wait_takes_it_from_its_rate_limit_headers() -> None:
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}

    error = error_of(429, "slow down", headers, unusable=())

    assert isinstance(error, ModelUnavailableError)
    assert (error.is_busy, error.retry_after_s) == (True, 90.0)
