"""What all answers have in common: no body for HEAD, a 304 where the client has it, no guessing of types, no frames."""

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READING = frozenset({"GET", "HEAD"})
# Set in the scope of a HEAD request, which is answered as GET is.
HEAD_ONLY = "head_only"
_OF_A_BODY = ("content-length", "content-type", "content-range", "content-encoding", "content-disposition")


class AnswersMiddleware:
    """Answers HEAD wherever GET is answered, and If-None-Match wherever an answer has an ETag."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and amend its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        amended = _Amended(scope, send)
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", HEAD_ONLY: True}
        await self._app(scope, receive, amended)


class _Amended:
    """One answer on its way out."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._is_read = scope["method"] in _READING
        self._has_body = scope["method"] != "HEAD"
        self._known = Headers(scope=scope).get("if-none-match")

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._send(self._amend(message))
            if not self._has_body:  # at once: what streams on would not end by itself
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        elif self._has_body or message["type"] != "http.response.body":
            await self._send(message)

    def _amend(self, message: Message) -> Message:
        headers = MutableHeaders(raw=list(message["headers"]))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")  # /docs has buttons that spend, which a foreign page could cover
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")  # nor could it show our images as its own
        status = message["status"]
        if status == HTTPStatus.OK and self._is_read and is_known(self._known, headers.get("etag")):
            status, self._has_body = HTTPStatus.NOT_MODIFIED, False
            for name in _OF_A_BODY:
                del headers[name]
        return {**message, "status": int(status), "headers": headers.raw}


def is_known(if_none_match: str | None, etag: str | None) -> bool:
    """Tell whether a client has the answer of an ETag already; weak and strong ones are alike for that."""
    if if_none_match is None or etag is None:
        return False
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return "*" in known or etag.removeprefix("W/") in known
