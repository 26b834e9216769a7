"""The editor for OpenAI's images API, against a server that is as strict."""

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from indexer.editing.editor import EditAnswer, EditCall, Parameters
from indexer.editing.openai_images import OpenAIEditor
from indexer.errors import (
    AnswersUnusableError,
    ModelRefusedError,
    ModelUnavailableError,
    ModelUnusableError,
)
from indexer.imaging.sending import read_for_editing, read_mask
from indexer.models import SentPicture
from indexer.openai_client import build_client
from indexer.pricing import load_prices
from tests.fakes.edit_scripts import MODERATION_BLOCKED
from tests.fakes.edits import EditAsked, EditReply, paint
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.serving import Fault
from tests.images import make_picture, write_images

SUCCESSORS = (
    "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "gpt-image-2-2026-04-21",
    "gpt-image-2.5-flare", "gpt-image-2.5-sunburst", "chatgpt-image-latest",
)  # fmt: skip
Build = Callable[..., OpenAIEditor]


@pytest.fixture
def build(openai_server: FakeOpenAI, tmp_path: Path) -> Iterator[Build]:
    """Return what builds an editor of a model behind the fake endpoint."""
    client = build_client(api_key=openai_server.key, base_url=openai_server.base_url, timeout_s=5)
    yield lambda model, key=None: OpenAIEditor(
        client.with_options(api_key=key or openai_server.key), model=model, prices=load_prices(tmp_path)
    )
    client.close()


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[SentPicture, ...]:
    return tuple(read_for_editing(path) for path in write_images(tmp_path, 16))


@pytest.fixture
def mask(tmp_path: Path, pictures: tuple[SentPicture, ...]) -> SentPicture:
    painted = Image.new("L", (64, 48))
    painted.paste(255, (0, 0, 32, 48))
    painted.save(tmp_path / "mask.png")
    return read_mask(tmp_path / "mask.png", like=pictures[0], original_size=(64, 48))


def call(
    *pictures: SentPicture,
    instruction: str = "Make it blue.",
    mask: SentPicture | None = None,
    parameters: Parameters | None = None,
) -> EditCall:
    return EditCall(instruction=instruction, pictures=pictures, mask=mask, parameters=parameters or {})


def checked(editor: OpenAIEditor, asked: EditCall) -> EditAnswer:
    """Edit after the editor's own check, which must find nothing."""
    turns = (asked.instruction,) if asked.instruction else ()
    fault = editor.find_fault(
        images=len(asked.pictures), turns=turns, has_mask=asked.mask is not None, parameters=asked.parameters
    )
    assert fault is None
    return editor.edit(asked)


@pytest.mark.parametrize("model", [*SUCCESSORS, "dall-e-2"])
def test_the_model_asked_for_is_the_model_sent_and_its_bytes_are_kept(
    model: str, build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    answer = checked(build(model), call(pictures[0]))

    [answered] = openai_server.edits.answered
    assert answered.asked.model == model
    assert answered.asked.instruction == "Make it blue."
    assert answer.images == answered.images


def test_a_jpeg_is_sent_as_it_lies_on_the_disk(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...], tmp_path: Path
) -> None:
    checked(build("gpt-image-1"), call(pictures[0]))

    [asked] = openai_server.edits.accepted
    assert asked.images[0].raw == next(tmp_path.glob("picture-000.jpg")).read_bytes()
    assert asked.images[0].media_type == "image/jpeg"


