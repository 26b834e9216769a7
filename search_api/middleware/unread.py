"""End the connection after a body that was not read to its end: nobody can have us take in what we refused."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A client that is still sending when a connection ends may lose the answer: it has a moment to read it, and leave.
_LINGERS_S, _LINGERS_BYTES = 1.0, 1_000_000


class UnreadBodyMiddleware:
    """Says `Connection: close` with an answer that came before the end of a body, and then hardly reads any more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on a request, and see to its body afterwards."""
        if scope["type"] == "http" and _has_body(Headers(scope=scope)):
            body = _Seen(receive)
            await self._app(scope, body.receive, _closing(body, send))
        else:
            await self._app(scope, receive, send)


class _Seen:
    """A body of which is known whether it was read to its end."""

    def __init__(self, receive: Receive) -> None:
        self.is_over = False
        self._receive, self._bytes = receive, 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        self.is_over = self.is_over or not message.get("more_body", False)
        return message

    async def linger(self) -> None:
        """Wait for the client to end, or leave, but not long, and not for much."""
        allowed = self._bytes + _LINGERS_BYTES
        try:
            async with asyncio.timeout(_LINGERS_S):
                while not self.is_over and self._bytes < allowed:
                    await self.receive()
        except TimeoutError:
            return


def _closing(body: _Seen, send: Send) -> Send:
    async def send_and_close(message: Message) -> None:
        if body.is_over:
            await send(message)
        elif message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)
        elif message.get("more_body", False):
            await send(message)
        else:
            await send({**message, "more_body": True})
            await body.linger()
            await send({"type": "http.response.body", "body": b""})

    return send_and_close


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
