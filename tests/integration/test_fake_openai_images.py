"""The fake's image edits and variations, as the real client sees them."""

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai.types import ImagesResponse
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from tests.fakes.drawing import NO_PICTURE
from tests.fakes.edit_scripts import (
    BROKEN,
    BUSY_FOR_A_SECOND,
    CUT_OFF,
    DROPPED,
    EMPTY,
    MODERATION_BLOCKED,
    NO_JSON,
    AtFirst,
    ByInstruction,
    Hangs,
    InTurn,
    PaintsAs,
    PaintsMore,
    Shares,
    paint_half,
    paint_nothing,
)
from tests.fakes.openai_server import FakeOpenAI
from tests.images import image_bytes, make_picture

File = tuple[str, bytes, str]


@pytest.fixture
def client(openai_server: FakeOpenAI) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=openai_server.base_url, api_key=openai_server.key, max_retries=0) as opened:
        yield opened


def _png(number: int = 0, *, size: tuple[int, int] = (64, 64), mode: str = "RGBA", **options: Any) -> File:
    return ("picture.png", image_bytes(number, "PNG", size=size, mode=mode, **options), "image/png")


def _jpeg(number: int = 0, **options: Any) -> File:
    return ("picture.jpg", image_bytes(number, "JPEG", **options), "image/jpeg")


def _see_through(size: tuple[int, int] = (64, 64)) -> File:
    picture = make_picture(0, size, "RGBA")
    picture.putalpha(0)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return ("picture.png", out.getvalue(), "image/png")


def _edit(client: openai.OpenAI, **changes: Any) -> ImagesResponse:
    asked: dict[str, Any] = {"image": _jpeg(), "prompt": "Make it blue.", "model": "gpt-image-1"}
    answer = client.images.edit(**asked | changes)
    assert isinstance(answer, ImagesResponse)
    return answer


def _vary(client: openai.OpenAI, **changes: Any) -> ImagesResponse:
    with pytest.deprecated_call():
        return client.images.create_variation(**{"image": _png(mode="RGB"), "model": "dall-e-2"} | changes)


def _images(answer: ImagesResponse) -> list[bytes]:
    return [base64.b64decode(each.b64_json or "") for each in answer.data or []]


def _open(raw: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(raw))
    image.load()
    return image


