"""Refuse addresses with more parameters than any search has: FastAPI looks through all of them for each of them."""

from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from search_api.problems import problem

# Eight filters of 100 values each, and more. 12,500 had the service answer nobody else for 17 s.
MOST_PARAMETERS = 1000


class QueryLimitMiddleware:
    """Answers 422 where an address has too many parameters."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "http" and scope["query_string"].count(b"&") >= MOST_PARAMETERS:
            answer = problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"An address has {MOST_PARAMETERS} parameters at most.")
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)
