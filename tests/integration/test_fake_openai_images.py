"""The fake's image edits and variations, as the real client sees them."""

import hashlib
import json
from typing import Any

import httpx2
import openai
import pytest
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
from tests.images import image_bytes
from tests.integration.openai_edits import File, edit, images_of, jpeg, open_image, png, see_through, vary


def test_an_edit_is_answered_and_noted_to_the_byte(openai_client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    first, second, mask = jpeg(1, size=(64, 64)), png(2), png(3)

    answer = edit(openai_client, image=[first, second], mask=mask, prompt="Zoë's\n“mug”", n=2, quality="low")

    asked, said = openai_server.edits.accepted[0], openai_server.edits.answered[0]
    assert (asked.model, asked.instruction, asked.parameters) == (
        "gpt-image-1",
        "Zoë's\n“mug”",
        {"n": "2", "quality": "low"},
    )
    assert [image.raw for image in asked.images] == [first[1], second[1]]
    assert asked.mask is not None
    assert asked.mask.raw == mask[1]
    assert tuple(images_of(answer)) == said.images
    assert set(openai_server.edits.returned()) == {hashlib.sha256(raw).hexdigest() for raw in said.images}
    assert len(openai_server.edits.returned()) == 2


def test_an_answer_says_what_it_is_and_what_it_used(openai_client: openai.OpenAI) -> None:
    answer = edit(
        openai_client, n=2, size="1536x1024", quality="medium", background="transparent", output_format="webp"
    )

    assert (answer.size, answer.quality, answer.background, answer.output_format) == (
        "1536x1024",
        "medium",
        "transparent",
        "webp",
    )
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert (answer.usage.output_tokens, answer.usage.input_tokens_details.image_tokens) == (2 * 1056, 323)
    image = open_image(images_of(answer)[0])
    assert (image.format, image.size, image.mode) == ("WEBP", (1536, 1024), "RGBA")


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_pictures_are_the_requests_own_and_hold_no_metadata(
    openai_client: openai.OpenAI, openai_server: FakeOpenAI, output_format: str
) -> None:
    asked: list[dict[str, Any]] = [
        {"prompt": "Red."},
        {"prompt": "Blue."},
        {"prompt": "Red.", "image": jpeg(9)},
        {"prompt": "Red."},
    ]

    returned = [images_of(edit(openai_client, output_format=output_format, **each))[0] for each in asked]

    assert len({open_image(raw).convert("RGB").tobytes() for raw in returned}) == len(asked)
    edit(openai_client, image=[("x.png", raw, f"image/{output_format}") for raw in returned])
    assert openai_server.edits.accepted[-1].metadata == set()
    assert sorted(openai_server.edits.asked_for().values()) == [1, 1, 1, 2]
    assert openai_server.edits.asked_for() == openai_server.edits.paid_for()


def test_the_first_answer_to_a_request_is_the_same_on_every_server(openai_client: openai.OpenAI) -> None:
    with FakeOpenAI() as other, openai.OpenAI(base_url=other.base_url, api_key=other.key) as other_client:
        assert images_of(edit(openai_client)) == images_of(edit(other_client))


def _with_gps() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ann"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif


def _with_text() -> PngInfo:
    info = PngInfo()
    info.add_text("Author", "Ann")
    return info


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (jpeg(exif=_with_gps()), {"exif", "gps"}),
        (jpeg(xmp=b"<x/>"), {"xmp"}),
        (jpeg(comment=b"Ann's"), {"text"}),
        (png(exif=_with_gps()), {"exif", "gps"}),
        (png(pnginfo=_with_text()), {"text"}),
        (("x.webp", image_bytes(0, "WEBP", exif=_with_gps(), xmp=b"<x/>"), "image/webp"), {"exif", "gps", "xmp"}),
        (jpeg(), set()),
        (png(), set()),
        (("x.webp", image_bytes(0, "WEBP"), "image/webp"), set()),
    ],
)
def test_what_a_picture_gives_away_is_noted(
    openai_client: openai.OpenAI, openai_server: FakeOpenAI, image: File, found: set[str]
) -> None:
    edit(openai_client, image=image)

    assert openai_server.edits.accepted[0].metadata == found


def test_dall_e_2_gives_an_address_that_wants_no_key(openai_client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    answer = edit(openai_client, model="dall-e-2", image=png(mode="RGBA"), mask=png(1), n=2, size="256x256")

    address = (answer.data or [])[1].url or ""
    assert httpx2.get(address).content == openai_server.edits.answered[0].images[1]
    assert httpx2.get(address, headers={"Authorization": f"Bearer {openai_server.key}"}).status_code == 403
    assert httpx2.get(address.replace("generated/", "generated/0")).status_code == 404
    assert answer.usage is None


def test_dall_e_2_gives_base64_where_it_is_asked_to(openai_client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    edited = edit(openai_client, model="dall-e-2", image=see_through(), response_format="b64_json", size="512x512")
    varied = vary(openai_client, response_format="b64_json", n=3)

    assert [open_image(raw).size for raw in (*images_of(edited), *images_of(varied))] == [
        (512, 512),
        *[(1024, 1024)] * 3,
    ]
    assert [asked.operation for asked in openai_server.edits.accepted] == ["edits", "variations"]


def test_faults_are_those_that_the_client_knows(openai_client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.edits.answer = InTurn((BUSY_FOR_A_SECOND, BROKEN, MODERATION_BLOCKED, DROPPED, CUT_OFF))

    with pytest.raises(openai.RateLimitError) as busy:
        edit(openai_client)
    with pytest.raises(openai.InternalServerError):
        edit(openai_client)
    with pytest.raises(openai.BadRequestError) as blocked:
        edit(openai_client)
    with pytest.raises(openai.APIConnectionError):
        edit(openai_client)
    with pytest.raises(openai.APIConnectionError):
        edit(openai_client)

    assert (busy.value.response.headers["retry-after"], blocked.value.code) == ("1", "moderation_blocked")
    assert len(images_of(edit(openai_client))) == 1
    assert list(openai_server.edits.paid_for().values()) == [1]
    assert list(openai_server.edits.asked_for().values()) == [6]


def test_answers_may_be_none_that_are_of_use(openai_client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.edits.answer = InTurn((EMPTY, paint_half, paint_nothing, PaintsMore(3), PaintsAs("jpeg")))

    empty, half, nothing, more, jpeg = (images_of(edit(openai_client)) for _ in range(5))

    assert (empty, nothing, len(more)) == ([], [NO_PICTURE], 3)
    assert open_image(jpeg[0]).format == "JPEG"
    with pytest.raises(OSError, match="truncated"):
        open_image(half[0])


def test_an_answer_may_be_no_json(openai_client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.edits.answer = InTurn((NO_JSON,))

    with pytest.raises(json.JSONDecodeError):
        edit(openai_client)


def test_an_answer_may_come_too_late(openai_client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.edits.answer = AtFirst((Hangs(2),))

    with pytest.raises(openai.APITimeoutError):
        edit(openai_client.with_options(timeout=0.2))

    assert len(images_of(edit(openai_client))) == 1


def test_what_is_said_may_depend_on_the_instruction_or_on_chance(
    openai_client: openai.OpenAI, openai_server: FakeOpenAI
) -> None:
    openai_server.edits.answer = ByInstruction({"blood": MODERATION_BLOCKED}, otherwise=Shares(((0.5, EMPTY),)))

    with pytest.raises(openai.BadRequestError):
        edit(openai_client, prompt="More blood.")
    found = [len(images_of(edit(openai_client, prompt=f"More {number}."))) for number in range(20)]

    assert 3 < sum(found) < 17