def test_an_edit_is_answered_and_noted_to_the_byte(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    first, second, mask = _jpeg(1, size=(64, 64)), _png(2), _png(3)

    answer = _edit(client, image=[first, second], mask=mask, prompt="Zoë's\n“mug”", n=2, quality="low")

    asked, said = openai_server.edits.accepted[0], openai_server.edits.answered[0]
    assert (asked.model, asked.instruction, asked.parameters) == (
        "gpt-image-1",
        "Zoë's\n“mug”",
        {"n": "2", "quality": "low"},
    )
    assert [image.raw for image in asked.images] == [first[1], second[1]]
    assert asked.mask is not None
    assert asked.mask.raw == mask[1]
    assert tuple(_images(answer)) == said.images
    assert set(openai_server.edits.returned()) == {hashlib.sha256(raw).hexdigest() for raw in said.images}
    assert len(openai_server.edits.returned()) == 2


def test_an_answer_says_what_it_is_and_what_it_used(client: openai.OpenAI) -> None:
    answer = _edit(client, n=2, size="1536x1024", quality="medium", background="transparent", output_format="webp")

    assert (answer.size, answer.quality, answer.background, answer.output_format) == (
        "1536x1024",
        "medium",
        "transparent",
        "webp",
    )
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert (answer.usage.output_tokens, answer.usage.input_tokens_details.image_tokens) == (2 * 1056, 323)
    image = _open(_images(answer)[0])
    assert (image.format, image.size, image.mode) == ("WEBP", (1536, 1024), "RGBA")


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_pictures_are_the_requests_own_and_hold_no_metadata(
    client: openai.OpenAI, openai_server: FakeOpenAI, output_format: str
) -> None:
    asked = [{"prompt": "Red."}, {"prompt": "Blue."}, {"prompt": "Red.", "image": _jpeg(9)}, {"prompt": "Red."}]

    returned = [_images(_edit(client, output_format=output_format, **each))[0] for each in asked]

    assert len({_open(raw).convert("RGB").tobytes() for raw in returned}) == len(asked)
    _edit(client, image=[("x.png", raw, f"image/{output_format}") for raw in returned])
    assert openai_server.edits.accepted[-1].metadata == set()
    assert sorted(openai_server.edits.asked_for().values()) == [1, 1, 1, 2]
    assert openai_server.edits.asked_for() == openai_server.edits.paid_for()


def test_the_first_answer_to_a_request_is_the_same_on_every_server(client: openai.OpenAI) -> None:
    with FakeOpenAI() as other, openai.OpenAI(base_url=other.base_url, api_key=other.key) as other_client:
        assert _images(_edit(client)) == _images(_edit(other_client))


def _with_gps() -> Image.Exif:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif


def _with_text() -> PngInfo:
    info = PngInfo()
    info.add_text("Author", "Ann")
    return info


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (_jpeg(exif=_with_gps()), {"exif", "gps"}),
        (_jpeg(xmp=b"<x/>"), {"xmp"}),
        (_jpeg(comment=b"Ann's"), {"text"}),
        (_png(exif=_with_gps()), {"exif", "gps"}),
        (_png(pnginfo=_with_text()), {"text"}),
        (("x.webp", image_bytes(0, "WEBP", exif=_with_gps(), xmp=b"<x/>"), "image/webp"), {"exif", "gps", "xmp"}),
        (_jpeg(), set()),
        (_png(), set()),
        (("x.webp", image_bytes(0, "WEBP"), "image/webp"), set()),
    ],
)
def test_what_a_picture_gives_away_is_noted(
    client: openai.OpenAI, openai_server: FakeOpenAI, image: File, found: set[str]
) -> None:
    _edit(client, image=image)

    assert openai_server.edits.accepted[0].metadata == found


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"image": []}, "missing_required_parameter", "image"),
        ({"prompt": " "}, "missing_required_parameter", "prompt"),
        ({"prompt": "x" * 32_001}, "string_above_max_length", "prompt"),
        ({"image": [_jpeg()] * 17}, "array_above_max_length", "image"),
        ({"image": image_bytes()}, "unsupported_file_mimetype", "image"),
        ({"image": ("x.gif", image_bytes(0, "GIF"), "image/gif")}, "unsupported_file_mimetype", "image"),
        ({"image": ("x.png", image_bytes(), "image/png")}, "invalid_image_file", "image"),
        ({"image": ("x.jpg", image_bytes()[:300], "image/jpeg")}, "invalid_image_file", "image"),
        ({"image": [_jpeg(), ("x.jpg", b"", "image/jpeg")]}, "invalid_image_file", "image[]"),
        ({"image": ("x.jpg", image_bytes() + bytes(50 * 1024 * 1024), "image/jpeg")}, "image_too_large", "image"),
        ({"mask": _png(size=(32, 64))}, "invalid_mask_image_format", "mask"),
        ({"mask": _png(size=(64, 48), mode="RGB")}, "invalid_image", "mask"),
        ({"mask": _jpeg()}, "unsupported_file_mimetype", "mask"),
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
    client: openai.OpenAI, openai_server: FakeOpenAI, changes: dict[str, Any], code: str, param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        _edit(client, **changes)

    assert (refused.value.code, refused.value.param) == (code, param)
    assert (openai_server.edits.accepted, len(openai_server.refused)) == ([], 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gpt-image-2", "size": "1536x864", "quality": "high"},
        {"model": "gpt-image-2.5-flare", "quality": "max"},
        {"model": "chatgpt-image-latest", "input_fidelity": "high", "user": "ann"},
        {"output_format": "jpeg", "output_compression": 50, "n": 10},
        {"image": [_jpeg(number) for number in range(16)], "prompt": "x" * 32_000},
        {"image": [_jpeg(size=(48, 64)), _png()], "mask": _png(size=(48, 64))},
    ],
)
def test_what_the_gpt_models_take(client: openai.OpenAI, changes: dict[str, Any]) -> None:
    assert len(_edit(client, **changes).data or []) == changes.get("n", 1)


