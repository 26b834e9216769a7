"""Embedders by name, with the installed command and the real service."""

import json
from pathlib import Path

import httpx2

from tests.e2e.conftest import Command, serving
from tests.fakes.openai_server import FakeOpenAI, Fault
from tests.images import write_images

_CAPTIONS = ("A lighthouse in the fog.", "Two cyclists climb a mountain pass.", "A heron in the reeds.")


def import_captions(indexer: Command, folder: Path) -> None:
    write_images(folder / "images", 3)
    lines = [{"image": f"images/picture-{n:03}.jpg", "caption": text} for n, text in enumerate(_CAPTIONS)]
    (folder / "captions.json").write_text(json.dumps(lines))
    finished = indexer("ingest", folder / "images", "--captions", folder / "captions.json")
    assert finished.code == 0, finished.err


def test_a_search_loads_no_torch_once_an_ingest_has_written_the_model_down(indexer: Command, tmp_path: Path) -> None:
    import_captions(indexer, tmp_path)
    indexer.variables["PYTHONPROFILEIMPORTTIME"] = "1"

    finished = indexer("search", "cyclists", "--json")

    assert finished.lines[0]["hits"][0]["location"] == "picture-001.jpg"
    assert " onnxruntime\n" in finished.err
    for library in ("torch", "transformers", "sentence_transformers"):
        assert f" {library}\n" not in finished.err


def test_a_query_needs_no_quotes_in_the_terminal(indexer: Command, tmp_path: Path) -> None:
    import_captions(indexer, tmp_path)

    [answer] = indexer("search", "mountain", "cyclists", "--limit", "1", "--json").lines

    assert (answer["query"], answer["hits"][0]["location"]) == ("mountain cyclists", "picture-001.jpg")


def test_an_openai_embedder_serves_ingest_search_doctor_and_the_service(
    paying: Command, tmp_path: Path, openai_server: FakeOpenAI
) -> None:
    paying.variables["CAPTION_SEARCH_EMBEDDER"] = "openai:text-embedding-3-small"
    import_captions(paying, tmp_path)

    found = paying("search", "cyclists on a mountain pass", "--mode", "dense", "--strictness", "low", "--json")
    checks = {check["part"]: check["said"] for check in paying("doctor", "--json").lines[0]["checks"]}

    assert found.lines[0]["hits"][0]["location"] == "picture-001.jpg", found.err
    assert found.lines[0]["generation"]["embedder"] == "openai:text-embedding-3-small"
    how = f"queries are embedded by the endpoint {openai_server.base_url}/"
    assert checks["embedder"] == f"openai:text-embedding-3-small, 1536 dimensions; {how}"
    with serving(paying) as address, httpx2.Client(base_url=address, timeout=30) as client:
        assert client.get("/search", params={"q": "heron", "mode": "dense", "strictness": "low"}).status_code == 200
        openai_server.embedding_faults = [Fault(status=401, message="Incorrect API key provided")]
        refused = client.get("/search", params={"q": "lighthouse"})
        by_words = client.get("/search", params={"q": "lighthouse", "mode": "text"})
        afterwards = client.get("/search", params={"q": "lighthouse", "strictness": "low"})
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert "openai:text-embedding-3-small cannot be used" in refused.json()["detail"]
    assert [len(by_words.json()["hits"]), len(afterwards.json()["hits"])] == [1, 3]
