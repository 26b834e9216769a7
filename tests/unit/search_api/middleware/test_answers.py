import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from search_api.middleware.answers import HEAD_ONLY, AnswersMiddleware


def ask(method: str, *answer: Message, **headers: str) -> tuple[Scope, list[Message]]:
    """Return what an application is asked, and what becomes of its answer."""
    asked: list[Scope] = []
    sent: list[Message] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        asked.append(scope)
        for message in answer:
            await send(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": "/", "headers": raw}
    asyncio.run(AnswersMiddleware(app)(scope, receive, send))
    return asked[0], sent


def started(status: int = 200, **headers: str) -> Message:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": raw}


def body(content: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def test_head_is_asked_as_get_and_ends_at_once_though_the_answer_streams_on() -> None:
    asked, sent = ask("HEAD", started(content_length="7"), body(b"one", more=True), body(b"more", more=True))

    assert (asked["method"], asked[HEAD_ONLY]) == ("GET", True)
    assert sent[1:] == [body(b"")]
    assert (b"content-length", b"7") in sent[0]["headers"]


def test_what_is_known_is_not_sent_again() -> None:
    _, sent = ask("GET", started(etag='"a"', content_type="text/css"), body(b"a { }"), if_none_match='W/"a"')

    assert (sent[0]["status"], sent[1:]) == (304, [body(b"")])
    assert dict(sent[0]["headers"]).keys() == {
        b"etag",
        b"x-content-type-options",
        b"x-frame-options",
        b"cross-origin-resource-policy",
    }


@pytest.mark.parametrize(
    ("method", "answer", "headers"),
    [
        ("GET", started(etag='"b"'), {"if_none_match": '"a"'}),
        ("GET", started(404, etag='"a"'), {"if_none_match": '"a"'}),
        ("POST", started(etag='"a"'), {"if_none_match": '"a"'}),
        ("GET", started(), {"if_none_match": "*"}),
        ("GET", started(), {}),
    ],
)
def test_everything_else_is_sent_whole(method: str, answer: Message, headers: dict[str, Any]) -> None:
    _, sent = ask(method, answer, body(b"one", more=True), body(b"two"), **headers)

    assert (sent[0]["status"], sent[1:]) == (answer["status"], [body(b"one", more=True), body(b"two")])
    assert (b"x-content-type-options", b"nosniff") in sent[0]["headers"]
    assert (b"x-frame-options", b"DENY") in sent[0]["headers"]
    assert (b"cross-origin-resource-policy", b"same-origin") in sent[0]["headers"]
