import json
import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from indexer.pipelines.keys.checking import Holder
from search_api.middleware.request_log import RequestLogMiddleware
from search_api.problems import add_problem_handlers
from search_api.serving.logs import configure_logging, with_request_ids


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    app = FastAPI()
    app.add_middleware(RequestLogMiddleware)
    app.add_middleware(with_request_ids)
    add_problem_handlers(app)

    @app.get("/search")
    def search(request: Request) -> None:
        request.state.holder = Holder(id="3", name="laptop", scopes=frozenset({"search"}), requests_per_minute=1)
        logging.getLogger("indexer.somewhere").warning("Found nothing.")

    @app.get("/health/live")
    def live() -> None:
        pass

    @app.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError("not even here")

    loggers = [logging.getLogger(name) for name in ("", "indexer", "search_api", "asgi_correlation_id")]
    levels = [logger.level for logger in loggers]
    yield TestClient(app, raise_server_exceptions=False)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_request_is_one_line_of_json_without_what_was_searched_for(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", "json")

    client.get("/search?q=my+illness", headers={"X-Request-ID": "abc-1"})

    noted = lines(capsys)[-1]
    assert noted.keys() >= {"time", "level", "logger", "message", "request_id", "method", "path", "status", "ms"}
    assert (noted["level"], noted["logger"], noted["request_id"]) == (
        "INFO",
        "search_api.middleware.request_log",
        "abc-1",
    )
    assert (noted["method"], noted["path"], noted["status"]) == ("GET", "/search", 200)
    assert (noted["key"], noted["client"]) == ("3:laptop", "testclient")
    assert "illness" not in json.dumps(noted)


def test_what_a_request_has_logged_carries_its_id(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")

    answer = client.get("/search")

    assert {line["request_id"] for line in lines(capsys)} == {answer.headers["x-request-id"]}


def test_health_checks_are_not_noted(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")

    client.get("/health/live")

    assert lines(capsys) == []


def test_less_is_logged_where_less_is_asked_for(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("error", "json")

    client.get("/search")

    assert lines(capsys) == []


def test_people_get_a_short_line(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "text")

    client.get("/images/1%0Aforged?q=secret", headers={"X-Request-ID": "0123456789"})

    (line,) = capsys.readouterr().err.splitlines()
    assert "INFO GET /images/1%0Aforged 404 in " in line
    assert line.endswith("[01234567]")


@pytest.mark.parametrize("given", ["", "a b", "a\tb", "x" * 101, "<script>", '"', "a,b"])
def test_an_id_that_is_not_sane_is_replaced(client: TestClient, given: str) -> None:
    answer = client.get("/search", headers={"X-Request-ID": given})

    assert len(answer.headers["x-request-id"]) == 32


def test_a_problem_carries_the_id_of_its_request(client: TestClient) -> None:
    assert client.get("/nowhere", headers={"X-Request-ID": "abc-1"}).json()["request_id"] == "abc-1"


def test_a_fault_of_ours_is_noted_and_has_its_id_too(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")

    answer = client.get("/broken", headers={"X-Request-ID": "abc-1"})

    assert (answer.status_code, answer.json()["request_id"], answer.headers["x-request-id"]) == (500, "abc-1", "abc-1")
    assert "not even here" not in answer.text
    noted = lines(capsys)[-1]
    assert (noted["level"], noted["status"], noted["request_id"]) == ("WARNING", 500, "abc-1")
