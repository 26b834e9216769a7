"""Edits by the real client, and pictures to be sent."""

import base64
import io
from typing import Any

import openai
import pytest
from openai.types import ImagesResponse
from PIL import Image

from tests.images import image_bytes, make_picture

File = tuple[str, bytes, str]


def png(number: int = 0, *, size: tuple[int, int] = (64, 64), mode: str = "RGBA", **options: Any) -> File:
    return ("picture.png", image_bytes(number, "PNG", size=size, mode=mode, **options), "image/png")


def jpeg(number: int = 0, **options: Any) -> File:
    return ("picture.jpg", image_bytes(number, "JPEG", **options), "image/jpeg")


def see_through(size: tuple[int, int] = (64, 64)) -> File:
    picture = make_picture(0, size, "RGBA")
    picture.putalpha(0)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return ("picture.png", out.getvalue(), "image/png")


def edit(client: openai.OpenAI, **changes: Any) -> ImagesResponse:
    asked: dict[str, Any] = {"image": jpeg(), "prompt": "Make it blue.", "model": "gpt-image-1"}
    answer = client.images.edit(**asked | changes)
    assert isinstance(answer, ImagesResponse)
    return answer


def vary(client: openai.OpenAI, **changes: Any) -> ImagesResponse:
    with pytest.deprecated_call():
        answer = client.images.create_variation(**{"image": png(mode="RGB"), "model": "dall-e-2"} | changes)
    assert isinstance(answer, ImagesResponse)
    return answer


def images_of(answer: ImagesResponse) -> list[bytes]:
    return [base64.b64decode(each.b64_json or "") for each in answer.data or []]


def open_image(raw: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(raw))
    image.load()
    return image
