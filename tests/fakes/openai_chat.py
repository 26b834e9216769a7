"""The fake endpoint's chat completions about pictures: what was asked, what is said, what is refused."""

import base64
import binascii
import hashlib
import io
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from PIL import Image

from tests.fakes.openai_requests import BadRequestError

MODELS = ("gpt-4o-mini", "gpt-4o")
_PARAMETERS = {
    "model", "messages", "max_tokens", "max_completion_tokens", "response_format", "temperature", "top_p", "n", "seed",
    "stop", "stream", "user", "metadata", "store", "service_tier", "presence_penalty", "frequency_penalty",
}  # fmt: skip
_DATA_URL = re.compile(r"^data:image/(jpeg|png|webp|gif);base64,(.*)$", re.DOTALL)
_UPPER_LIMIT = 16_384


class Abilities(Protocol):
    """What the endpoint takes, of what not every one does."""

    key: str
    decodes: bool
    knows_schemas: bool
    knows_completion_limit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One accepted request, as an answer function sees it; `image` is the first of its images.

    `batch` is the id of the batch that it came in.
    """

    number: int
    body: Mapping[str, Any]
    text: str
    images: tuple[bytes, ...]
    key: str
    size_bytes: int
    batch: str | None = None

    @property
    def image(self) -> bytes:
        return self.images[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model says."""

    content: str | None
    finish_reason: str = "stop"
    refusal: str | None = None
    input_tokens: int = 1000
    output_tokens: int = 100
    headers: Mapping[str, str] = field(default_factory=dict)


def pixels_key(image: bytes) -> str:
    """Name a picture by what it shows: the SHA-256 of its decoded pixels."""
    with Image.open(io.BytesIO(image)) as opened:
        return hashlib.sha256(opened.convert("RGB").tobytes()).hexdigest()


def caption_reply(*captions: str, keywords: tuple[str, ...] = (), visible_text: str = "") -> Reply:
    """Answer the retrieval prompt."""
    said = {"captions": captions, "keywords": keywords, "visible_text": visible_text, "uncertain": False}
    return Reply(content=json.dumps(said))


def describe(asked: Asked) -> Reply:
    """Answer with captions that are the picture's own: no two pictures share one."""
    key = pixels_key(asked.image)[:12]
    return caption_reply(f"A picture called {key}.", f"Someone made {key}.", keywords=(key,))


def completion(reply: Reply, body: Mapping[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.content, "refusal": reply.refusal}
    usage = {
        "prompt_tokens": reply.input_tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": reply.input_tokens + reply.output_tokens,
    }
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}],
        "usage": usage,
    }


def check(headers: Mapping[str, str], raw: bytes, limits: Abilities) -> tuple[dict[str, Any], str, tuple[bytes, ...]]:
    if headers.get("authorization") != f"Bearer {limits.key}":
        raise BadRequestError("Incorrect API key provided", status=401, code="invalid_api_key")
    try:
        body = json.loads(raw)
    except ValueError:
        raise BadRequestError("We could not parse the JSON body of your request.") from None
    for name in body:
        if name not in _PARAMETERS:
            raise BadRequestError(f"Unrecognized request argument supplied: {name}", param=name)
    if body.get("model") not in MODELS:
        message = f"The model `{body.get('model')}` does not exist or you do not have access to it."
        raise BadRequestError(message, status=404, code="model_not_found")
    _check_limits(body, limits)
    _check_format(body.get("response_format"), limits)
    text, images = _check_messages(body.get("messages"), decodes=limits.decodes)
    if body.get("response_format", {}).get("type") == "json_object" and "json" not in text.lower():
        raise BadRequestError("'messages' must contain the word 'json' in some form", param="messages")
    return body, text, images


def _check_limits(body: Mapping[str, Any], limits: Abilities) -> None:
    given = [name for name in ("max_tokens", "max_completion_tokens") if name in body]
    if len(given) == 2:
        raise BadRequestError("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    if "max_completion_tokens" in given and not limits.knows_completion_limit:
        raise BadRequestError(
            "Unrecognized request argument supplied: max_completion_tokens", param="max_completion_tokens"
        )
    for name in given:
        if type(body[name]) is not int or not 1 <= body[name] <= _UPPER_LIMIT:
            raise BadRequestError(f"Invalid value for {name}", param=name)


def _check_format(wanted: Mapping[str, Any] | None, limits: Abilities) -> None:
    if wanted is None:
        return
    kind = wanted.get("type")
    if kind not in ("text", "json_object", "json_schema"):
        raise BadRequestError(f"Invalid value: {kind!r}", param="response_format.type")
    if kind == "json_schema":
        if not limits.knows_schemas:
            raise BadRequestError("response_format value as json_schema is not supported by this model")
        described = wanted.get("json_schema", {})
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", described.get("name", "")):
            raise BadRequestError(
                "Invalid 'response_format.json_schema.name'", param="response_format.json_schema.name"
            )
        if described.get("strict"):
            _check_schema(described.get("schema"), "schema")


def _check_schema(schema: Any, at: str) -> None:
    """Check what strict mode demands: closed objects with every property required."""
    if not isinstance(schema, dict) or "type" not in schema:
        raise BadRequestError(f"Invalid schema: {at} has no type", param="response_format")
    if schema["type"] == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            raise BadRequestError(
                f"Invalid schema: 'additionalProperties' must be false at {at}", param="response_format"
            )
        if sorted(schema.get("required", [])) != sorted(properties):
            raise BadRequestError(
                f"Invalid schema: 'required' must list every property at {at}", param="response_format"
            )
        for name, inner in properties.items():
            _check_schema(inner, f"{at}.{name}")
    if schema["type"] == "array":
        _check_schema(schema.get("items"), f"{at}[]")


def _check_messages(messages: Any, *, decodes: bool) -> tuple[str, tuple[bytes, ...]]:
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("Invalid 'messages': expected an array with at least one message", param="messages")
    texts, images = [], []
    for message in messages:
        if message.get("role") not in ("system", "developer", "user", "assistant"):
            raise BadRequestError(f"Invalid value: {message.get('role')!r}", param="messages[0].role")
        parts = message.get("content")
        for part in parts if isinstance(parts, list) else [{"type": "text", "text": parts}]:
            if part.get("type") == "text" and isinstance(part.get("text"), str):
                texts.append(part["text"])
            elif part.get("type") == "image_url":
                if message["role"] != "user":
                    raise BadRequestError(f"Image URLs are not allowed for role {message['role']!r}", param="messages")
                images.append(_check_image(part.get("image_url"), decodes=decodes))
            else:
                raise BadRequestError(f"Invalid content part: {part.get('type')!r}", param="messages")
    if not images:
        raise BadRequestError("this fake answers requests with images only")
    return "\n".join(texts), tuple(images)


def _check_image(part: Any, *, decodes: bool) -> bytes:
    if not isinstance(part, dict) or part.get("detail", "auto") not in ("auto", "low", "high"):
        raise BadRequestError("Invalid image_url", param="messages")
    match = _DATA_URL.match(part.get("url", ""))
    if match is None:
        raise BadRequestError("Invalid image URL", param="messages", code="invalid_image_url")
    try:
        raw = base64.b64decode(match.group(2), validate=True)
        with Image.open(io.BytesIO(raw), formats=[match.group(1).upper()]) as image:
            if decodes:
                image.load()
    except (binascii.Error, OSError, SyntaxError, ValueError):
        raise BadRequestError("You uploaded an unsupported image.", code="invalid_image_format") from None
    return raw
