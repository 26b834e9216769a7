import asyncio
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from search_api.middleware import unread
from search_api.middleware.unread import UnreadBodyMiddleware

MEGABYTE = 1_000_000


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("no", status_code=401)(scope, receive, send)


async def read(scope: Scope, receive: Receive, send: Send) -> None:
    size = len(await Request(scope, receive).body())
    await PlainTextResponse(str(size))(scope, receive, send)


class Client:
    """Sends a body of so many megabytes, then nothing, and keeps what is answered."""

    def __init__(self, megabytes: int, *, is_all: bool = True) -> None:
        self.taken = 0
        self.answer: list[Message] = []
        self._pieces: Iterator[int] = iter(range(megabytes))
        self._last = megabytes - 1 if is_all else -1

    async def receive(self) -> Message:
        piece = next(self._pieces, None)
        if piece is None:
            await asyncio.sleep(60)
        self.taken += 1
        return {"type": "http.request", "body": bytes(MEGABYTE), "more_body": piece != self._last}

    async def send(self, message: Message) -> None:
        self.answer.append(message)

    @property
    def is_left(self) -> bool:
        return (b"connection", b"close") in self.answer[0]["headers"]

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.answer)


def ask(client: Client, app: object, header: tuple[bytes, bytes] = (b"transfer-encoding", b"chunked")) -> None:
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [header], "query_string": b""}
    asyncio.run(UnreadBodyMiddleware(app)(scope, client.receive, client.send))  # type: ignore[arg-type]


def test_the_rest_of_what_is_refused_is_not_read() -> None:
    client = Client(1000)

    ask(client, refuse)

    assert client.is_left
    assert client.taken <= 2
    assert client.body == b"no"
    assert not client.answer[-1].get("more_body", False)


def test_who_is_refused_has_a_moment_to_leave_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "_LINGERS_S", 0.05)
    client = Client(0)

    ask(client, refuse)

    assert client.is_left
    assert client.body == b"no"


def test_the_whole_answer_is_sent_before_anything_is_waited_for() -> None:
    client = Client(1)

    ask(client, refuse)

    assert [message.get("more_body", False) for message in client.answer] == [False, True, False]
    assert client.answer[1]["body"] == b"no"


def test_the_connection_stays_after_what_was_read_to_its_end() -> None:
    client = Client(3)

    ask(client, read)

    assert not client.is_left
    assert client.body == b"3000000"


@pytest.mark.parametrize("header", [(b"content-length", b"0"), (b"accept", b"*/*")])
def test_the_connection_stays_where_there_is_no_body(header: tuple[bytes, bytes]) -> None:
    client = Client(0)

    ask(client, refuse, header)

    assert not client.is_left
    assert client.taken == 0
