import asyncio
from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import FastAPI, File, UploadFile
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from search_api.middleware import body_limit
from search_api.middleware.body_limit import BodyLimitMiddleware
from search_api.problems import add_problem_handlers


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(body_limit, "MOST_BYTES", 1000)
    monkeypatch.setattr(body_limit, "MOST_JSON_BYTES", 100)
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


def test_less_is_taken_of_what_is_read_into_memory(client: TestClient) -> None:
    answer = client.post("/", content=b"x" * 101, headers={"Content-Type": "application/json"})

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("pieces", "silence_s", "detail"),
    [(1, 0.3, "nothing came"), (1000, 0.01, "in a second")],
    ids=["none at all", "one byte at a time"],
)
def test_a_body_that_does_not_keep_coming_is_refused(
    pieces: int, silence_s: float, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limit, "_LONGEST_SILENCE_S", 0.1)
    monkeypatch.setattr(body_limit, "_GRACE_S", 0.1)

    status, said = asyncio.run(post(pieces, silence_s))

    assert status == 408
    assert detail in said


def test_a_body_that_keeps_coming_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "_GRACE_S", 0.05)
    monkeypatch.setattr(body_limit, "_LEAST_BYTES_PER_S", 10)

    assert asyncio.run(post(20, 0.01)) == (200, "20")


async def read(request: Request) -> Response:
    """Answer as an application does that knows nothing of our refusals."""
    try:
        return PlainTextResponse(str(len(await request.body())))
    except Exception as exc:  # noqa: BLE001 - as some do
        return PlainTextResponse(str(exc), status_code=500)


async def post(pieces: int, silence_s: float) -> tuple[int, str]:
    """Send a body of so many bytes with a pause before each, and return what the middleware made of it."""
    sent: list[Message] = []
    left = iter(range(pieces))

    async def receive() -> Message:
        await asyncio.sleep(silence_s)
        return {"type": "http.request", "body": b"x", "more_body": next(left) < pieces - 1}

    async def send(message: Message) -> None:
        sent.append(message)

    app = BodyLimitMiddleware(Starlette(routes=[Route("/", read, methods=["POST"])]))
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b"", "root_path": ""}
    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()
