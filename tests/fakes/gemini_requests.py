"""The fake Gemini API's requests, taken apart and checked."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.fakes.gemini_errors import RefusedError, unknown_name, wrong_field
from tests.fakes.sent_images import MEDIA_TYPES, SentImage

MOST_BYTES = 20 * 1024 * 1024
SIDES = {
    "1:1": (1024, 1024), "2:3": (832, 1248), "3:2": (1248, 832), "3:4": (864, 1184), "4:3": (1184, 864),
    "4:5": (896, 1152), "5:4": (1152, 896), "9:16": (768, 1344), "16:9": (1344, 768), "21:9": (1536, 672),
}  # fmt: skip
SCALES = {"1K": 1, "2K": 2, "4K": 4}
_TOP = {"contents", "generationConfig", "systemInstruction", "safetySettings"}
_CONFIG = {
    "responseModalities", "imageConfig", "candidateCount", "temperature", "topP", "topK", "maxOutputTokens", "seed",
    "thinkingConfig",
}  # fmt: skip
_IMAGE_CONFIG = {"aspectRatio", "imageSize"}
_PART = {"text", "inlineData", "thoughtSignature", "thought"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Text or a picture, perhaps a thought's; `position` is the place that people are told."""

    position: str
    text: str | None
    image: SentImage | None
    signature: bytes | None
    thought: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One turn."""

    role: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "\n".join(part.text for part in self.parts if part.text is not None)

    @property
    def images(self) -> tuple[SentImage, ...]:
        return tuple(part.image for part in self.parts if part.image is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest:
    """A request; `config` has the generation's parameters flat, under the names that are sent."""

    contents: tuple[Content, ...]
    config: Mapping[str, Any]
    size: tuple[int, int]


def read_request(raw: bytes, model: str, *, decodes: bool) -> GenerateRequest:
    """Return what a body asks for."""
    if len(raw) > MOST_BYTES:
        raise RefusedError(f"Request payload size exceeds the limit: {MOST_BYTES} bytes.")
    try:
        body = json.loads(raw)
    except ValueError:
        raise RefusedError("Invalid JSON payload received. Unexpected token.") from None
    body = _message(body, "", _TOP)
    config = _read_config(body.get("generationConfig", {}), model)
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        raise wrong_field("contents", "* GenerateContentRequest.contents: contents is not specified\n")
    read = tuple(_read_content(each, f"contents[{at}]", at, decodes=decodes) for at, each in enumerate(contents))
    _check_turns([content.role for content in read])
    size, scale = SIDES[config.get("aspectRatio", "1:1")], SCALES[config.get("imageSize", "1K")]
    return GenerateRequest(contents=read, config=config, size=(size[0] * scale, size[1] * scale))


def _read_config(given: Any, model: str) -> dict[str, Any]:
    config = _message(given, "generation_config", _CONFIG)
    modalities = config.get("responseModalities")
    if not isinstance(modalities, list) or "IMAGE" not in modalities or not set(modalities) <= {"TEXT", "IMAGE"}:
        message = (
            "The requested combination of response modalities is not supported by the model: IMAGE is needed, TEXT "
        )
        raise RefusedError(f"{message}is allowed.")
    if config.get("candidateCount", 1) != 1:
        raise RefusedError("Multiple candidates is not enabled for this model")
    image = _message(config.pop("imageConfig", {}), "generation_config.image_config", _IMAGE_CONFIG)
    if image.get("aspectRatio", "1:1") not in SIDES:
        raise RefusedError(f"Invalid aspect ratio: {image['aspectRatio']}. Supported values are: {', '.join(SIDES)}.")
    if image.get("imageSize", "1K") not in (SCALES if model.startswith("gemini-3") else ("1K",)):
        raise RefusedError(f"Image size {image['imageSize']} is not supported for this model.")
    return config | image


def _read_content(given: Any, at: str, index: int, *, decodes: bool) -> Content:
    content = _message(given, at, {"role", "parts"})
    if content.get("role") not in ("user", "model"):
        raise RefusedError("Please use a valid role: user, model.")
    parts = content.get("parts")
    if not isinstance(parts, list) or not parts:
        raise wrong_field(f"{at}.parts", f"* GenerateContentRequest.{at}.parts: contents.parts must not be empty.\n")
    read = (
        _read_part(part, f"{at}.parts[{number}]", f"content position {index + 1}, part position {number + 1}", decodes)
        for number, part in enumerate(parts)
    )
    return Content(role=content["role"], parts=tuple(read))


def _read_part(given: Any, at: str, position: str, decodes: bool) -> Part:
    part = _message(given, at, _PART)
    text = part.get("text")
    if ("text" in part) == ("inlineData" in part):
        message = "required oneof field 'data' must have one initialized field"
        raise wrong_field(at, f"* GenerateContentRequest.{at}.data: {message}\n")
    if "text" in part and not isinstance(text, str):
        raise wrong_field(f"{at}.text", f"Invalid value at '{at}.text' (TYPE_STRING), {json.dumps(text)}")
    image = _read_image(part["inlineData"], f"{at}.inline_data", decodes) if "inlineData" in part else None
    signature = part.get("thoughtSignature")
    return Part(
        position=position,
        text=text,
        image=image,
        signature=None if signature is None else _decode(signature, f"{at}.thought_signature"),
        thought=part.get("thought") is True,
    )


def _read_image(given: Any, at: str, decodes: bool) -> SentImage:
    blob = _message(given, at, {"data", "mimeType"})
    media_type = blob.get("mimeType")
    if media_type not in MEDIA_TYPES:
        raise RefusedError(f"Unsupported MIME type: {media_type}")
    raw = _decode(blob.get("data"), f"{at}.data")
    try:
        return SentImage.read(raw, media_type, decodes=decodes)
    except ValueError:
        raise RefusedError(
            "Unable to process input image. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"
        ) from None


def _decode(given: Any, at: str) -> bytes:
    """Decode base64 of either alphabet, as JSON of protocol buffers allows it."""
    try:
        return base64.b64decode(given.translate(_STANDARD) + "=" * (-len(given) % 4), validate=True)
    except (AttributeError, binascii.Error, ValueError):
        raise wrong_field(at, f"Invalid value at '{at}' (TYPE_BYTES), Base64 decoding failed") from None


def _message(given: Any, at: str, known: set[str]) -> dict[str, Any]:
    """Return an object's fields under their JSON names; as in protocol buffers' JSON, their own names are good too."""
    if not isinstance(given, dict):
        raise wrong_field(at, f"Invalid value at '{at}', {json.dumps(given)[:60]}")
    read = {}
    for name, value in given.items():
        json_name = re.sub(r"_([a-z])", lambda found: found[1].upper(), name)
        if json_name not in known or json_name in read:
            raise unknown_name(name, at)
        read[json_name] = value
    return read


def _check_turns(roles: list[str]) -> None:
    if roles[-1] != "user":
        raise RefusedError("Please ensure that single turn requests end with a user role or the role field is empty.")
    if any(role == after for role, after in pairwise(roles)):
        raise RefusedError("Please ensure that multiturn requests alternate between user and model.")


_STANDARD = str.maketrans("-_", "+/")
