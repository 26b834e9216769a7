"""The fake endpoint's image edits and variations."""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes.drawing import Canvas, FileFormat
from tests.fakes.edits import EditAsked, EditReply, Edits
from tests.fakes.multipart import Part, read_parts
from tests.fakes.openai_image_rules import (
    RETIRED,
    ModelRules,
    check_editable,
    check_prompt,
    check_values,
    read_image,
    read_mask,
    read_number,
    rules_of,
)
from tests.fakes.openai_requests import BadRequestError, Request
from tests.fakes.sent_images import SentImage
from tests.fakes.serving import Fault

_NO_LIST = (
    "Duplicate parameter: 'image'. You provided multiple values for this parameter, whereas only one is allowed. If "
    "you are trying to provide a list of values, use the array syntax instead e.g. 'image[]=<value>'."
)
_ORDINARY = ("model", "prompt", "n")
_DEFAULT_MODELS = {"edits": "gpt-image-1.5", "variations": RETIRED}
_OUTPUT_TOKENS = {"low": 272, "medium": 1056, "high": 4160, "xhigh": 6240, "max": 8320}
_INPUT_IMAGE_TOKENS, _BYTES_PER_TOKEN = 323, 4
_FORMATS: dict[str, FileFormat] = {"png": "png", "jpeg": "jpeg", "webp": "webp"}


@dataclass(frozen=True, slots=True)
class _Form:
    """A request's fields: text, and files under their names."""

    fields: dict[str, str]
    images: list[Part]
    mask: Part | None

    @property
    def others(self) -> dict[str, str]:
        return {name: value for name, value in self.fields.items() if name not in _ORDINARY}


@dataclass(slots=True)
class ImageEditing:
    """Answers /v1/images; pictures given by address wait under /generated."""

    edits: Edits
    _generated: dict[str, bytes] = field(default_factory=dict)

    def respond(self, request: Request, key: str) -> tuple[Mapping[str, Any], Mapping[str, str]] | Fault:
        """Check a request as the real server does; return the answer's body and headers."""
        request.check_key(key)
        operation = request.path[-1]
        form = _read_form(request)
        model = form.fields.get("model", _DEFAULT_MODELS[operation])
        checked = (
            _check_edit(form, model, self.edits) if operation == "edits" else _check_variation(form, model, self.edits)
        )
        asked, said = self.edits.respond(replace(checked, size_bytes=len(request.raw)))
        if isinstance(said, Fault):
            return said
        return self._body(asked, said, request.headers["host"]), said.headers

    def generated(self, request: Request) -> bytes:
        """Return a picture by its address, which is signed: as the real store does, it wants no key beside that."""
        if "authorization" in request.headers:
            raise BadRequestError("Authentication information is not given in the correct format.", status=403)
        try:
            return self._generated[request.path[-1]]
        except KeyError:
            raise BadRequestError("The specified blob does not exist.", status=404) from None

    def _body(self, asked: EditAsked, said: EditReply, host: str) -> dict[str, Any]:
        body: dict[str, Any] = {"created": int(time.time())}
        if asked.model == RETIRED and asked.parameters.get("response_format", "url") == "url":
            return body | {"data": [{"url": self._publish(image, host)} for image in said.images]}
        body["data"] = [{"b64_json": base64.b64encode(image).decode()} for image in said.images]
        return body if asked.model == RETIRED else body | _described(asked, said)

    def _publish(self, image: bytes, host: str) -> str:
        name = hashlib.sha256(image).hexdigest()
        self._generated[name] = image
        return f"http://{host}/generated/{name}?sig=test"


