"""`/stats`: the same figures over HTTP as in the terminal."""

from typing import Any

import httpx2
import pytest

from tests.e2e.conftest import Command, serving
from tests.fakes.openai_server import FakeOpenAI, Reply
from tests.images import image_bytes


def test_the_service_tells_what_the_commands_tell(indexed: Command, openai_server: FakeOpenAI) -> None:
    folder = indexed.folder / "more"
    folder.mkdir()
    (folder / "bad.jpg").write_bytes(b"no picture")
    (folder / "refused.jpg").write_bytes(image_bytes(77))
    openai_server.answer = lambda _: Reply(content="I'm sorry, I can't help with that.")
    indexed("ingest", folder)
    told: dict[str, Any] = {name: indexed(name, "--json").lines for name in ("status", "costs", "failures", "runs")}
    with serving(indexed) as address, httpx2.Client(base_url=address, timeout=30) as client:
        stats = client.get("/stats").json()
        costs, failures, runs = (client.get(f"/stats/{name}").json() for name in ("costs", "failures", "runs"))
        latest = client.get("/stats/failures", params={"limit": 1}).json()
        facets = client.get("/stats/facets").json()
        refused = client.get("/stats/runs", params={"limit": 0})

    assert {**stats, "mix": stats["captioners"]} == told["status"][0]
    assert (stats["images"], stats["entries"], stats["failures"], stats["quarantined"]) == (25, 24, 2, 1)
    assert (stats["generation"]["state"], stats["building"]) == ("live", None)
    assert stats["captioners"] == [{"captioner": "openai", "model": "gpt-4o-mini", "entries": 24}]
    assert (costs, failures, runs) == (told["costs"], told["failures"], told["runs"])
    assert latest == failures[:1]
    assert {"location", "stage", "reason", "attempts", "retryable", "quarantined"} <= failures[0].keys()
    assert facets["folders"] == []  # the one there is holds everything
    assert facets["origins"] == [{"origin": "original", "images": 24}]
    assert facets["tags"][0]["images"] > 1
    assert refused.status_code == 422


@pytest.mark.parametrize("path", ["/stats", "/stats/costs", "/stats/failures", "/stats/runs", "/stats/facets"])
def test_an_empty_catalogue_has_figures_too(indexer: Command, path: str) -> None:
    indexer("db", "migrate")
    with serving(indexer) as address, httpx2.Client(base_url=address, timeout=30) as client:
        answer = client.get(path)

    assert answer.status_code == 200
