"""What the fake's image edits and variations refuse and take, as the real client sees it."""

from typing import Any

import httpx2
import openai
import pytest

from tests.fakes.openai_server import FakeOpenAI
from tests.images import image_bytes
from tests.integration.openai_edits import edit, jpeg, png, see_through, vary


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"image": []}, "missing_required_parameter", "image"),
        ({"prompt": " "}, "missing_required_parameter", "prompt"),
        ({"prompt": "x" * 32_001}, "string_above_max_length", "prompt"),
        ({"image": [jpeg()] * 17}, "array_above_max_length", "image"),
        ({"image": image_bytes()}, "unsupported_file_mimetype", "image"),
        ({"image": ("x.gif", image_bytes(0, "GIF"), "image/gif")}, "unsupported_file_mimetype", "image"),
        ({"image": ("x.png", image_bytes(), "image/png")}, "invalid_image_file", "image"),
        ({"image": ("x.jpg", image_bytes()[:300], "image/jpeg")}, "invalid_image_file", "image"),
        ({"image": [jpeg(), ("x.jpg", b"", "image/jpeg")]}, "invalid_image_file", "image[]"),
        ({"image": ("x.jpg", image_bytes() + bytes(50 * 1024 * 1024), "image/jpeg")}, "image_too_large", "image"),
        ({"mask": png(size=(32, 64))}, "invalid_mask_image_format", "mask"),
        ({"mask": png(size=(64, 48), mode="RGB")}, "invalid_image", "mask"),
        ({"mask": jpeg()}, "unsupported_file_mimetype", "mask"),
        ({"response_format": "b64_json"}, "unknown_parameter", "response_format"),
        ({"extra_body": {"strength": 1}}, "unknown_parameter", "strength"),
        ({"extra_body": {"n[]": 1}}, "unknown_parameter", "n[]"),
        ({"n": 0}, "integer_below_min_value", "n"),
        ({"n": 11}, "integer_above_max_value", "n"),
        ({"n": "two"}, "invalid_type", "n"),
        ({"quality": "standard"}, "invalid_value", "quality"),
        ({"quality": "xhigh"}, "invalid_value", "quality"),
        ({"background": "blue"}, "invalid_value", "background"),
        ({"background": "transparent", "output_format": "jpeg"}, "invalid_value", "background"),
        ({"output_format": "gif"}, "invalid_value", "output_format"),
        ({"output_compression": 50}, "invalid_value", "output_compression"),
        ({"output_compression": 101, "output_format": "jpeg"}, "integer_above_max_value", "output_compression"),
        ({"size": "512x512"}, "invalid_value", "size"),
        ({"model": "gpt-image-2", "size": "1000x1000"}, "invalid_value", "size"),
        ({"model": "gpt-image-2", "size": "3840x1024"}, "invalid_value", "size"),
        ({"model": "gpt-image-2", "input_fidelity": "high"}, "unknown_parameter", "input_fidelity"),
        ({"model": "gpt-image-1-mini", "input_fidelity": "high"}, "invalid_value", "input_fidelity"),
    ],
)
def test_what_the_gpt_models_refuse(
    openai_client: openai.OpenAI, openai_server: FakeOpenAI, changes: dict[str, Any], code: str, param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        edit(openai_client, **changes)

    assert (refused.value.code, refused.value.param) == (code, param)
    assert (openai_server.edits.accepted, len(openai_server.refused)) == ([], 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gpt-image-2", "size": "1536x864", "quality": "high"},
        {"model": "gpt-image-2.5-flare", "quality": "max"},
        {"model": "chatgpt-image-latest", "input_fidelity": "high", "user": "ann"},
        {"output_format": "jpeg", "output_compression": 50, "n": 10},
        {"image": [jpeg(number) for number in range(16)], "prompt": "x" * 32_000},
        {"image": [jpeg(size=(48, 64)), png()], "mask": png(size=(48, 64))},
    ],
)
def test_what_the_gpt_models_take(openai_client: openai.OpenAI, changes: dict[str, Any]) -> None:
    assert len(edit(openai_client, **changes).data or []) == changes.get("n", 1)


def test_the_model_and_the_key_must_be_known(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        edit(openai_client, model="dall-e-3")
    with pytest.raises(openai.AuthenticationError) as stranger:
        edit(openai_client.with_options(api_key="sk-wrong"))

    assert (unknown.value.code, stranger.value.code) == ("model_not_found", "invalid_api_key")


def test_a_form_must_be_one(openai_server: FakeOpenAI) -> None:
    url, headers = f"{openai_server.base_url}/images/edits", {"Authorization": f"Bearer {openai_server.key}"}
    half = {"Content-Type": "multipart/form-data; boundary=x"}

    no_form = httpx2.post(url, headers=headers, json={"prompt": "Blue."})
    cut = httpx2.post(url, headers=headers | half, content=b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n1')
    twice = httpx2.post(url, headers=headers, files=[("image", png()), ("image", png(1))], data={"prompt": "Blue."})

    assert [answer.status_code for answer in (no_form, cut, twice)] == [400, 400, 400]
    assert [answer.json()["error"]["code"] for answer in (no_form, cut, twice)] == [
        "unsupported_content_type",
        None,
        "duplicate_parameter",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": [see_through(), see_through()]}, "array too long"),
        ({"image": jpeg()}, "unsupported mimetype"),
        ({"image": see_through((64, 48))}, "square"),
        ({"image": png(mode="RGB")}, "got RGB"),
        ({"image": png()}, "transparency"),
        ({"image": ("x.png", see_through()[1] + bytes(4 * 1024 * 1024), "image/png")}, "less than 4 MB"),
        ({"mask": png(size=(32, 32))}, "does not match"),
        ({"mask": png(mode="RGB")}, "Invalid mask"),
        ({"prompt": "x" * 1001}, "string too long"),
        ({"size": "1536x1024"}, "Supported values"),
        ({"response_format": "file"}, "'url' and 'b64_json'"),
        ({"quality": "high"}, "Supported values are: 'standard'"),
        ({"background": "opaque"}, "Unknown parameter: 'background'"),
        ({"output_format": "png"}, "Unknown parameter: 'output_format'"),
        ({"input_fidelity": "low"}, "Unknown parameter: 'input_fidelity'"),
    ],
)
def test_what_dall_e_2_refuses(openai_client: openai.OpenAI, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        edit(openai_client, **{"model": "dall-e-2", "image": see_through()} | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "gpt-image-1"}, "must be 'dall-e-2'"),
        ({"image": png(size=(64, 48))}, "square"),
        ({"image": jpeg(size=(64, 64))}, "unsupported mimetype"),
        ({"extra_body": {"prompt": "Blue."}}, "Unknown parameter: 'prompt'"),
        ({"extra_body": {"quality": "standard"}}, "Unknown parameter: 'quality'"),
        ({"n": 11}, "<= 10"),
    ],
)
def test_what_variations_refuse(openai_client: openai.OpenAI, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        vary(openai_client, **changes)
