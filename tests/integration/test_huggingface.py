"""The Hugging Face captioner over HTTP, with the library's real client."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from huggingface_hub import close_session, constants, get_token

from indexer.captioning.huggingface import HuggingFaceCaptioner, build_client
from indexer.captioning.prompts import SHIPPED, load_prompts
from indexer.errors import ModelUnavailableError, ModelUnusableError
from indexer.models import Answer, Picture, Subject
from tests.fakes.huggingface_server import Asked, FakeHuggingFace, Said, describe
from tests.images import image_bytes

JPEG = image_bytes(1)
SUBJECT = Subject(sha256=b"", location="/a.jpg", relative_path="a.jpg", picture=Picture(jpeg=JPEG, width=64, height=48))
PROMPTS = load_prompts(SHIPPED)
TOKEN = "hf_test"


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the library's client reach the loopback, and close its session."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    yield
    close_session()


@pytest.fixture
def endpoint() -> Iterator[FakeHuggingFace]:
    with FakeHuggingFace(token=TOKEN) as server:
        yield server


@pytest.fixture
def stored_token(endpoint: FakeHuggingFace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Store the token that the endpoint wants where `hf auth login` does."""
    path = tmp_path / "token"
    path.write_text(endpoint.token)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(path))


def make_captioner(url: str, *, token: str | None = TOKEN, timeout_s: float = 5) -> HuggingFaceCaptioner:
    client = build_client(token=token, timeout_s=timeout_s)
    return HuggingFaceCaptioner(client, url, model="tests/captions", max_edge=768)


def caption(captioner: HuggingFaceCaptioner) -> Answer:
    return captioner.caption(SUBJECT, [PROMPTS["retrieval"]])


def test_the_picture_goes_out_as_it_is_and_its_sentence_comes_back(endpoint: FakeHuggingFace) -> None:
    answer = caption(make_captioner(endpoint.url))

    [asked] = endpoint.accepted
    assert (asked.image, asked.content_type) == (JPEG, "image/jpeg")
    assert answer.captions[0].sentences[0].startswith("a wall painted in the colour ")


@pytest.mark.usefixtures("stored_token")
def test_without_a_token_none_is_sent_neither_the_stored_one_nor_that_of_the_environment(
    endpoint: FakeHuggingFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get_token() == endpoint.token
    monkeypatch.setenv("HF_TOKEN", endpoint.token)
    captioner = make_captioner(endpoint.url, token=None)

    for ask in (lambda: caption(captioner), captioner.check):
        with pytest.raises(ModelUnusableError, match="HTTP 401"):
            ask()
    assert endpoint.authorizations == [None, None]


@pytest.mark.usefixtures("stored_token")
def test_a_token_that_is_set_is_sent_and_not_the_stored_one(endpoint: FakeHuggingFace) -> None:
    captioner = make_captioner(endpoint.url, token="hf_other")

    for ask in (lambda: caption(captioner), captioner.check):
        with pytest.raises(ModelUnusableError, match="Invalid credentials in Authorization header"):
            ask()
    assert endpoint.authorizations == ["Bearer hf_other", "Bearer hf_other"]


def test_a_token_that_no_header_can_hold_is_unusable(endpoint: FakeHuggingFace) -> None:
    with pytest.raises(ModelUnusableError, match="HF_TOKEN has characters that no token has"):
        caption(make_captioner(endpoint.url, token="hf_…"))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "[null]",
        '"a dog"',
        '[{"label": "dog"}]',
        '[{"generated_text": null}]',
        '[{"generated_text": ["a dog"]}]',
        '[[{"generated_text": "a dog"}]]',
        '{"generated_text": "a dog"}',
        '{"error": "x"}',
        '[{"gener',
        b"[\xff]",
    ],
)
def test_an_answer_that_is_not_the_tasks_is_worth_another_try(endpoint: FakeHuggingFace, body: str | bytes) -> None:
    endpoint.answer = lambda _: Said(body=body)

    with pytest.raises(ModelUnavailableError, match=r'an answer other than \[{"generated_text"'):
        caption(make_captioner(endpoint.url))


@pytest.mark.parametrize("ask", [caption, HuggingFaceCaptioner.check])
def test_a_web_page_is_a_wrong_address(
    endpoint: FakeHuggingFace, ask: Callable[[HuggingFaceCaptioner], object]
) -> None:
    endpoint.health = Said(body="\n<!doctype html>")
    endpoint.answer = lambda _: endpoint.health

    with pytest.raises(ModelUnusableError, match="check HF_API_ITT_BASE"):
        ask(make_captioner(endpoint.url))


def test_a_refusal_is_asked_once_whatever_its_body(endpoint: FakeHuggingFace) -> None:
    endpoint.answer = lambda _: Said(status=500, body=["CUDA error"])

    with pytest.raises(ModelUnavailableError, match=r'\["CUDA error"\] \(HTTP 500\)'):
        caption(make_captioner(endpoint.url))

    assert len(endpoint.accepted) == 1


def test_an_endpoint_that_is_down_is_unavailable() -> None:
    with pytest.raises(ModelUnavailableError, match="no connection"):
        caption(make_captioner("http://127.0.0.1:9"))


def test_an_answer_that_takes_too_long_is_unavailable(endpoint: FakeHuggingFace) -> None:
    endpoint.answer = describe_late

    with pytest.raises(ModelUnavailableError) as late:
        caption(make_captioner(endpoint.url, timeout_s=0.1))

    assert str(late.value) == "no answer in time"


@pytest.mark.parametrize("ask", [caption, HuggingFaceCaptioner.check])
def test_an_address_that_is_none_is_unusable(ask: Callable[[HuggingFaceCaptioner], object]) -> None:
    with pytest.raises(ModelUnusableError, match="HF_API_ITT_BASE is no address"):
        ask(make_captioner("http://[::1"))


@pytest.mark.parametrize("ask", [caption, HuggingFaceCaptioner.check])
def test_a_library_that_is_offline_says_what_to_unset(
    endpoint: FakeHuggingFace, monkeypatch: pytest.MonkeyPatch, ask: Callable[[HuggingFaceCaptioner], object]
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    with pytest.raises(ModelUnusableError, match="HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set: unset it"):
        ask(make_captioner(endpoint.url))


def test_more_than_a_hundred_requests_are_in_flight_at_once(endpoint: FakeHuggingFace) -> None:
    everyone = Barrier(120)

    def describe_together(asked: Asked) -> Said:
        everyone.wait(timeout=20)
        return describe(asked)

    endpoint.answer = describe_together
    captioner = make_captioner(endpoint.url, timeout_s=30)

    with ThreadPoolExecutor(max_workers=120) as pool:
        answers = list(pool.map(lambda _: caption(captioner), range(120)))

    assert len(answers) == 120


def test_an_endpoint_without_a_health_route_is_healthy_when_it_answers(endpoint: FakeHuggingFace) -> None:
    address = endpoint.url.removesuffix("/captions")

    assert make_captioner(address).check() == f"{address} answers, tests/captions"


def describe_late(asked: Asked) -> Said:
    time.sleep(0.5)
    return describe(asked)
