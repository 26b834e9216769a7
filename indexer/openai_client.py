"""Build clients for OpenAI-compatible endpoints and translate their errors, once, into what a caller can do."""

from collections.abc import Iterator
from contextlib import contextmanager

import openai

from indexer.errors import ModelError, ModelUnavailableError, ModelUnusableError
from indexer.http_answers import error_of

# Wrong key, no money, wrong model or address. A 403 may also mean the image: gateways use it so.
_UNUSABLE = (401, 402, 404)
_NO_MONEY_CODES = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
CHECK_ADDRESS = "OPENAI_BASE_URL (it often ends in /v1)"  # where a web page answers in an endpoint's place
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
    except openai.APIStatusError as exc:
        raise _translate(exc) from exc
    except openai.APITimeoutError as exc:
        raise ModelUnavailableError("no answer in time") from exc
    except openai.APIConnectionError as exc:
        raise ModelUnavailableError(f"no connection: {exc.__cause__ or exc}") from exc
    except UnicodeEncodeError as exc:
        raise ModelUnusableError("OPENAI_API_KEY has characters that no key has.") from exc
    except (openai.APIError, ValueError) as exc:  # a body that is no JSON, or not the protocol's
        raise ModelUnavailableError(f"an answer that is not the protocol's: {exc}") from exc


def _translate(error: openai.APIStatusError) -> ModelError:
    body = error.body if isinstance(error.body, dict) else {}
    is_out_of_money = getattr(error, "code", None) in _NO_MONEY_CODES
    return error_of(
        error.status_code,
        str(body.get("message") or error.message),
        error.response.headers,
        unusable=(*_UNUSABLE, error.status_code) if is_out_of_money else _UNUSABLE,
    )
