"""What the status and headers of an HTTP answer mean to us, whatever the API."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from time import time

import regex

from indexer.errors import ModelError, ModelRefusedError, ModelUnavailableError, ModelUnusableError
from indexer.models import clean_text

_TOO_MANY_REQUESTS = 429
# Client errors that are worth another try: time-out, conflict, too early, locked.
_TRY_AGAIN = (408, 409, 423, 425)
_LONGEST_MESSAGE = 500
# How long until an endpoint takes requests again, as "250ms", "6m0s" or seconds.
_DURATION = regex.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s?)?(?:(\d+)ms)?")


def error_of(status: int, message: str, headers: Mapping[str, str], *, unusable: Collection[int]) -> ModelError:
    """Return our error for an answer; `unusable` are statuses that say that no call can succeed, whatever the image.

    `headers` are looked up by lower-case names.
    """
    said = f"{clean_text(message)[:_LONGEST_MESSAGE]} (HTTP {status})"
    if status in unusable:
        return ModelUnusableError(f"The endpoint says: {said}")
    is_busy = status == _TOO_MANY_REQUESTS
    if is_busy or status >= 500 or status in _TRY_AGAIN:
        return ModelUnavailableError(said, is_busy=is_busy, retry_after_s=_wait_s(headers))
    return ModelRefusedError(said)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the wait that an answer asked for, in seconds: `retry-after-ms`, or `Retry-After` of RFC 9110, 10.2.3."""
    with suppress(ValueError):
        return max(0.0, float(headers.get("retry-after-ms", "")) / 1000)
    with suppress(ValueError):
        return max(0.0, float(headers.get("retry-after", "")))
    with suppress(ValueError):
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time())
    return None


def pause_s(headers: Mapping[str, str]) -> float:
    """Return how long to wait, in seconds, where the x-ratelimit headers say that nothing is left."""
    waits = [0.0]
    for what in ("requests", "tokens"):
        if headers.get(f"x-ratelimit-remaining-{what}") == "0":
            match = _DURATION.fullmatch(headers.get(f"x-ratelimit-reset-{what}", ""))
            hours, minutes, seconds, milliseconds = (
                (float(part or 0) for part in match.groups()) if match else [0.0] * 4
            )
            waits.append(hours * 3600 + minutes * 60 + seconds + milliseconds / 1000)
    return max(waits)


def _wait_s(headers: Mapping[str, str]) -> float | None:
    """Return the wait that a refusal asked for, in seconds: in so many words, or by its rate limit headers."""
    asked = retry_after_s(headers)
    return asked if asked is not None else pause_s(headers) or None
