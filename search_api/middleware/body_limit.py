"""Refuse bodies that are too large, before they are read or as soon as they are, and those that do not keep coming."""

import asyncio
import time
from http import HTTPStatus

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.problems import refusal

MOST_BYTES = 50_000_000
# Whatever is no upload is kept in memory as a whole, and several times over when it is read as JSON.
MOST_JSON_BYTES = 5_000_000
_LONGEST_SILENCE_S = 10.0
# Slower than this, from the time on when an average says something, is no upload but a place held.
_GRACE_S, _LEAST_BYTES_PER_S = 20.0, 5_000


class BodyLimitMiddleware:
    """Answers 413 where too much is announced, or sent, and 408 where too little comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on with its body watched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        most_bytes = _most_bytes(headers)
        if _announced(headers) > most_bytes:
            await refusal(_too_large(most_bytes))(scope, receive, send)
        else:
            body = _Body(receive, most_bytes)
            await self._app(scope, body.receive, _answering(body, scope, receive, send))


class _Body:
    """What a client sends; `refusal` is why no more of it is taken."""

    def __init__(self, receive: Receive, most_bytes: int) -> None:
        self.refusal: HTTPException | None = None
        self._receive, self._most_bytes = receive, most_bytes
        self._began, self._seen, self._is_over = time.monotonic(), 0, False

    async def receive(self) -> Message:
        """Hand on what comes; raises HTTPException (408, 413), which FastAPI hands to our handler of it."""
        if self._is_over:
            return await self._receive()
        try:
            async with asyncio.timeout(_LONGEST_SILENCE_S):
                message = await self._receive()
        except TimeoutError:
            raise self._refuse(_too_slow(f"for {_LONGEST_SILENCE_S:.0f} seconds nothing came")) from None
        self._seen += len(message.get("body", b""))
        self._is_over = not message.get("more_body", False)
        self._check()
        return message

    def _check(self) -> None:
        took_s = time.monotonic() - self._began
        if self._seen > self._most_bytes:
            raise self._refuse(_too_large(self._most_bytes))
        if not self._is_over and took_s > _GRACE_S and self._seen < took_s * _LEAST_BYTES_PER_S:
            raise self._refuse(_too_slow(f"it takes {_LEAST_BYTES_PER_S // 1000} kB in a second"))

    def _refuse(self, why: HTTPException) -> HTTPException:
        self.refusal = why
        return why


def _answering(body: _Body, scope: Scope, receive: Receive, send: Send) -> Send:
    """Return what sends the refusal of a body, whatever an application makes of one that breaks off."""
    is_begun = is_refused = False

    async def send_or_refuse(message: Message) -> None:
        nonlocal is_begun, is_refused
        if is_refused:
            return
        if body.refusal is not None and not is_begun:
            is_refused = True
            await refusal(body.refusal)(scope, receive, send)
            return
        is_begun = True
        await send(message)

    return send_or_refuse


def _most_bytes(headers: Headers) -> int:
    return MOST_BYTES if headers.get("content-type", "").startswith("multipart/form-data") else MOST_JSON_BYTES


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _too_large(most_bytes: int) -> HTTPException:
    most_megabytes = most_bytes // 1_000_000
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"This is too large: {most_megabytes} MB are the most.")


def _too_slow(why: str) -> HTTPException:
    return HTTPException(HTTPStatus.REQUEST_TIMEOUT, f"This came too slowly: {why}.")