def test_sixteen_pictures_and_a_mask_arrive_in_their_order(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...], mask: SentPicture
) -> None:
    checked(build("gpt-image-1.5"), call(*pictures, mask=mask))

    [asked] = openai_server.edits.accepted
    assert [image.raw for image in asked.images] == [picture.data for picture in pictures]
    assert asked.mask is not None
    assert asked.mask.raw == mask.data


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("gpt-image-1", {"size": "1536x1024", "quality": "low", "background": "transparent", "input_fidelity": "high"}),
        ("gpt-image-1-mini", {"output_format": "webp", "n": 3, "input_fidelity": "low"}),
        ("gpt-image-2", {"size": "1536x864", "quality": "high"}),
        ("gpt-image-2.5-flare", {"size": "auto", "quality": "max", "output_format": "jpeg", "background": "opaque"}),
        ("dall-e-2", {"size": "512x512", "n": 2}),
    ],
)
def test_parameters_arrive_as_they_were_given(
    model: str, parameters: Parameters, build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    answer = checked(build(model), call(pictures[0], parameters=parameters))

    [asked] = openai_server.edits.accepted
    sent = {name: value for name, value in asked.parameters.items() if name != "response_format"}
    assert sent == {name: str(value) for name, value in parameters.items()}
    assert len(answer.images) == parameters.get("n", 1)


def test_a_retired_model_gets_a_square_png_and_a_mask_of_its_size(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...], mask: SentPicture
) -> None:
    checked(build("dall-e-2"), call(pictures[0], mask=mask))

    [asked] = openai_server.edits.accepted
    assert (asked.images[0].media_type, asked.images[0].size, asked.images[0].mode) == ("image/png", (64, 64), "RGBA")
    assert asked.mask is not None
    alpha = Image.open(io.BytesIO(asked.mask.raw)).getchannel("A")
    assert (alpha.size, alpha.histogram()[0]) == ((64, 64), 32 * 48)


