"""What a service says on stderr."""

import json
from collections.abc import Iterator

import httpx2
import pytest

from tests.e2e.conftest import Command, Served, running


@pytest.fixture
def served(indexer: Command) -> Iterator[Served]:
    indexer("db", "migrate")
    with running(indexer) as started:
        yield started


def end(served: Served) -> list[str]:
    served.process.terminate()
    served.process.wait(timeout=60)
    return served.logged


def test_each_request_is_a_line_of_json_and_nothing_tells_what_was_searched_for(served: Served) -> None:
    with httpx2.Client(base_url=served.address, headers={"X-Request-ID": "mine-1"}) as client:
        client.get("/search", params={"q": "my illness"})
        client.post("/search", json={"q": "my illness"})
        client.get("/nowhere")
        client.get("/health/live")
        client.get("/health/ready")

    lines = [json.loads(line) for line in end(served)]

    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/search", 200),
        ("POST", "/search", 200),
        ("GET", "/nowhere", 404),
    ]
    assert {(line["request_id"], line["client"], line["key"]) for line in lines} == {("mine-1", "127.0.0.1", None)}
    assert all(line["ms"] > 0 for line in lines)
    assert "illness" not in json.dumps(lines)


def test_a_refused_request_is_logged_with_its_key(indexer: Command) -> None:
    made = indexer("keys", "create", "--scope", "search", "--name", "reader")
    with running(indexer, "--require-key") as served:
        httpx2.post(f"{served.address}/feedback", json={}, headers={"x-api-key": made.out.strip()})

    [line] = [json.loads(line) for line in served.logged]

    assert (line["status"], line["key"]) == (403, "1:reader")


def test_the_log_can_be_text_and_can_be_less(indexer: Command) -> None:
    indexer("db", "migrate")
    with running(indexer, "--log-format", "text") as text:
        httpx2.get(f"{text.address}/generations")
    with running(indexer, "--log-level", "warning") as quiet:
        httpx2.get(f"{quiet.address}/generations")

    assert len(text.logged) == 1
    assert " INFO GET /generations 200 in " in text.logged[0]
    assert quiet.logged == []


def test_every_answer_has_an_id_and_does_not_name_its_server(served: Served) -> None:
    with httpx2.Client(base_url=served.address) as client:
        answers = [client.get(path) for path in ("/", "/search", "/nowhere", "/health/live", "/openapi.json")]

    assert all(len(answer.headers["x-request-id"]) == 32 for answer in answers)
    assert not any("server" in answer.headers for answer in answers)