def _described(asked: EditAsked, said: EditReply) -> dict[str, Any]:
    quality = asked.parameters.get("quality", "auto").replace("auto", "high")
    text = 1 + len(asked.instruction.encode()) // _BYTES_PER_TOKEN
    pictures = _INPUT_IMAGE_TOKENS * (len(asked.images) + (asked.mask is not None))
    output = _OUTPUT_TOKENS[quality] * len(said.images)
    return {
        "background": "transparent" if asked.canvas.transparent else "opaque",
        "output_format": asked.canvas.file_format,
        "quality": quality,
        "size": f"{asked.canvas.size[0]}x{asked.canvas.size[1]}",
        "usage": {
            "input_tokens": text + pictures,
            "input_tokens_details": {"image_tokens": pictures, "text_tokens": text},
            "output_tokens": output,
            "output_tokens_details": {"image_tokens": output, "text_tokens": 0},
            "total_tokens": text + pictures + output,
        },
    }


def _read_form(request: Request) -> _Form:
    form = _Form(fields={}, images=[], mask=None)
    for part in read_parts(request.headers.get("content-type", ""), request.raw):
        if part.name in ("image", "image[]"):
            form.images.append(part)
        elif part.name in form.fields or (part.name == "mask" and form.mask):
            raise BadRequestError(f"Duplicate parameter: '{part.name}'.", param=part.name, code="duplicate_parameter")
        elif part.name == "mask":
            form = replace(form, mask=part)
        else:
            form.fields[part.name] = part.text
    if not form.images:
        message = "Missing required parameter: 'image'."
        raise BadRequestError(message, param="image", code="missing_required_parameter")
    if len(form.images) > 1 and {part.name for part in form.images} != {"image[]"}:
        raise BadRequestError(_NO_LIST, param="image", code="duplicate_parameter")
    return form


def _check_edit(form: _Form, model: str, edits: Edits) -> EditAsked:
    rules = rules_of(model)
    prompt = check_prompt(form.fields, rules)
    check_values(form.others, rules)
    images = _read_images(form, rules, decodes=edits.decodes)
    mask = read_mask(form.mask, images[0], decodes=edits.decodes) if form.mask else None
    if model == RETIRED:
        check_editable(images[0], mask)
    return _asked("edits", model, form, prompt=prompt, images=images, mask=mask)


def _check_variation(form: _Form, model: str, edits: Edits) -> EditAsked:
    rules = rules_of(model)
    if model != RETIRED:
        message = f"Invalid value: '{model}'. Value must be 'dall-e-2'."
        raise BadRequestError(message, param="model", code="invalid_value")
    known = {name: rules.values[name] for name in ("size", "response_format", "user")}
    for name in ("prompt", "mask"):
        if name in form.fields or (name == "mask" and form.mask):
            raise BadRequestError(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    check_values(form.others, replace(rules, values=known))
    images = _read_images(form, rules, decodes=edits.decodes)
    return _asked("variations", model, form, prompt="", images=images, mask=None)


def _read_images(form: _Form, rules: ModelRules, *, decodes: bool) -> tuple[SentImage, ...]:
    if len(form.images) > rules.most_images:
        message = f"Invalid 'image': array too long. Expected an array with maximum length {rules.most_images}, but "
        message += f"got an array with length {len(form.images)} instead."
        raise BadRequestError(message, param="image", code="array_above_max_length")
    return tuple(read_image(part, rules, decodes=decodes) for part in form.images)


def _asked(
    operation: str, model: str, form: _Form, *, prompt: str, images: tuple[SentImage, ...], mask: SentImage | None
) -> EditAsked:
    others = form.others
    wanted = others.get("size", "auto")
    width, height = (1024, 1024) if wanted == "auto" else map(int, wanted.split("x"))
    canvas = Canvas(
        size=(width, height),
        file_format=_FORMATS[others.get("output_format", "png")],
        transparent=others.get("background") == "transparent",
    )
    return EditAsked(
        operation=operation,
        model=model,
        instruction=prompt,
        images=images,
        mask=mask,
        parameters={name: value for name, value in form.fields.items() if name not in ("model", "prompt")},
        count=read_number(form.fields.get("n", "1"), "n", 1, 10),
        canvas=canvas,
    )
