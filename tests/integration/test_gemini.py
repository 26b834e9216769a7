"""The editor for Gemini, against a server that is as strict."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from google import genai

from indexer.editing.editor import EditAnswer, EditCall, Exchange, Parameters
from indexer.editing.gemini import GeminiEditor
from indexer.editing.gemini_client import build_client
from indexer.errors import ModelRefusedError, ModelUnavailableError, ModelUnusableError
from indexer.imaging.sending import read_for_editing
from indexer.models import SentPicture
from indexer.pricing import load_prices
from tests.fakes.edits import EditAsked, EditReply, paint, picture
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.serving import Fault
from tests.images import image_bytes, write_images

PRO, FLASH = "gemini-3-pro-image-preview", "gemini-2.5-flash-image"
Build = Callable[..., GeminiEditor]


@pytest.fixture
def server() -> Iterator[FakeGemini]:
    with FakeGemini() as started:
        yield started


@pytest.fixture
def build(server: FakeGemini, tmp_path: Path) -> Iterator[Build]:
    """Return what builds an editor of a model behind the fake endpoint, or another address."""
    clients: list[genai.Client] = []

    def build_editor(model: str = PRO, *, key: str | None = server.key, base_url: str | None = None) -> GeminiEditor:
        clients.append(build_client(api_key=key, base_url=base_url or server.base_url, timeout_s=5))
        return GeminiEditor(clients[-1], model=model, prices=load_prices(tmp_path))

    yield build_editor
    for client in clients:
        client.close()


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[SentPicture, ...]:
    return tuple(read_for_editing(path) for path in write_images(tmp_path, 3))


def call(*pictures: SentPicture, instruction: str = "Make it blue.", parameters: Parameters | None = None) -> EditCall:
    return EditCall(instruction=instruction, pictures=pictures, parameters=parameters or {})


def turn_after(answer: EditAnswer, asked: EditCall, instruction: str) -> EditCall:
    """Return the next turn of a conversation, as another process has it: its reply has been JSON."""
    reply = json.loads(json.dumps(answer.reply))
    exchange = Exchange(instruction=asked.instruction, pictures=asked.pictures, reply=reply, images=answer.images)
    return EditCall(instruction=instruction, pictures=(), history=(*asked.history, exchange))


@pytest.mark.parametrize("model", [PRO, FLASH, "gemini-3.1-flash-image-preview"])
def test_the_model_asked_for_is_the_model_sent_and_its_bytes_are_kept(
    model: str, build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    answer = build(model).edit(call(*pictures))

    [answered] = server.edits.answered
    assert answered.asked.model == model
    assert answered.asked.instruction == "Make it blue."
    assert [image.raw for image in answered.asked.images] == [one.data for one in pictures]
    assert answer.images == answered.images
    assert answered.asked.metadata == set()


@pytest.mark.parametrize("ending", ["/", "/v1beta", "/v1beta/", "/v1"])
def test_an_address_may_end_in_a_version(
    ending: str, build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    answer = build(base_url=server.base_url + ending).edit(call(pictures[0]))

    assert len(answer.images) == 1


def test_a_host_is_no_version() -> None:
    client = build_client(api_key="AIza", base_url="http://v1", timeout_s=5)

    options = client._api_client._http_options
    assert (options.base_url, options.api_version) == ("http://v1", "v1beta")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOOGLE_API_KEY", "AIza-other"),
        ("GEMINI_API_KEY", "AIza-other"),
        ("GOOGLE_GENAI_USE_VERTEXAI", "true"),
        ("GOOGLE_GENAI_USE_ENTERPRISE", "true"),
        ("GOOGLE_CLOUD_PROJECT", "elsewhere"),
        ("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9"),
        ("GOOGLE_VERTEX_BASE_URL", "http://127.0.0.1:9"),
        ("GOOGLE_GENAI_API_VERSION", "v9"),
        ("GOOGLE_GENAI_CLIENT_MODE", "replay"),
        ("GOOGLE_API_USE_MTLS_ENDPOINT", "always"),
    ],
)
def test_the_environment_sends_nothing_elsewhere(
    name: str,
    value: str,
    build: Build,
    server: FakeGemini,
    pictures: tuple[SentPicture, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, value)

    build().edit(call(pictures[0]))

    assert len(server.edits.answered) == 1


def test_the_published_address_is_asked_where_none_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")

    client = build_client(api_key="AIza", base_url=None, timeout_s=5)

    assert client._api_client._http_options.base_url == "https://generativelanguage.googleapis.com"
    assert not client._api_client._httpx_client.follow_redirects
    client.close()


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        (PRO, {"aspect_ratio": "16:9", "image_size": "2K"}),
        (PRO, {"image_size": "4K"}),
        (FLASH, {"aspect_ratio": "4:5"}),
    ],
)
def test_parameters_arrive_as_they_were_given(
    model: str, parameters: Parameters, build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    editor = build(model)
    assert editor.find_fault(images=1, turns=("Go.",), has_mask=False, parameters=parameters) is None

    editor.edit(call(pictures[0], parameters=parameters))

    sent = server.edits.accepted[0].parameters
    assert {"aspect_ratio": sent.get("aspectRatio"), "image_size": sent.get("imageSize")} == {
        "aspect_ratio": parameters.get("aspect_ratio"),
        "image_size": parameters.get("image_size"),
    }


@pytest.mark.parametrize("model", [PRO, FLASH])
def test_a_conversation_goes_on_in_another_process(
    model: str, build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda asked: EditReply(images=(picture(asked),), text="Here it is.")
    first = call(*pictures[:2], instruction="Put both on a beach.")
    second = turn_after(build(model).edit(first), first, "Now at night.")
    answer = build(model).edit(second)
    third = turn_after(answer, second, "With stars.")

    build(model).edit(third)

    history = server.edits.accepted[2].history
    assert [turn.role for turn in history] == ["user", "model", "user", "model"]
    assert [turn.text for turn in history] == ["Put both on a beach.", "Here it is.", "Now at night.", "Here it is."]
    assert history[0].images == tuple(one.data for one in pictures[:2])
    assert history[1].images == server.edits.answered[0].images
    assert history[3].images == answer.images


def test_a_turn_may_bring_a_picture_of_its_own(
    build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    first = call(pictures[0])
    second = turn_after(build().edit(first), first, "Put this hat on.")

    build().edit(EditCall(instruction="Put this hat on.", pictures=(pictures[1],), history=second.history))

    assert [image.raw for image in server.edits.accepted[1].images] == [pictures[1].data]


def test_a_conversation_whose_reply_is_lost_goes_on_from_its_images(
    build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    first = call(pictures[0])
    second = turn_after(build().edit(first), first, "Now at night.")
    lost = replace(second, history=(replace(second.history[0], reply=None),))

    third = turn_after(build().edit(lost), lost, "With stars.")
    build().edit(third)

    results = [answered.images for answered in server.edits.answered]
    assert tuple(image.raw for image in server.edits.accepted[1].images) == results[0]
    assert server.edits.accepted[1].history == ()
    assert [turn.images for turn in server.edits.accepted[2].history] == [results[0], results[1]]


def test_what_was_only_thought_is_no_result_and_is_not_given_back(
    build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda asked: EditReply(images=(picture(asked),), thoughts=(picture(asked, 1),))
    first = call(pictures[0])

    answer = build().edit(first)
    build().edit(turn_after(answer, first, "Go on."))

    assert answer.images == server.edits.answered[0].images
    assert server.edits.accepted[1].history[1].images == answer.images


def test_a_picture_goes_back_as_what_it_is_whatever_it_was_called(
    build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda asked: EditReply(
        images=(image_bytes(asked.number, "WEBP"),), declared_type="image/png"
    )
    first = call(pictures[0])
    answer = build().edit(first)

    build().edit(turn_after(answer, first, "Go on."))

    assert server.edits.accepted[1].history[1].images == answer.images


def test_an_edit_costs_what_its_tokens_cost(
    build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda asked: EditReply(images=(picture(asked),), text="Here it is.")

    usage = build(FLASH).edit(call(pictures[0])).usage

    text_in, image_in, words, image_out = 4, 258, 3, 1290
    assert (usage.input_tokens, usage.output_tokens) == (text_in + image_in, words + image_out)
    assert usage.cost_usd == pytest.approx(((text_in + image_in) * 0.3 + words * 2.5 + image_out * 30) / 1e6)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("SAFETY", "the result was blocked"),
        ("IMAGE_SAFETY", "the result was blocked"),
        ("PROHIBITED_CONTENT", "the result was blocked"),
        ("IMAGE_PROHIBITED_CONTENT", "the result was blocked"),
        ("RECITATION", "the result was blocked"),
        ("IMAGE_RECITATION", "the result was blocked"),
        ("BLOCKLIST", "the result was blocked"),
        ("SPII", "the result was blocked"),
    ],
)
def test_a_blocked_result_is_a_refusal_that_costs(
    reason: str, words: str, build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda _: EditReply(finish_reason=reason)

    with pytest.raises(ModelRefusedError, match=rf"{words}: .*\({reason}\)") as raised:
        build().edit(call(pictures[0]))
    assert raised.value.usage is not None
    assert (raised.value.usage.cost_usd or 0) > 0


def test_an_image_that_came_is_a_result_however_the_answer_ended(
    build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda asked: EditReply(images=(picture(asked),), finish_reason="IMAGE_SAFETY")

    answer = build().edit(call(pictures[0]))

    assert answer.images == server.edits.answered[0].images


@pytest.mark.parametrize("reason", ["SAFETY", "PROHIBITED_CONTENT", "OTHER", "BLOCKLIST", "IMAGE_SAFETY"])
def test_a_blocked_prompt_is_a_refusal(
    reason: str, build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda _: EditReply(block_reason=reason)

    with pytest.raises(ModelRefusedError, match=rf"the prompt was blocked: .*\({reason}\)"):
        build().edit(call(pictures[0]))


def test_words_instead_of_an_image_are_told(
    build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda _: EditReply(text="I see no guitar there.")

    answer = build().edit(call(pictures[0]))

    assert (answer.images, answer.said) == ((), "I see no guitar there.")
    assert (answer.usage.cost_usd or 0) > 0


@pytest.mark.parametrize("reason", ["NO_IMAGE", "IMAGE_OTHER", "MAX_TOKENS", "SOMETHING_NEW"])
def test_an_answer_without_anything_says_how_it_ended(
    reason: str, build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda _: EditReply(finish_reason=reason)

    answer = build().edit(call(pictures[0]))

    assert answer.images == ()
    assert reason in answer.said


@pytest.mark.parametrize(("key", "reason"), [("AIza-wrong", "API key not valid"), (None, "API key not valid")])
def test_a_wrong_key_makes_the_endpoint_unusable(
    key: str | None, reason: str, build: Build, pictures: tuple[SentPicture, ...]
) -> None:
    with pytest.raises(ModelUnusableError, match=reason):
        build(key=key).edit(call(pictures[0]))


def test_a_key_that_no_header_takes_is_told(build: Build, pictures: tuple[SentPicture, ...]) -> None:
    with pytest.raises(ModelUnusableError, match="GEMINI_API_KEY has characters that no key has"):
        build(key="AIzaœ").edit(call(pictures[0]))


def test_a_model_that_is_not_there_makes_the_endpoint_unusable(build: Build, pictures: tuple[SentPicture, ...]) -> None:
    with pytest.raises(ModelUnusableError, match="is not found"):
        build("gemini-ultra").edit(call(pictures[0]))


@pytest.mark.parametrize("status", [301, 307, 401, 402, 403])
def test_nothing_can_be_done_with_such_an_endpoint(
    status: int, build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda _: Fault(status=status, message="No.")

    with pytest.raises(ModelUnusableError, match=rf"No\. \(HTTP {status}\)"):
        build().edit(call(pictures[0]))


def test_another_bad_request_refuses_this_edit_alone(
    build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda _: Fault(status=400, message="Unable to process input image.")

    with pytest.raises(ModelRefusedError, match="Unable to process input image"):
        build().edit(call(pictures[0]))


@pytest.mark.parametrize(
    ("fault", "wait_s"),
    [
        (Fault(status=429, retry_after="7"), 7),
        (Fault(status=429, retry_delay_s=34.5), 34.5),
        (Fault(status=429, retry_after="3", retry_delay_s=34.5), 3),
        (Fault(status=429), None),
    ],
)
def test_a_busy_endpoint_says_how_long_to_wait(
    fault: Fault, wait_s: float | None, build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda _: fault

    with pytest.raises(ModelUnavailableError) as raised:
        build().edit(call(pictures[0]))
    assert (raised.value.is_busy, raised.value.retry_after_s) == (True, wait_s)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=503),
        Fault(status=502, raw=b"<html>Bad gateway</html>"),
        Fault(status=503, raw=b"[]"),
        Fault(hang_up=True),
        Fault(status=200, raw=b'{"candidates": [{"content"', cut_off=True),
        Fault(status=200, raw=b'{"candidates": [{"content"'),
        Fault(status=200, raw=b""),
    ],
)
def test_what_went_wrong_on_the_way_is_worth_another_try(
    fault: Fault, build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda _: fault

    with pytest.raises(ModelUnavailableError):
        build().edit(call(pictures[0]))
    assert len(server.edits.accepted) == 1


def test_an_answer_that_takes_too_long_is_worth_another_try(
    server: FakeGemini, pictures: tuple[SentPicture, ...], tmp_path: Path
) -> None:
    server.edits.latency_s = 0.5
    client = build_client(api_key=server.key, base_url=server.base_url, timeout_s=0.1)

    with pytest.raises(ModelUnavailableError, match="no answer in time"):
        GeminiEditor(client, model=PRO, prices=load_prices(tmp_path)).edit(call(pictures[0]))
    client.close()


def test_nobody_there_is_worth_another_try(build: Build, pictures: tuple[SentPicture, ...]) -> None:
    with pytest.raises(ModelUnavailableError, match="no connection"):
        build(base_url="http://127.0.0.1:9").edit(call(pictures[0]))


def test_a_web_page_says_which_setting_is_wrong(
    build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    server.edits.answer = lambda _: Fault(status=200, raw=b"<!doctype html><title>Hello</title>")

    with pytest.raises(ModelUnusableError, match="check GEMINI_BASE_URL"):
        build().edit(call(pictures[0]))


def test_a_limit_that_is_reached_pauses_what_follows(
    build: Build, server: FakeGemini, pictures: tuple[SentPicture, ...]
) -> None:
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "90s"}

    def answer(asked: EditAsked) -> EditReply:
        return EditReply(images=paint(asked).images, headers=headers)

    server.edits.answer = answer

    assert build().edit(call(pictures[0])).pause_s == 90
