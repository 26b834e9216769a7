"""Refuse requests that are too large, before they are read or as soon as they are."""

from http import HTTPStatus

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.problems import problem

MOST_BYTES = 50_000_000
_TOO_LARGE = f"This is too large: {MOST_BYTES // 1_000_000} MB are the most."


class BodyLimitMiddleware:
    """Answers 413 where more than MOST_BYTES are announced, or sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _announced(scope) > MOST_BYTES:
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)(scope, receive, send)
        else:
            await self._app(scope, _counted(receive), send)


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _counted(receive: Receive) -> Receive:
    """Raise HTTPException (413) out of what is received, which FastAPI hands to our handler of it."""
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
        return message

    return receive_counted
