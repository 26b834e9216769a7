"""`indexer ingest --captioner huggingface` against an endpoint of the task image-to-text."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import Command
from tests.fakes.huggingface_server import FakeHuggingFace, Said, describe, generated, loading
from tests.images import write_images


@pytest.fixture
def endpoint() -> Iterator[FakeHuggingFace]:
    with FakeHuggingFace() as server:
        yield server


@pytest.fixture
def renting(indexer: Command, endpoint: FakeHuggingFace) -> Command:
    """The command with the fake endpoint, by its older name of the token."""
    indexer.variables |= {
        "CAPTION_SEARCH_CAPTIONER": "huggingface",
        "HF_API_ITT_BASE": endpoint.url,
        "HF_API_KEY": endpoint.token,
        "HF_HUB_OFFLINE": "0",
    }
    return indexer


def test_every_image_is_captioned_once_in_both_kinds(
    renting: Command, endpoint: FakeHuggingFace, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 4)
    endpoint.answer = lambda asked: generated(f"a zebra with {asked.number} stripes")

    finished = renting("ingest", tmp_path / "images", "--kinds", "retrieval,alt_text", "--max-edge", "64", "--json")
    again = renting("ingest", tmp_path / "images", "--kinds", "retrieval,alt_text", "--json")

    assert (finished.code, finished.lines[-1]["captioned"], finished.lines[-1]["requests"]) == (0, 4, 4), finished.err
    assert (again.lines[-1]["known"], again.lines[-1]["requests"]) == (4, 0)
    assert endpoint.refused == []
    assert all(max(Image.open(io.BytesIO(asked.image)).size) <= 64 for asked in endpoint.accepted)
    status, [cost] = renting("status", "--json").lines[0], renting("costs", "--json").lines
    assert (status["captions"], status["generation"]["captioner"]) == (4, "huggingface:tests/captions")
    assert (cost["prompts"], cost["requests"], cost["input_tokens"]) == (["alt_text 1", "retrieval 1"], 4, 0)
    hit = renting("search", "striped zebra", "--json").lines[0]["hits"][0]
    assert hit["caption"].startswith("a zebra with ")


def test_busy_loading_and_broken_answers_are_asked_again(
    renting: Command, endpoint: FakeHuggingFace, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 6)
    faults = {
        0: loading(0.1),
        1: Said(status=429, body={"error": "Too many requests"}, retry_after="0.1"),
        2: Said(status=500, body=["CUDA error"]),
        3: Said(body='[{"generated_text": "a do'),
        4: Said(status=502, body="<html>Bad gateway</html>"),
        5: generated("a lighthouse in the fog"),
    }
    endpoint.answer = lambda asked: faults.get(asked.number) or describe(asked)

    finished = renting("ingest", tmp_path / "images", "--json")

    assert (finished.code, finished.lines[-1]["captioned"]) == (0, 6), finished.out + finished.err
    assert finished.lines[-1]["requests"] == 11
    assert renting("search", "lighthouse fog", "--json").lines[0]["hits"][0]["caption"] == "a lighthouse in the fog"


def test_an_empty_text_is_quarantined_without_asking_again(
    renting: Command, endpoint: FakeHuggingFace, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 3)
    endpoint.answer = lambda asked: describe(asked) if asked.number else generated("")

    finished = renting("ingest", tmp_path / "images", "--concurrency", "1", "--json")

    summary = finished.lines[-1]
    endpoint.answer = lambda _: generated("")
    tried = renting("caption", tmp_path / "images" / "picture-000.jpg", "--kind", "alt_text")

    assert (finished.code, summary["captioned"], summary["quarantined"], summary["requests"]) == (3, 2, 1, 3)
    assert (tried.code, tried.err.strip()) == (3, "alt_text: the reply has no alt text; it would not be indexed.")
    assert len(endpoint.accepted) == 4
    assert [line["reason"] for line in renting("failures", "--json").lines] == ["the reply has no caption"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"HF_TOKEN": "hf_wrong"}, "The endpoint says: Invalid credentials in Authorization header (HTTP 401)"),
        ({"HF_API_ITT_BASE": "http://127.0.0.1:9"}, "20 images in a row brought no caption; the last: no connection"),
        ({"HF_API_ITT_BASE": ""}, "HF_API_ITT_BASE cannot be used: it must begin with http:// or https://."),
        ({"HF_HUB_OFFLINE": "1"}, "The endpoint cannot be asked while HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set"),
        ({"CAPTION_SEARCH_BUDGET": "1"}, "A budget cannot be kept: a Hugging Face endpoint costs by the hour"),
    ],
)
def test_what_no_image_can_be_captioned_with_is_one_sentence(
    renting: Command, tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    write_images(tmp_path / "images", 20)
    renting.variables |= variables

    finished = renting("ingest", tmp_path / "images", "--concurrency", "20")

    assert finished.code == 1
    assert finished.err.splitlines()[-1].startswith(f"Error: {said}"), finished.err
    assert "Traceback" not in finished.err


def test_a_web_page_for_an_answer_says_what_to_check(
    renting: Command, endpoint: FakeHuggingFace, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 1)
    endpoint.answer = lambda _: Said(body="<!doctype html><title>Welcome</title>")

    finished = renting("ingest", tmp_path / "images")

    assert finished.code == 1
    assert finished.err.strip() == "Error: The endpoint answers with a web page: check HF_API_ITT_BASE."


def test_kinds_that_one_sentence_cannot_answer_are_refused_before_anything_is_sent(
    renting: Command, endpoint: FakeHuggingFace, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 1)

    finished = renting("ingest", tmp_path / "images", "--kinds", "retrieval,ecommerce,moderation")

    assert finished.code == 1
    assert "it makes captions of kind retrieval and alt_text, not ecommerce, moderation" in finished.err
    assert endpoint.accepted == []


def test_doctor_asks_for_the_endpoints_health_and_sends_no_picture(renting: Command, endpoint: FakeHuggingFace) -> None:
    good = renting("doctor", "--json")
    renting.variables["HF_TOKEN"] = "hf_wrong"
    bad = renting("doctor", "--json")

    assert (good.code, bad.code) == (0, 1)
    assert {"part": "captioner", "ok": True, "said": f"{endpoint.url} answers, tests/captions"} in good.lines[0][
        "checks"
    ]
    assert [check["part"] for check in bad.lines[0]["checks"] if not check["ok"]] == ["captioner"]
    assert endpoint.accepted == []
    assert endpoint.token not in good.out
