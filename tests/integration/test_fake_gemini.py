"""The fake Gemini API, as the real client sees it."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import errors, types

from tests.fakes.drawing import NO_PICTURE
from tests.fakes.edit_scripts import (
    BROKEN,
    BUSY_FOR_A_SECOND,
    CUT_OFF,
    DROPPED,
    EMPTY,
    IMAGE_SAFETY,
    NO_IMAGE,
    NO_JSON,
    PROMPT_BLOCKED,
    TEXT_ONLY,
    Hangs,
    InTurn,
    PaintsAs,
    PaintsMore,
    paint_half,
    paint_nothing,
)
from tests.fakes.edits import EditAsked, EditReply, Turn, picture
from tests.fakes.gemini_requests import MOST_BYTES
from tests.fakes.gemini_server import FakeGemini
from tests.images import image_bytes
from tests.integration.openai_edits import open_image

_CONFIG = types.GenerateContentConfig(response_modalities=["TEXT", "IMAGE"])
_PRO = "gemini-3-pro-image-preview"
_FLASH = "gemini-2.5-flash-image"


@pytest.fixture
def client(gemini_server: FakeGemini) -> Iterator[genai.Client]:
    with _open(gemini_server, gemini_server.key) as opened:
        yield opened


def _open(server: FakeGemini, key: str, **options: Any) -> genai.Client:
    once = types.HttpRetryOptions(attempts=1)
    http_options = types.HttpOptions(base_url=server.base_url, retry_options=once, **options)
    return genai.Client(api_key=key, vertexai=False, http_options=http_options)


def _image(number: int = 0, file_format: str = "JPEG", **options: Any) -> types.Part:
    raw = image_bytes(number, file_format, **options)
    return types.Part.from_bytes(data=raw, mime_type=f"image/{file_format.lower()}")


def _said(*parts: types.Part | str, role: str = "user") -> types.Content:
    return types.Content(role=role, parts=[types.Part(text=each) if isinstance(each, str) else each for each in parts])


def _edit(client: genai.Client, *contents: types.Content, model: str = _FLASH, **config: Any) -> types.Content:
    answer = _answer(client, *contents, model=model, **config)
    assert answer.candidates is not None
    assert answer.candidates[0].content is not None
    return answer.candidates[0].content


def _answer(
    client: genai.Client, *contents: types.Content, model: str = _FLASH, **config: Any
) -> types.GenerateContentResponse:
    wanted = _CONFIG.model_copy(update=config)
    return client.models.generate_content(
        model=model, contents=list(contents) or [_said(_image(), "Make it blue.")], config=wanted
    )


def _images(content: types.Content) -> list[bytes]:
    return [part.inline_data.data or b"" for part in content.parts or [] if part.inline_data]


def _talk(asked: EditAsked) -> EditReply:
    return EditReply(images=(picture(asked),), text="Here it is.", thoughts=(picture(asked, 1),))


def test_an_edit_is_answered_and_noted_to_the_byte(client: genai.Client, gemini_server: FakeGemini) -> None:
    returned = _edit(client, _said(_image(1), _image(2, "PNG"), "Zoë's\n“mug”"))

    asked = gemini_server.edits.accepted[0]
    assert (asked.model, asked.instruction, asked.history) == (_FLASH, "Zoë's\n“mug”", ())
    assert [image.raw for image in asked.images] == [image_bytes(1), image_bytes(2, "PNG")]
    assert tuple(_images(returned)) == gemini_server.edits.answered[0].images
    assert (returned.role, open_image(_images(returned)[0]).size, asked.metadata) == ("model", (1024, 1024), set())


def test_an_answer_says_what_it_used(client: genai.Client, gemini_server: FakeGemini) -> None:
    gemini_server.edits.answer = _talk

    answer = _answer(client, model=_PRO)

    assert answer.usage_metadata is not None
    assert answer.candidates is not None
    assert answer.usage_metadata.model_dump(exclude_none=True) == {
        "prompt_token_count": 262,
        "prompt_tokens_details": [
            {"modality": types.MediaModality.TEXT, "token_count": 4},
            {"modality": types.MediaModality.IMAGE, "token_count": 258},
        ],
        "candidates_token_count": 1293,
        "candidates_tokens_details": [{"modality": types.MediaModality.IMAGE, "token_count": 1290}],
        "thoughts_token_count": 120,
        "total_token_count": 262 + 1293 + 120,
    }
    assert (answer.model_version, answer.candidates[0].finish_reason) == (_PRO, types.FinishReason.STOP)


@pytest.mark.parametrize(
    ("image_config", "size"),
    [
        (types.ImageConfig(aspect_ratio="16:9"), (1344, 768)),
        (types.ImageConfig(aspect_ratio="21:9", image_size="2K"), (3072, 1344)),
    ],
)
def test_the_size_asked_for_is_the_size_given(
    client: genai.Client, image_config: types.ImageConfig, size: tuple[int, int]
) -> None:
    returned = _edit(client, model=_PRO, image_config=image_config)

    assert open_image(_images(returned)[0]).size == size


def test_every_turn_edits_what_was_returned(client: genai.Client, gemini_server: FakeGemini) -> None:
    gemini_server.edits.answer = _talk
    asked = [_said(_image(), "Blue."), _said("Red."), _said("Green.")]

    first = _edit(client, asked[0], model=_PRO)
    second = _edit(client, asked[0], first, asked[1], model=_PRO)
    third = _edit(client, asked[0], first, asked[1], second, asked[2], model=_PRO)

    earlier = gemini_server.edits.accepted[2].history
    assert [turn.role for turn in earlier] == ["user", "model", "user", "model"]
    assert earlier[2] == Turn(role="user", text="Red.", images=())
    assert [image for turn in earlier[1::2] for image in turn.images] == [*_images(first), *_images(second)]
    assert len({*_images(first), *_images(second), *_images(third)}) == 6
    assert gemini_server.refused == []


def test_a_picture_that_was_returned_is_no_thought(client: genai.Client, gemini_server: FakeGemini) -> None:
    gemini_server.edits.answer = _talk
    asked = _said(_image(), "Blue.")

    thought, _, last = _edit(client, asked, model=_PRO).parts or []

    assert (thought.thought, thought.thought_signature, last.thought) == (True, None, None)
    assert last.thought_signature
    shown = types.Part(inline_data=thought.inline_data, thought_signature=last.thought_signature)
    with pytest.raises(errors.ClientError, match="none that was returned"):
        _edit(client, asked, _said(shown, role="model"), asked, model=_PRO)


def test_signatures_go_back_as_they_came(client: genai.Client) -> None:
    asked = _said(_image(), "Blue.")
    first, other = (_edit(client, each, model=_PRO).parts or [] for each in (asked, _said(_image(1), "Blue.")))
    unsigned = types.Part(inline_data=first[0].inline_data)
    exchanged = types.Part(inline_data=first[0].inline_data, thought_signature=other[0].thought_signature)
    changed = types.Part(inline_data=_image(5).inline_data, thought_signature=first[0].thought_signature)

    with pytest.raises(errors.ClientError, match="missing a thought_signature in content position 2, part position 1"):
        _edit(client, asked, _said(unsigned, role="model"), asked, model=_PRO)
    with pytest.raises(errors.ClientError, match="signature is not valid"):
        _edit(client, asked, _said(exchanged, role="model"), asked, model=_PRO)
    with pytest.raises(errors.ClientError, match="none that was returned"):
        _edit(client, asked, _said(changed, role="model"), asked, model=_PRO)
    _edit(client, asked, _said(unsigned, role="model"), asked, model=_FLASH)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ([_said("Blue."), _said("Red.")], "alternate"),
        ([_said("Blue."), _said("Fine.", role="model")], "end with a user role"),
        ([_said("Blue.", role="system")], "valid role"),
        ([types.Content(role="user", parts=[])], "must not be empty"),
        ([_said(types.Part())], "oneof field 'data'"),
        ([_said(types.Part.from_bytes(data=image_bytes(), mime_type="image/png"))], "process input image"),
        ([_said(types.Part.from_bytes(data=image_bytes()[:300], mime_type="image/jpeg"))], "process input image"),
        ([_said(_image(0, "GIF"))], "Unsupported MIME type"),
        ([_said(_image(), "x" * MOST_BYTES)], "payload size exceeds"),
    ],
)
def test_contents_that_are_refused(client: genai.Client, contents: list[types.Content], message: str) -> None:
    with pytest.raises(errors.ClientError, match=message) as refused:
        _answer(client, *contents)

    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"response_modalities": None}, "response modalities"),
        ({"response_modalities": ["TEXT"]}, "response modalities"),
        ({"response_modalities": ["IMAGE", "AUDIO"]}, "response modalities"),
        ({"image_config": types.ImageConfig(aspect_ratio="7:5")}, "Invalid aspect ratio"),
        ({"image_config": types.ImageConfig(image_size="2K")}, "Image size 2K is not supported"),
        ({"candidate_count": 2}, "Multiple candidates"),
        ({"stop_sequences": ["x"]}, 'Unknown name "stopSequences" at'),
    ],
)
def test_parameters_that_are_refused(client: genai.Client, config: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.ClientError, match=message):
        _answer(client, **config)


def test_unknown_names_and_broken_base64_are_refused(gemini_server: FakeGemini) -> None:
    def post(part: dict[str, Any]) -> str:
        body = {"contents": [{"role": "user", "parts": [part]}], "generationConfig": {"responseModalities": ["IMAGE"]}}
        url = f"{gemini_server.base_url}/v1beta/models/{_FLASH}:generateContent"
        answer = httpx2.post(url, headers={"x-goog-api-key": gemini_server.key}, json=body)
        return json.dumps(answer.json())

    standard, safe = base64.b64encode(image_bytes()).decode(), base64.urlsafe_b64encode(image_bytes()).decode()

    assert "Cannot find field." in post({"text": "Blue.", "mood": "sad"})
    assert "Base64 decoding failed" in post({"inlineData": {"mimeType": "image/jpeg", "data": "*"}})
    assert "oneof" in post({"text": "Blue.", "inlineData": {"mimeType": "image/jpeg", "data": safe}})
    assert "candidates" in post({"inlineData": {"mimeType": "image/jpeg", "data": standard}})
    assert "candidates" in post({"inline_data": {"mime_type": "image/jpeg", "data": safe}})


def test_the_model_and_the_key_must_be_known(client: genai.Client, gemini_server: FakeGemini) -> None:
    with pytest.raises(errors.ClientError) as unknown:
        _answer(client, model="gemini-2.5-flash")
    with _open(gemini_server, "AIza-wrong") as other, pytest.raises(errors.ClientError) as stranger:
        _answer(other)

    assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")
    assert stranger.value.details["error"]["details"][0]["reason"] == "API_KEY_INVALID"


def test_faults_are_those_that_the_client_knows(client: genai.Client, gemini_server: FakeGemini) -> None:
    gemini_server.edits.answer = InTurn((BUSY_FOR_A_SECOND, BROKEN, DROPPED, CUT_OFF, NO_JSON))

    with pytest.raises(errors.ClientError) as busy:
        _answer(client)
    with pytest.raises(errors.ServerError, match="500 INTERNAL"):
        _answer(client)
    with pytest.raises(httpx2.RemoteProtocolError):
        _answer(client)
    with pytest.raises(httpx2.RemoteProtocolError):
        _answer(client)
    with pytest.raises(json.JSONDecodeError):
        _answer(client)

    assert (busy.value.code, busy.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert busy.value.details["error"]["details"][0]["retryDelay"] == "1s"
    assert busy.value.response.headers["retry-after"] == "1"
    assert len(gemini_server.edits.accepted) == 5


def test_an_answer_may_come_too_late(gemini_server: FakeGemini) -> None:
    gemini_server.edits.answer = Hangs(2)

    with _open(gemini_server, gemini_server.key, timeout=200) as hasty, pytest.raises(httpx2.ReadTimeout):
        _answer(hasty)


def test_an_answer_may_say_why_it_has_no_picture(client: genai.Client, gemini_server: FakeGemini) -> None:
    gemini_server.edits.answer = InTurn((PROMPT_BLOCKED, IMAGE_SAFETY, NO_IMAGE, TEXT_ONLY, EMPTY))

    blocked, unsafe, none, text, empty = (_answer(client) for _ in range(5))

    assert blocked.prompt_feedback is not None
    assert (blocked.prompt_feedback.block_reason, blocked.candidates) == (types.BlockedReason.PROHIBITED_CONTENT, None)
    reasons = [each.candidates[0].finish_reason for each in (unsafe, none, text, empty) if each.candidates]
    assert reasons == ["IMAGE_SAFETY", "NO_IMAGE", "STOP", "STOP"]
    assert [each.parts for each in (unsafe, none, empty)] == [None] * 3
    assert text.text == TEXT_ONLY.text
    assert gemini_server.edits.paid_for() == {}


def test_a_returned_picture_may_be_none_that_is_of_use(client: genai.Client, gemini_server: FakeGemini) -> None:
    jpeg = PaintsAs("jpeg", declared_type="image/png")
    gemini_server.edits.answer = InTurn((paint_half, paint_nothing, PaintsMore(3), jpeg))

    half, nothing, more, called_png = (_edit(client) for _ in range(4))

    assert (_images(nothing), len(_images(more))) == ([NO_PICTURE], 3)
    assert open_image(_images(called_png)[0]).format == "JPEG"
    assert [part.inline_data.mime_type for part in called_png.parts or [] if part.inline_data] == ["image/png"]
    with pytest.raises(OSError, match="truncated"):
        open_image(_images(half)[0])
