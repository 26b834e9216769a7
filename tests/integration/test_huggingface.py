"""The Hugging Face captioner over HTTP, beside the library's own client."""

import time
from collections.abc import Iterator

import httpx2
import pytest
from huggingface_hub import InferenceClient, close_session, constants

from indexer.captioning.huggingface import HuggingFaceCaptioner, build_client
from indexer.captioning.prompts import SHIPPED, load_prompts
from indexer.errors import CaptionerUnavailableError, CaptionerUnusableError
from indexer.models import Picture, Subject
from tests.fakes.huggingface_server import Asked, FakeHuggingFace, Said, describe
from tests.images import image_bytes

JPEG = image_bytes(1)
SUBJECT = Subject(sha256=b"", location="/a.jpg", relative_path="a.jpg", picture=Picture(jpeg=JPEG, width=64, height=48))
PROMPTS = load_prompts(SHIPPED)


@pytest.fixture
def endpoint() -> Iterator[FakeHuggingFace]:
    with FakeHuggingFace() as server:
        yield server


@pytest.fixture
def client(endpoint: FakeHuggingFace) -> Iterator[httpx2.Client]:
    with build_client(token=endpoint.token, timeout_s=5) as built:
        yield built


def describe_late(asked: Asked) -> Said:
    time.sleep(0.5)
    return describe(asked)


def make_captioner(client: httpx2.Client, url: str) -> HuggingFaceCaptioner:
    return HuggingFaceCaptioner(client, url, model="tests/captions", max_edge=768)


def test_the_endpoint_gets_what_the_librarys_own_client_sends(
    endpoint: FakeHuggingFace, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    theirs = InferenceClient(model=endpoint.url, token=endpoint.token, headers={"Content-Type": "image/jpeg"})

    said = theirs.image_to_text(JPEG).generated_text
    close_session()
    answer = make_captioner(client, endpoint.url).caption(SUBJECT, [PROMPTS["retrieval"]])

    first, second = endpoint.accepted
    assert (first.image, first.content_type) == (second.image, second.content_type) == (JPEG, "image/jpeg")
    assert answer.captions[0].sentences == (said,)


def test_a_token_that_is_not_set_is_not_looked_for_elsewhere(
    endpoint: FakeHuggingFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", endpoint.token)

    with build_client(token=None, timeout_s=5) as client, pytest.raises(CaptionerUnusableError, match="HTTP 401"):
        make_captioner(client, endpoint.url).caption(SUBJECT, [PROMPTS["retrieval"]])


def test_an_endpoint_that_is_down_is_unavailable(client: httpx2.Client) -> None:
    with pytest.raises(CaptionerUnavailableError, match="no connection"):
        make_captioner(client, "http://127.0.0.1:9").caption(SUBJECT, [PROMPTS["retrieval"]])


def test_an_answer_that_takes_too_long_is_unavailable(endpoint: FakeHuggingFace) -> None:
    endpoint.answer = describe_late

    with build_client(token=endpoint.token, timeout_s=0.1) as client, pytest.raises(CaptionerUnavailableError) as late:
        make_captioner(client, endpoint.url).caption(SUBJECT, [PROMPTS["retrieval"]])

    assert str(late.value) == "no answer in time"


def test_an_address_that_is_none_is_unusable(client: httpx2.Client) -> None:
    with pytest.raises(CaptionerUnusableError, match="HF_API_ITT_BASE is no address"):
        make_captioner(client, "http://[::1").caption(SUBJECT, [PROMPTS["retrieval"]])


def test_an_endpoint_without_a_health_route_is_healthy_when_it_answers(
    endpoint: FakeHuggingFace, client: httpx2.Client
) -> None:
    address = endpoint.url.removesuffix("/captions")

    assert make_captioner(client, address).check() == f"{address} answers, tests/captions"