def test_a_retired_model_may_change_everything_where_nothing_says_what(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    checked(build("dall-e-2"), call(pictures[0]))

    [asked] = openai_server.edits.accepted
    assert asked.mask is not None
    assert Image.open(io.BytesIO(asked.mask.raw)).getchannel("A").histogram()[0] == 64 * 48


def test_no_instruction_asks_for_variations(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    answer = checked(build("dall-e-2"), call(pictures[0], instruction="", parameters={"n": 4, "size": "256x256"}))

    [answered] = openai_server.edits.answered
    assert answered.asked.operation == "variations"
    assert answered.asked.parameters["size"] == "256x256"
    assert answer.images == answered.images
    assert len(answer.images) == 4


def test_a_variation_is_large_unless_another_size_is_asked_for(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    answer = checked(build("dall-e-2"), call(pictures[0], instruction=""))

    assert Image.open(io.BytesIO(answer.images[0])).size == (1024, 1024)
    assert openai_server.edits.accepted[0].parameters["size"] == "1024x1024"


def test_an_edit_costs_what_its_tokens_cost(build: Build, pictures: tuple[SentPicture, ...]) -> None:
    answer = checked(build("gpt-image-1.5"), call(pictures[0], parameters={"quality": "low"}))

    text, image_in, image_out = 4, 323, 272
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (text + image_in, image_out)
    assert answer.usage.cost_usd == pytest.approx((text * 5 + image_in * 8 + image_out * 32) / 1e6)


@pytest.mark.parametrize(("size", "cost_usd"), [(None, 0.06), ("256x256", 0.048)])
def test_images_by_the_piece_cost_what_a_piece_costs(
    size: str | None, cost_usd: float, build: Build, pictures: tuple[SentPicture, ...]
) -> None:
    parameters = {"n": 3} | ({"size": size} if size else {})

    answer = checked(build("dall-e-2"), call(pictures[0], parameters=parameters))

    assert answer.usage.cost_usd == pytest.approx(cost_usd)


def test_a_call_costs_no_more_than_was_said(build: Build, pictures: tuple[SentPicture, ...]) -> None:
    editor = build("gpt-image-1")
    parameters: Parameters = {"quality": "high", "n": 2}

    answer = checked(editor, call(*pictures[:3], parameters=parameters))

    most_usd = editor.most_cost_usd(parameters, pictures=3, characters=len("Make it blue."))
    assert 0 < (answer.usage.cost_usd or 0) <= (most_usd or 0)


def test_a_refusal_by_moderation_is_told(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    openai_server.edits.answer = lambda _: MODERATION_BLOCKED

    with pytest.raises(ModelRefusedError, match=r"rejected by the safety system.* \(HTTP 400\)"):
        build("gpt-image-1").edit(call(pictures[0]))


def test_a_wrong_key_makes_the_endpoint_unusable(build: Build, pictures: tuple[SentPicture, ...]) -> None:
    with pytest.raises(ModelUnusableError, match="HTTP 401"):
        build("gpt-image-1", key="sk-wrong").edit(call(pictures[0]))


def test_a_model_that_is_not_there_makes_the_endpoint_unusable(build: Build, pictures: tuple[SentPicture, ...]) -> None:
    with pytest.raises(ModelUnusableError, match="does not exist"):
        build("flux").edit(call(pictures[0]))


def test_a_busy_endpoint_says_how_long_to_wait(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    openai_server.edits.answer = lambda _: Fault(status=429, message="Slow down.", retry_after="7")

    with pytest.raises(ModelUnavailableError) as raised:
        build("gpt-image-1").edit(call(pictures[0]))
    assert (raised.value.is_busy, raised.value.retry_after_s) == (True, 7)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=503),
        Fault(hang_up=True),
        Fault(status=200, raw=b'{"data": [{"b64_json": "iVB', cut_off=True),
        Fault(status=200, raw=b'{"data": [{"b64_json": "iVB'),
        Fault(status=200, raw=b'["no object"]'),
    ],
)
def test_what_went_wrong_on_the_way_is_worth_another_try(
    fault: Fault, build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    openai_server.edits.answer = lambda _: fault

    with pytest.raises(ModelUnavailableError):
        build("gpt-image-1").edit(call(pictures[0]))


def test_each_call_is_one_request(build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]) -> None:
    openai_server.edits.answer = lambda _: Fault(status=500)

    with pytest.raises(ModelUnavailableError):
        build("gpt-image-1").edit(call(pictures[0]))
    assert len(openai_server.edits.accepted) == 1


def test_a_limit_that_is_reached_pauses_what_follows(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}

    def answer(asked: EditAsked) -> EditReply:
        return EditReply(images=paint(asked).images, headers=headers)

    openai_server.edits.answer = answer

    assert build("gpt-image-1").edit(call(pictures[0])).pause_s == 90


def test_an_answer_without_images_says_so(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    openai_server.edits.answer = lambda _: EditReply(images=())

    answer = build("gpt-image-1").edit(call(pictures[0]))

    assert (answer.images, answer.said) == ((), "no image in the answer")


def test_addresses_instead_of_images_are_told_and_never_fetched(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    address = openai_server.base_url.replace("/v1", "/generated/secret")
    body = json.dumps({"created": 1, "data": [{"url": address}]}).encode()
    openai_server.edits.answer = lambda _: Fault(status=200, raw=body)

    with pytest.raises(AnswersUnusableError, match="addresses of images, which are not fetched"):
        build("dall-e-2").edit(call(pictures[0]))
    assert openai_server.refused == []


def test_an_image_in_a_data_url_is_an_image(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    encoded = base64.b64encode(pictures[1].data).decode()
    body = json.dumps({"data": [{"url": f"data:image/jpeg;base64,{encoded}"}]}).encode()
    openai_server.edits.answer = lambda _: Fault(status=200, raw=body)

    assert build("dall-e-2").edit(call(pictures[0])).images == (pictures[1].data,)


def test_a_web_page_says_which_setting_is_wrong(
    build: Build, openai_server: FakeOpenAI, pictures: tuple[SentPicture, ...]
) -> None:
    openai_server.edits.answer = lambda _: Fault(status=200, raw=b"<!doctype html><title>Hello</title>")

    with pytest.raises(ModelUnusableError, match="check OPENAI_BASE_URL"):
        build("gpt-image-1").edit(call(pictures[0]))


def test_nothing_but_the_picture_is_given_away(build: Build, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)}
    make_picture(1).save(tmp_path / "here.jpg", exif=exif.tobytes(), comment=b"SECRET")

    checked(build("gpt-image-1"), call(read_for_editing(tmp_path / "here.jpg")))

    assert openai_server.edits.accepted[0].metadata == set()
