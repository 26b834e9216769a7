"""Refuse what a page of another site has a browser send: it could write, or spend, unseen."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from search_api.problems import problem

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})  # none: typed in, or a bookmark


class OwnOriginMiddleware:
    """Answers 403 to every request but reading ones whose page is not ours; programs other than browsers pass."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "http" and scope["method"] not in _READING and is_foreign(Headers(scope=scope)):
            answer = problem(HTTPStatus.FORBIDDEN, "This comes from a page of another site, which may not write here.")
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def is_foreign(headers: Headers) -> bool:
    """Tell whether a browser sent this for another site's page.

    Browsers say so themselves (Sec-Fetch-Site) to localhost and over HTTPS, also where a proxy changes the Host. Else
    the Origin must be the Host that was asked.
    """
    origin, relation = headers.get("origin"), headers.get("sec-fetch-site")
    if relation is not None:
        return relation not in _OWN
    return origin is not None and origin.partition("://")[2] != headers.get("host")
