"""`POST /captions`: a captioner tried on one image, and nothing indexed."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.conftest import Command, serving
from tests.fakes.huggingface_server import FakeHuggingFace
from tests.fakes.openai_server import FakeOpenAI, Fault, Reply, caption_reply
from tests.images import image_bytes
from tests.tiny_blip import WORDS, write_blip

_BOTH = {"captions": ["A red mug."], "keywords": ["mug"], "visible_text": "TEA", "uncertain": True}


def photo(number: int = 5) -> dict[str, Any]:
    return {"file": ("photo.jpg", image_bytes(number), "image/jpeg")}


def ask(client: httpx2.Client, *, number: int = 5, **parameters: str) -> httpx2.Response:
    return client.post("/captions", files=photo(number), params=parameters)


def test_an_upload_is_captioned_paid_and_not_indexed(paying: Command, openai_server: FakeOpenAI) -> None:
    paying("db", "migrate")
    said = {"retrieval": _BOTH, "alt_text": {"alt_text": "A red mug."}}
    openai_server.answer = lambda _: Reply(content=json.dumps(said))
    with serving(paying) as address, httpx2.Client(base_url=address, timeout=30) as client:
        answer = ask(client, kind="retrieval,alt_text")
        costs, stats = client.get("/stats/costs").json(), client.get("/stats").json()
        runs = client.get("/stats/runs").json()

    tried = answer.json()
    assert answer.status_code == 200, tried
    assert tried.keys() == {"captioner", "model", "captions", "usage", "took_ms"}
    assert (tried["captioner"], tried["model"]) == ("openai", "gpt-4o-mini")
    retrieval, alt_text = tried["captions"]
    assert (retrieval["sentences"], retrieval["keywords"], retrieval["visible_text"]) == (
        ["A red mug."],
        ["mug"],
        "TEA",
    )
    assert (retrieval["uncertain"], retrieval["quarantine"], retrieval["prompt_revision"]) == (True, None, 1)
    assert (alt_text["kind"], alt_text["sentences"]) == ("alt_text", ["A red mug."])
    assert tried["usage"]["cost_usd"] == pytest.approx((1000 * 0.15 + 100 * 0.60) / 1e6)
    assert (costs[0]["requests"], stats["images"]) == (1, 0)
    assert (runs[0]["command"], runs[0]["arguments"]["image"], runs[0]["summary"]) == (
        "caption", "photo.jpg", {"ended": "done"}
    )  # fmt: skip


def test_an_indexed_image_is_captioned_anew_and_its_entry_stays(indexed: Command, openai_server: FakeOpenAI) -> None:
    openai_server.answer = lambda _: caption_reply("Something else.")
    with serving(indexed) as address, httpx2.Client(base_url=address, timeout=30) as client:
        before = client.get("/images/3/captions").json()
        tried = client.post("/captions", params={"image_id": "3"})
        captions = client.get("/images/3/captions").json()
        missing = client.post("/captions", params={"image_id": "999"})
        neither = client.post("/captions")
        both = client.post("/captions", params={"image_id": "3"}, files=photo())

    assert tried.json()["captions"][0]["sentences"] == ["Something else."]
    assert captions == before
    assert (missing.status_code, neither.status_code, both.status_code) == (404, 422, 422)
    assert neither.json()["detail"] == "Either a file or an image_id."


def test_every_captioner_that_is_set_up_can_be_chosen(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    paying("db", "migrate")
    model = write_blip(tmp_path / "model")
    openai_server.answer = lambda asked: caption_reply(f"By {asked.body['model']}.")
    with FakeHuggingFace() as endpoint:
        paying.variables |= {"HF_API_ITT_BASE": endpoint.url, "HF_TOKEN": endpoint.token}
        paying.variables |= {"CAPTION_SEARCH_CAPTIONER": "blip", "CAPTION_SEARCH_MODEL": str(model)}
        paying.variables["HF_HUB_OFFLINE"] = "0"
        with serving(paying) as address, httpx2.Client(base_url=address, timeout=60) as client:
            offers = {offer["name"]: offer for offer in client.get("/captioners").json()}
            tried = {name: ask(client, captioner=name).json() for name in offers}
            other = ask(client, captioner="openai", model="gpt-4o").json()
            usual = ask(client).json()
            strange = ask(client, captioner="blip", model="/etc")
            unable = ask(client, captioner="offline", kind="alt_text")

    assert {name: offer["available"] for name, offer in offers.items()} == dict.fromkeys(offers, True)
    assert {name: offer["paid"] for name, offer in offers.items()} == {
        "openai": True, "huggingface": True, "blip": False, "offline": False
    }  # fmt: skip
    assert [name for name, offer in offers.items() if offer["default"]] == ["blip"]
    assert (offers["offline"]["model"], offers["blip"]["model"]) == ("offline", str(model))
    assert set(offers["openai"]["kinds"]) >= {"retrieval", "alt_text", "ecommerce", "moderation"}
    assert (offers["huggingface"]["kinds"], offers["blip"]["kinds"]) == (["retrieval", "alt_text"], ["retrieval"])
    assert tried["openai"]["captions"][0]["sentences"] == ["By gpt-4o-mini."]
    assert set(" ".join(tried["blip"]["captions"][0]["sentences"]).split()) <= set(WORDS)
    assert tried["huggingface"]["captions"][0]["sentences"]
    assert (tried["offline"]["captioner"], tried["offline"]["usage"]["cost_usd"]) == ("offline", None)
    assert (other["model"], other["captions"][0]["sentences"]) == ("gpt-4o", ["By gpt-4o."])
    assert (usual["captioner"], usual["model"]) == ("blip", str(model))
    assert (strange.status_code, unable.status_code) == (422, 422)
    assert "and no other" in strange.json()["detail"]
    assert unable.json()["detail"] == "The captioner offline makes no alt_text, but: retrieval."


def test_what_is_not_set_up_says_what_it_lacks(indexer: Command) -> None:
    indexer("db", "migrate")
    with serving(indexer) as address, httpx2.Client(base_url=address, timeout=30) as client:
        offers = {offer["name"]: offer for offer in client.get("/captioners").json()}
        refused = ask(client, captioner="openai")
        offline = ask(client)
        unknown = [ask(client, captioner="gpt"), ask(client, kind="poem"), ask(client, kind="a,,b")]

    assert [name for name, offer in offers.items() if offer["available"]] == ["offline"]
    assert (offers["offline"]["model"], offline.json()["model"]) == ("offline", "offline")
    assert "OPENAI_API_KEY" in offers["openai"]["reason"]
    assert "HF_API_ITT_BASE" in offers["huggingface"]["reason"]
    assert "is not on this machine" in offers["blip"]["reason"]
    assert (refused.status_code, refused.json()["detail"]) == (503, offers["openai"]["reason"])
    assert (offline.status_code, offline.json()["captions"][0]["kind"]) == (200, "retrieval")
    assert [answer.status_code for answer in unknown] == [422, 422, 422]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault(status=429, message="Slow down", retry_after="7"), 503),
        (Fault(status=401, message="Incorrect API key provided"), 502),
        (Fault(status=400, message="This image is not allowed", code="content_policy_violation"), 502),
    ],
)
def test_trouble_with_the_model_is_told(paying: Command, openai_server: FakeOpenAI, fault: Fault, status: int) -> None:
    paying("db", "migrate")
    openai_server.answer = lambda _: fault
    with serving(paying) as address, httpx2.Client(base_url=address, timeout=30) as client:
        answer = ask(client)
        bad = client.post("/captions", files={"file": ("a.jpg", b"no picture")})

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.headers.get("retry-after") == ("7" if status == 503 else None)
    assert fault.message in answer.json()["detail"]
    assert (bad.status_code, "cannot be used" in bad.json()["detail"]) == (422, True)


def test_try_outs_keep_to_the_budget(paying: Command, openai_server: FakeOpenAI) -> None:
    paying("db", "migrate")
    paying.variables["CAPTION_SEARCH_BUDGET"] = "0.004"
    openai_server.answer = lambda _: caption_reply("A red mug.")
    with serving(paying) as address, httpx2.Client(base_url=address, timeout=30) as client:
        answers = [ask(client, number=number) for number in range(20)]
        unpriced = ask(client, model="no-such-model")

    codes = [answer.status_code for answer in answers]
    assert codes == sorted(codes)
    assert set(codes) == {200, 503}
    assert "The budget has no room for this" in answers[-1].json()["detail"]
    assert len(openai_server.accepted) == codes.count(200)
    assert (unpriced.status_code, "without the price" in unpriced.json()["detail"]) == (503, True)