def test_the_model_and_the_key_must_be_known(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        _edit(client, model="dall-e-3")
    with pytest.raises(openai.AuthenticationError) as stranger:
        _edit(client.with_options(api_key="sk-wrong"))

    assert (unknown.value.code, stranger.value.code) == ("model_not_found", "invalid_api_key")


def test_a_form_must_be_one(openai_server: FakeOpenAI) -> None:
    url, headers = f"{openai_server.base_url}/images/edits", {"Authorization": f"Bearer {openai_server.key}"}
    half = {"Content-Type": "multipart/form-data; boundary=x"}

    no_form = httpx2.post(url, headers=headers, json={"prompt": "Blue."})
    cut = httpx2.post(url, headers=headers | half, content=b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n1')
    twice = httpx2.post(url, headers=headers, files=[("image", _png()), ("image", _png(1))], data={"prompt": "Blue."})

    assert [answer.status_code for answer in (no_form, cut, twice)] == [400, 400, 400]
    assert [answer.json()["error"]["code"] for answer in (no_form, cut, twice)] == [
        "unsupported_content_type",
        None,
        "duplicate_parameter",
    ]


def test_dall_e_2_gives_an_address_that_wants_no_key(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    answer = _edit(client, model="dall-e-2", image=_png(mode="RGBA"), mask=_png(1), n=2, size="256x256")

    address = (answer.data or [])[1].url or ""
    assert httpx2.get(address).content == openai_server.edits.answered[0].images[1]
    assert httpx2.get(address, headers={"Authorization": f"Bearer {openai_server.key}"}).status_code == 403
    assert httpx2.get(address.replace("generated/", "generated/0")).status_code == 404
    assert answer.usage is None


def test_dall_e_2_gives_base64_where_it_is_asked_to(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    edited = _edit(client, model="dall-e-2", image=_see_through(), response_format="b64_json", size="512x512")
    varied = _vary(client, response_format="b64_json", n=3)

    assert [_open(raw).size for raw in (*_images(edited), *_images(varied))] == [(512, 512), *[(1024, 1024)] * 3]
    assert [asked.operation for asked in openai_server.edits.accepted] == ["edits", "variations"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": [_see_through(), _see_through()]}, "array too long"),
        ({"image": _jpeg()}, "unsupported mimetype"),
        ({"image": _see_through((64, 48))}, "square"),
        ({"image": _png(mode="RGB")}, "got RGB"),
        ({"image": _png()}, "transparency"),
        ({"image": ("x.png", _see_through()[1] + bytes(4 * 1024 * 1024), "image/png")}, "less than 4 MB"),
        ({"mask": _png(size=(32, 32))}, "does not match"),
        ({"mask": _png(mode="RGB")}, "Invalid mask"),
        ({"prompt": "x" * 1001}, "string too long"),
        ({"size": "1536x1024"}, "Supported values"),
        ({"response_format": "file"}, "'url' and 'b64_json'"),
        ({"quality": "high"}, "Supported values are: 'standard'"),
        ({"background": "opaque"}, "Unknown parameter: 'background'"),
        ({"output_format": "png"}, "Unknown parameter: 'output_format'"),
        ({"input_fidelity": "low"}, "Unknown parameter: 'input_fidelity'"),
    ],
)
def test_what_dall_e_2_refuses(client: openai.OpenAI, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        _edit(client, **{"model": "dall-e-2", "image": _see_through()} | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "gpt-image-1"}, "must be 'dall-e-2'"),
        ({"image": _png(size=(64, 48))}, "square"),
        ({"image": _jpeg(size=(64, 64))}, "unsupported mimetype"),
        ({"extra_body": {"prompt": "Blue."}}, "Unknown parameter: 'prompt'"),
        ({"extra_body": {"quality": "standard"}}, "Unknown parameter: 'quality'"),
        ({"n": 11}, "<= 10"),
    ],
)
def test_what_variations_refuse(client: openai.OpenAI, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        _vary(client, **changes)


def test_faults_are_those_that_the_client_knows(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.edits.answer = InTurn((BUSY_FOR_A_SECOND, BROKEN, MODERATION_BLOCKED, DROPPED, CUT_OFF))

    with pytest.raises(openai.RateLimitError) as busy:
        _edit(client)
    with pytest.raises(openai.InternalServerError):
        _edit(client)
    with pytest.raises(openai.BadRequestError) as blocked:
        _edit(client)
    with pytest.raises(openai.APIConnectionError):
        _edit(client)
    with pytest.raises(openai.APIConnectionError):
        _edit(client)

    assert (busy.value.response.headers["retry-after"], blocked.value.code) == ("1", "moderation_blocked")
    assert len(_images(_edit(client))) == 1
    assert list(openai_server.edits.paid_for().values()) == [1]
    assert list(openai_server.edits.asked_for().values()) == [6]


def test_answers_may_be_none_that_are_of_use(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.edits.answer = InTurn((EMPTY, paint_half, paint_nothing, PaintsMore(3), PaintsAs("jpeg")))

    empty, half, nothing, more, jpeg = (_images(_edit(client)) for _ in range(5))

    assert (empty, nothing, len(more)) == ([], [NO_PICTURE], 3)
    assert _open(jpeg[0]).format == "JPEG"
    with pytest.raises(OSError, match="truncated"):
        _open(half[0])


def test_an_answer_may_be_no_json(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.edits.answer = InTurn((NO_JSON,))

    with pytest.raises(json.JSONDecodeError):
        _edit(client)


def test_an_answer_may_come_too_late(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.edits.answer = AtFirst((Hangs(2),))

    with pytest.raises(openai.APITimeoutError):
        _edit(client.with_options(timeout=0.2))

    assert len(_images(_edit(client))) == 1


def test_what_is_said_may_depend_on_the_instruction_or_on_chance(
    client: openai.OpenAI, openai_server: FakeOpenAI
) -> None:
    openai_server.edits.answer = ByInstruction({"blood": MODERATION_BLOCKED}, otherwise=Shares(((0.5, EMPTY),)))

    with pytest.raises(openai.BadRequestError):
        _edit(client, prompt="More blood.")
    found = [len(_images(_edit(client, prompt=f"More {number}."))) for number in range(20)]

    assert 3 < sum(found) < 17
