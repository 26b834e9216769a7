"""Build clients for OpenAI-compatible endpoints and translate their errors, once, into what a caller can do."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from time import time

import openai

from indexer.errors import CaptionerError, CaptionerUnavailableError, CaptionerUnusableError, CaptionRefusedError
from indexer.models import clean_text

# Answers that say that no call can succeed, whatever the image. A 403 may also mean the image: gateways use it so.
_UNUSABLE = (openai.AuthenticationError, openai.NotFoundError)
_NO_MONEY_STATUS, _NO_MONEY_CODES = 402, ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
# Client errors that are worth another try: time-out, conflict, too early, locked.
_TRY_AGAIN = (408, 409, 423, 425)
_LONGEST_MESSAGE = 500
# Endpoints without keys (vLLM, Ollama, llama.cpp) want none, but the client insists on one.
_NO_KEY = "none"


def build_client(*, api_key: str | None, base_url: str | None, timeout_s: float) -> openai.OpenAI:
    """Return a client whose own retries are off, so that ours see every answer."""
    return openai.OpenAI(api_key=api_key or _NO_KEY, base_url=base_url, timeout=timeout_s, max_retries=0)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise our errors in place of the client's."""
    try:
        yield
    except _UNUSABLE as exc:
        raise CaptionerUnusableError(f"The endpoint says: {_said(exc)}") from exc
    except openai.APIStatusError as exc:
        raise _translate(exc) from exc
    except openai.APITimeoutError as exc:
        raise CaptionerUnavailableError("no answer in time") from exc
    except openai.APIConnectionError as exc:
        raise CaptionerUnavailableError(f"no connection: {exc.__cause__ or exc}") from exc
    except (openai.APIError, ValueError) as exc:  # a body that is no JSON, or not the protocol's
        raise CaptionerUnavailableError(f"an answer that is not the protocol's: {exc}") from exc


def _translate(error: openai.APIStatusError) -> CaptionerError:
    status, code = error.status_code, getattr(error, "code", None)
    if status == _NO_MONEY_STATUS or code in _NO_MONEY_CODES:
        return CaptionerUnusableError(f"The endpoint says: {_said(error)}")
    if isinstance(error, openai.RateLimitError):
        return CaptionerUnavailableError(_said(error), is_busy=True, retry_after_s=_retry_after(error))
    if status >= 500 or status in _TRY_AGAIN:
        return CaptionerUnavailableError(_said(error), retry_after_s=_retry_after(error))
    return CaptionRefusedError(_said(error))


def _said(error: openai.APIStatusError) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    message = clean_text(str(body.get("message") or error.message))[:_LONGEST_MESSAGE]
    return f"{message} (HTTP {error.status_code})"


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Return the wait that the answer asked for, in seconds: `retry-after-ms`, or `Retry-After` of RFC 9110, 10.2.3."""
    headers = error.response.headers
    with suppress(ValueError):
        return max(0.0, float(headers.get("retry-after-ms", "")) / 1000)
    with suppress(ValueError):
        return max(0.0, float(headers.get("retry-after", "")))
    with suppress(ValueError):
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time())
    return None
