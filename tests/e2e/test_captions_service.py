"""`/images/{id}/captions`: read, corrected and taken back over HTTP, and searchable at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from indexer.catalog.store import Store
from tests.e2e.conftest import Command, cloned, serving, wait_until

_WORDS = "My grandmother's old steam tractor."


@pytest.fixture(scope="module")
def command(
    postgres: str, library: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Command]:
    with cloned(postgres, library, tmp_path_factory.mktemp("captions"), embedders_home) as over:
        yield over


@pytest.fixture(scope="module")
def client(command: Command) -> Iterator[httpx2.Client]:
    """A client of one service: each test corrects images of its own."""
    with serving(command) as address, httpx2.Client(base_url=address, timeout=60) as opened:
        wait_until(lambda: opened.get("/health/ready").status_code == 200)
        yield opened


def best(client: httpx2.Client, query: str) -> Any:
    return client.get("/search", params={"q": query, "limit": 1}).json()["hits"][:1]


def test_a_correction_is_found_at_once_and_can_be_taken_back(client: httpx2.Client) -> None:
    before = client.get("/images/3/captions").json()
    written = client.put("/images/3/captions/retrieval", json={"sentences": [f"  {_WORDS} ", "It is green."]})
    [found] = best(client, "steam tractor")
    captions = client.get("/images/3/captions").json()
    undone = client.delete("/images/3/captions/retrieval")
    again = client.delete("/images/3/captions/retrieval")

    kept = {"image_id": 3, "kind": "retrieval", "sentences": [_WORDS, "It is green."], "indexed": True}
    assert (written.status_code, written.json()) == (200, kept)
    assert (found["image_id"], found["caption"], found["why"]["corrected"]) == (3, _WORDS, True)
    assert [caption["captioner"] for caption in captions] == ["correction", "openai"]
    assert captions[1:] == before == client.get("/images/3").json()["captions"]
    assert before[0].keys() >= {"kind", "sentences", "fields", "created_at", "quarantine"}
    assert (undone.status_code, undone.json()) == (200, {**kept, "sentences": []})
    assert [hit["image_id"] for hit in best(client, "steam tractor")] != [3]
    assert again.status_code == 404
    assert "no correction of kind retrieval of image 3" in again.json()["detail"]


def test_an_alt_text_is_kept_and_none_of_the_searchs_business(client: httpx2.Client) -> None:
    written = client.put("/images/5/captions/alt_text", json={"text": "A tractor."}).json()
    [caption] = [c for c in client.get("/images/5").json()["captions"] if c["kind"] == "alt_text"]

    assert written == {"image_id": 5, "kind": "alt_text", "sentences": ["A tractor."], "indexed": False}
    assert (caption["captioner"], caption["sentences"]) == ("correction", ["A tractor."])


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/images/3/captions/moderation", {"text": "Fine."}, 422, "kind: Input should be"),
        ("/images/3/captions/alt_text", {"text": "a" * 126}, 422, "at most 125 characters"),
        ("/images/3/captions/alt_text", {"sentences": ["a", "b"]}, 422, "is one text"),
        ("/images/3/captions/retrieval", {}, 422, "either sentences or a text"),
        ("/images/3/captions/retrieval", {"text": "a", "sentences": ["b"]}, 422, "either sentences or a text"),
        ("/images/3/captions/retrieval", {"text": " \x00 "}, 422, "needs words"),
        ("/images/3/captions/retrieval", {"sentences": ["a"] * 51}, 422, "at most 50"),
        ("/images/3/captions/retrieval", {"text": "a", "by": "me"}, 422, "Extra inputs"),
        ("/images/9999/captions/retrieval", {"text": "a"}, 404, "no image 9999"),
    ],
)
def test_what_cannot_be_kept_says_why(
    client: httpx2.Client, path: str, body: dict[str, Any], status: int, said: str
) -> None:
    answer = client.put(path, json=body)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.json()["detail"]


def test_what_another_process_indexes_is_not_waited_for_without_end(client: httpx2.Client, command: Command) -> None:
    with Store(command.variables["DATABASE_URL"]) as store, store.generations.hold_indexing() as lock:
        live = store.generations.get_live()
        assert live is not None
        assert lock.take(live.id)
        written = client.put("/images/6/captions/retrieval", json={"text": "A blue paddle steamer."})
        lock.release()
    after = client.put("/images/7/captions/retrieval", json={"text": "A green tram."})

    assert (written.status_code, written.json()["indexed"]) == (200, False)
    assert after.json()["indexed"]
    assert best(client, "a paddle steamer")[0]["image_id"] == 6


def test_a_page_of_another_site_corrects_nothing(client: httpx2.Client) -> None:
    answer = client.put("/images/3/captions/retrieval", json={"text": "a"}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


def test_a_search_is_told_why_it_shows_an_image_or_does_not(client: httpx2.Client) -> None:
    shown = client.get("/search", params={"q": "jellyfish"}).json()["hits"]
    image = best(client, "a tractor in a field") or client.get("/search?q=is:original").json()["hits"]
    answer = client.get(f"/images/{image[0]['image_id']}/why", params={"q": "jellyfish"}).json()
    left_out = client.get("/images/1/why", params={"q": "picture", "origin": "edit"}).json()

    assert answer.keys() == {"query", "image_id", "shown", "rank", "reason", "hit"}
    assert answer["shown"] == (answer["image_id"] in [hit["image_id"] for hit in shown])
    assert answer["hit"]["explanation"]["cutoff"]["logit"]
    assert (left_out["shown"], left_out["reason"]) == (False, "The filter origin leaves it out.")
    assert client.get("/images/9999/why", params={"q": "a"}).status_code == 404
    assert client.get("/images/1/why").status_code == 422
