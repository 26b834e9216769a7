"""What OpenAI's image models demand of a request's pictures and parameters."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.fakes.multipart import Part
from tests.fakes.openai_requests import BadRequestError
from tests.fakes.sent_images import MEDIA_TYPES, SentImage

RETIRED = "dall-e-2"
_MODELS = re.compile(r"gpt-image-[\w.-]+|chatgpt-image-latest|dall-e-2")
_MEGABYTE = 1024 * 1024
_SQUARES = ("256x256", "512x512", "1024x1024")
_STANDARD = ("1024x1024", "1536x1024", "1024x1536", "auto")
_MOST_PIXELS, _LONGEST, _LARGEST_RATIO = 3840 * 2160, 3840, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRules:
    """What one model takes: for each parameter its values, None if anything; those it does not name are unknown."""

    media_types: tuple[str, ...]
    most_images: int
    most_bytes: int
    most_characters: int
    square: bool
    values: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)


def rules_of(model: str) -> ModelRules:
    """Return the rules of a model for edits."""
    if not _MODELS.fullmatch(model):
        raise BadRequestError(f"The model '{model}' does not exist.", status=404, param="model", code="model_not_found")
    if model == RETIRED:
        values = {"size": _SQUARES, "quality": ("standard",), "response_format": ("url", "b64_json"), "user": None}
        return ModelRules(
            media_types=("image/png",),
            most_images=1,
            most_bytes=4 * _MEGABYTE,
            most_characters=1000,
            square=True,
            values=values,
        )
    return ModelRules(
        media_types=tuple(MEDIA_TYPES),
        most_images=16,
        most_bytes=50 * _MEGABYTE,
        most_characters=32_000,
        square=False,
        values=_values_of(model),
    )


def _values_of(model: str) -> dict[str, tuple[str, ...] | None]:
    values: dict[str, tuple[str, ...] | None] = {
        "size": None if model.startswith("gpt-image-2") else _STANDARD,
        "quality": ("low", "medium", "high", "auto"),
        "background": ("transparent", "opaque", "auto"),
        "output_format": ("png", "webp", "jpeg"),
        "output_compression": None,
        "user": None,
        "safety_identifier": None,
    }
    if model.startswith("gpt-image-2."):
        values["quality"] = ("low", "medium", "high", "xhigh", "max", "auto")
    if not model.startswith("gpt-image-2"):
        values["input_fidelity"] = ("low",) if model == "gpt-image-1-mini" else ("high", "low")
    return values


def check_values(fields: Mapping[str, str], rules: ModelRules) -> None:
    """Check the parameters that are neither text nor pictures."""
    for name, value in fields.items():
        if name not in rules.values:
            raise BadRequestError(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
        _check_choice(name, value, rules.values[name])
    if "size" in fields and rules.values["size"] is None:
        _check_size(fields["size"])
    form = fields.get("output_format", "png")
    if fields.get("background") == "transparent" and form == "jpeg":
        message = "Transparent background is not supported for JPEG output format."
        raise BadRequestError(message, param="background", code="invalid_value")
    if "output_compression" in fields:
        read_number(fields["output_compression"], "output_compression", 0, 100)
        if form == "png" and fields["output_compression"] != "100":
            message = "Compression less than 100 is not supported for PNG output format."
            raise BadRequestError(message, param="output_compression", code="invalid_value")


def read_number(value: str, name: str, least: int, most: int) -> int:
    """Return a parameter that is a whole number within limits."""
    if not value.isdecimal():
        message = f"Invalid type for '{name}': expected an integer, but got a string instead."
        raise BadRequestError(message, param=name, code="invalid_type")
    if not least <= int(value) <= most:
        kind, limit = ("below_min", f">= {least}") if int(value) < least else ("above_max", f"<= {most}")
        message = f"Invalid '{name}': integer {kind}_value. Expected a value {limit}, but got {value} instead."
        raise BadRequestError(message, param=name, code=f"integer_{kind}_value")
    return int(value)


def check_prompt(fields: Mapping[str, str], rules: ModelRules) -> str:
    """Return the prompt."""
    prompt = fields.get("prompt", "")
    if not prompt.strip():
        message = "Missing required parameter: 'prompt'."
        raise BadRequestError(message, param="prompt", code="missing_required_parameter")
    if len(prompt) > rules.most_characters:
        message = (
            f"Invalid 'prompt': string too long. Expected a string with maximum length {rules.most_characters}, but "
            f"got a string with length {len(prompt)} instead."
        )
        raise BadRequestError(message, param="prompt", code="string_above_max_length")
    return prompt


def read_image(part: Part, rules: ModelRules, *, decodes: bool) -> SentImage:
    """Return a picture, which must be what its part says and within the model's limits."""
    allowed = ", ".join(f"'{each}'" for each in rules.media_types)
    if part.file_name is None or part.media_type not in rules.media_types:
        message = (
            f"Invalid file '{part.name}': unsupported mimetype ('{part.media_type}'). "
            f"Supported file formats are {allowed}."
        )
        raise BadRequestError(message, param=part.name, code="unsupported_file_mimetype")
    if len(part.raw) >= rules.most_bytes:
        message = f"Uploaded image must be less than {rules.most_bytes // _MEGABYTE} MB."
        raise BadRequestError(message, param=part.name, code="image_too_large")
    try:
        image = SentImage.read(part.raw, part.media_type, decodes=decodes)
    except ValueError:
        message = "Invalid image file or mode for image 1, please check your image file."
        raise BadRequestError(message, param=part.name, code="invalid_image_file") from None
    if rules.square and image.size[0] != image.size[1]:
        raise BadRequestError("Uploaded image must be square.", param=part.name, code="invalid_image")
    return image


