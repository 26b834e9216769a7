"""Edits by Google's Gemini models, or any endpoint that speaks their protocol."""

import logging
import math
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2
import regex
from google import genai
from google.genai import errors, types
from google.genai.client import DebugConfig

from indexer.editing.editor import EditAnswer, EditCall, Exchange, Parameters
from indexer.editing.gemini_answers import GeminiAnswer, read_gemini
from indexer.editing.gemini_models import DEFAULT_SIZE, SIZE, find_fault
from indexer.errors import ModelError, ModelRefusedError, ModelUnavailableError, ModelUnusableError
from indexer.http_answers import error_of, pause_s
from indexer.imaging.sending import media_type_of
from indexer.models import ApiFormat, SentPicture, Usage
from indexer.pricing import Prices

_ADDRESS, _VERSION = "https://generativelanguage.googleapis.com", "v1beta"
_VERSIONED = regex.compile(r"(.+?)/+(v\d\w*)")
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


class GeminiEditor:
    """One model behind one endpoint."""

    api_format: ApiFormat = "gemini"
    converses = True

    def __init__(self, client: genai.Client, *, model: str, prices: Prices) -> None:
        self.model = model
        self._client = client
        self._price = prices.of_editor(model)

    @property
    def has_price(self) -> bool:
        """Whether what its tokens cost is known."""
        return self._price is not None

    def find_fault(self, *, images: int, turns: Sequence[str], has_mask: bool, parameters: Parameters) -> str | None:
        """Return why the model cannot do a request; see `Editor`."""
        return find_fault(self.model, images=images, turns=turns, has_mask=has_mask, parameters=parameters)

    def most_cost_usd(self, parameters: Parameters, *, pictures: int = 1, characters: int = 1000) -> float | None:
        """Return the most that one call with so many pictures and characters can cost; None where it is not known."""
        if self._price is None:
            return None
        size = str(parameters.get(SIZE, DEFAULT_SIZE))
        return self._price.most_cost_usd(size, count=1, pictures=pictures, characters=characters)

    def edit(self, call: EditCall) -> EditAnswer:
        """Make a turn of a conversation; see `Editor`."""
        with _translated_errors():
            sent = self._client.models.generate_content(
                model=self.model, contents=list(_contents(call)), config=_config(call.parameters)
            ).sdk_http_response
            answer = read_gemini((sent and sent.body) or "")
            images = answer.images()
        usage = self._usage(answer)
        if answer.refusal is not None and not images:
            raise ModelRefusedError(answer.refusal, usage=usage)
        headers = (sent and sent.headers) or {}
        return EditAnswer(
            images=images,
            said=answer.text if images else answer.why_no_image,
            usage=usage,
            reply=answer.reply(),
            pause_s=pause_s(headers),
        )

    def _usage(self, answer: GeminiAnswer) -> Usage:
        tokens = answer.tokens()
        if tokens is None:
            return Usage()
        return Usage(
            input_tokens=tokens.text_in + tokens.image_in,
            output_tokens=tokens.text_out + tokens.image_out,
            cost_usd=None if self._price is None else self._price.cost_usd(tokens),
        )


def _config(parameters: Parameters) -> types.GenerateContentConfig:
    """Return how to generate: one request a call, its answer as it came."""
    wanted = types.ImageConfig.model_validate(dict(parameters))
    return types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=wanted if parameters else None,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        automatic_continuation=False,
        should_return_http_response=True,
    )


def _contents(call: EditCall) -> Iterator[types.Content]:
    """Yield the turns in their order, the model's as it said them."""
    for exchange in call.history:
        yield _asked(exchange.instruction, exchange.pictures)
        yield types.Content(role="model", parts=list(_answered(exchange)))
    yield _asked(call.instruction, call.pictures)


def _asked(instruction: str, pictures: Sequence[SentPicture]) -> types.Content:
    shown = [_inline(picture.data, picture.media_type) for picture in pictures]
    return types.Content(role="user", parts=[*shown, types.Part(text=instruction)])


def _answered(exchange: Exchange) -> Iterator[types.Part]:
    """Yield what the model said, with its signatures; of a reply that is not known, its images."""
    unknown: list[dict[str, Any]] = [{"image": number} for number in range(len(exchange.images))]
    for said in (exchange.reply or {}).get("parts") or unknown:
        signature = said.get("thought_signature")
        signed = b64decode(signature) if signature else None
        if "image" in said:
            data = exchange.images[said["image"]]
            yield _inline(data, media_type_of(data) or said.get("media_type", ""), signed)
        else:
            yield types.Part(text=said["text"], thought_signature=signed)


def _inline(data: bytes, media_type: str, signature: bytes | None = None) -> types.Part:
    return types.Part(inline_data=types.Blob(data=data, mime_type=media_type), thought_signature=signature)


@contextmanager
def _translated_errors() -> Iterator[None]:
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
