"""Answer to our own names only: a foreign page cannot reach this machine under a name of its own (DNS rebinding)."""

import re
from collections.abc import Sequence
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from search_api.problems import problem

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]+)?")


class HostMiddleware:
    """Answers 400 to requests for other names than these; `*` is any, `*.example.com` any below that."""

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        self._app = app
        self._names = [name.lower() for name in names]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http" or is_named(host := Headers(scope=scope).get("host", ""), self._names):
            await self._app(scope, receive, send)
            return
        others = ", ".join(self._names)
        detail = f"This service does not answer to the name {host!r}, but to {others}: --allow-host NAME changes that."
        await problem(HTTPStatus.BAD_REQUEST, detail)(scope, receive, send)


def is_named(host: str, names: Sequence[str]) -> bool:
    """Tell whether a Host header has one of these names, which are in lower case."""
    if "*" in names:
        return True
    found = _HOST.fullmatch(host.lower())
    if found is None:
        return False
    name = found["name"]
    return any(name == own or (own.startswith("*.") and name.endswith(own[1:])) for own in names)
