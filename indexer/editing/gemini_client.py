"""Build clients for Gemini's endpoints and translate their errors, once, into what a caller can do."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import regex
from google import genai
from google.genai import errors, types
from google.genai.client import DebugConfig

from indexer.errors import ModelError, ModelUnavailableError, ModelUnusableError
from indexer.http_answers import error_of

_ADDRESS, _VERSION = "https://generativelanguage.googleapis.com", "v1beta"
_VERSIONED = regex.compile(r"(https?://[^/]+.*?)/+(v\d\w*)")
_NO_KEY = "none"
# A redirect is not followed: pictures and key would go to another address.
_UNUSABLE = (301, 302, 303, 307, 308, 401, 402, 403, 404)
_WRONG_KEY, _WRONG_ACCOUNT = "API_KEY_INVALID", "FAILED_PRECONDITION"
_RETRY_DELAY = regex.compile(r"(\d+(?:\.\d+)?)s")


class _Client(httpx2.Client):
    """A client of our own, so that no variable chooses another; it is closed with its last user, as the SDK's is."""

    def __del__(self) -> None:
        self.close()


def build_client(*, api_key: str | None, base_url: str | None, timeout_s: float) -> genai.Client:
    """Return a client that asks this address, each time once, whatever the environment says."""
    logging.getLogger("google_genai").setLevel(logging.ERROR)  # it would name the variables that it does not use here
    address = (base_url or _ADDRESS).rstrip("/")
    match = _VERSIONED.fullmatch(address)
    return genai.Client(
        api_key=api_key or _NO_KEY,
        vertexai=False,
        debug_config=DebugConfig(client_mode=None, replays_directory=None, replay_id=None),
        http_options=types.HttpOptions(
            base_url=match[1] if match else address,
            api_version=match[2] if match else _VERSION,
            timeout=math.ceil(timeout_s * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_client=_Client(follow_redirects=False),
        ),
    )


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise our errors in place of the client's."""
    try:
        yield
    except errors.APIError as exc:
        raise _translate(exc) from exc
    except httpx2.TimeoutException as exc:
        raise ModelUnavailableError("no answer in time") from exc
    except httpx2.HTTPError as exc:
        raise ModelUnavailableError(f"no connection: {exc}") from exc
    except UnicodeEncodeError as exc:
        raise ModelUnusableError("GEMINI_API_KEY has characters that no key has.") from exc
    except ValueError as exc:  # a body that is no JSON, or not the protocol's
        raise ModelUnavailableError(f"an answer that is not the protocol's: {exc}") from exc


def _translate(error: errors.APIError) -> ModelError:
    headers, told = dict(getattr(error.response, "headers", {})), str(error.details)
    if "retry-after" not in headers and (delay := _retry_delay(error.details)):
        headers["retry-after"] = delay
    is_unusable = error.code == 400 and (_WRONG_KEY in told or error.status == _WRONG_ACCOUNT)
    return error_of(
        error.code,
        error.message or told,
        headers,
        unusable=(*_UNUSABLE, error.code) if is_unusable else _UNUSABLE,
    )


def _retry_delay(body: object) -> str | None:
    """Return the seconds of google.rpc.RetryInfo, where an error has it."""
    error = body.get("error", body) if isinstance(body, dict) else {}
    details = error.get("details") if isinstance(error, dict) else None
    delays = (detail.get("retryDelay") for detail in details or () if isinstance(detail, dict))
    matches = (_RETRY_DELAY.fullmatch(str(delay)) for delay in delays)
    return next((match[1] for match in matches if match), None)
