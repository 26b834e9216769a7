from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import FastAPI, File, UploadFile
from starlette.testclient import TestClient

from search_api import body_limit
from search_api.body_limit import BodyLimitMiddleware
from search_api.problems import add_problem_handlers


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(body_limit, "MOST_BYTES", 1000)
    app = FastAPI()
    app.add_middleware(BodyLimitMiddleware)
    add_problem_handlers(app)

    @app.post("/")
    def measure(file: Annotated[UploadFile, File()]) -> int:
        return len(file.file.read())

    return TestClient(app)


def test_what_is_small_enough_is_read(client: TestClient) -> None:
    assert client.post("/", files={"file": b"x" * 500}).json() == 500


def test_more_than_the_limit_is_refused_as_it_is_announced(client: TestClient) -> None:
    answer = client.post("/", files={"file": b"x" * 1001})

    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert "too large" in answer.json()["detail"]


def test_more_than_the_limit_is_refused_when_it_arrives_unannounced(client: TestClient) -> None:
    def parts() -> Iterator[bytes]:
        yield b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        yield from [b"x" * 100] * 100

    answer = client.post("/", content=parts(), headers={"Content-Type": "multipart/form-data; boundary=cut"})

    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