def read_mask(part: Part, image: SentImage, *, decodes: bool) -> SentImage:
    """Return a mask, which is a PNG with an alpha channel, as large as the first picture."""
    rules = ModelRules(
        media_types=("image/png",), most_images=1, most_bytes=4 * _MEGABYTE, most_characters=0, square=False
    )
    mask = read_image(part, rules, decodes=decodes)
    if mask.mode not in ("RGBA", "LA"):
        message = f"Invalid mask image - format must be in ['RGBA', 'LA'], got {mask.mode}."
        raise BadRequestError(message, param="mask", code="invalid_image")
    if mask.size != image.size:
        message = "Invalid mask image format - mask size does not match image size"
        raise BadRequestError(message, param="mask", code="invalid_mask_image_format")
    return mask


def check_editable(image: SentImage, mask: SentImage | None) -> None:
    """Check what `dall-e-2` edits: a mode of these, and transparent pixels somewhere."""
    if image.mode not in ("RGBA", "LA", "L"):
        message = f"Invalid input image - format must be in ['RGBA', 'LA', 'L'], got {image.mode}."
        raise BadRequestError(message, param="image", code="invalid_image")
    if mask is None and not image.transparent:
        message = "Uploaded image must have transparency where it is to be edited if no mask is given."
        raise BadRequestError(message, param="image", code="invalid_image")


def _check_choice(name: str, value: str, allowed: Sequence[str] | None) -> None:
    if allowed is None or value in allowed:
        return
    *first, last = (f"'{each}'" for each in allowed)
    shown = f"{', '.join(first)}{',' if len(first) > 1 else ''}{' and ' if first else ''}{last}"
    message = f"Invalid value: '{value}'. Supported values are: {shown}."
    raise BadRequestError(message, param=name, code="invalid_value")


def _check_size(value: str) -> None:
    """Check the size of a model that makes pictures of any."""
    if value == "auto":
        return
    found = re.fullmatch(r"(\d+)x(\d+)", value)
    short, long = sorted(int(side) for side in found.groups()) if found else (0, 0)
    good = short and not short % 16 and not long % 16 and long <= min(_LONGEST, short * _LARGEST_RATIO)
    if not good or short * long > _MOST_PIXELS:
        message = f"Invalid size '{value}'. Width and height must both be divisible by 16, at most 3:1 and 3840x2160."
        raise BadRequestError(message, param="size", code="invalid_value")
