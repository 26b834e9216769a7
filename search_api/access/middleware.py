"""Ask every request for its key, before any of its body is read."""

from http import HTTPStatus

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from indexer.errors import DatabaseError
from search_api.access.credentials import key_in_cookie, key_in_headers
from search_api.access.gate import Gate
from search_api.access.policy import needed_scope
from search_api.problems import problem, refusal


class AccessMiddleware:
    """Answers 401, 403 and 429; what it hands on has its `holder` in the request's state, if it has one."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":  # there are none, and so no rule for them
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._admit(scope)
        except HTTPException as exc:
            await refusal(exc)(scope, receive, send)
        except DatabaseError as exc:
            await problem(HTTPStatus.SERVICE_UNAVAILABLE, str(exc))(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> None:
        needed = needed_scope(scope["method"], scope["path"], scope["query_string"])
        if needed is None:
            return
        headers, presented = Headers(scope=scope), key_in_headers(Headers(scope=scope))
        # Services on other ports share our cookies: where no key is needed, a foreign one must not lock anybody out.
        if presented is None and self._gate.is_key_needed:
            presented = key_in_cookie(headers)
        holder = await self._gate.identify(presented, client_address(scope))
        scope.setdefault("state", {})["holder"] = holder  # also of what is refused: the log names it
        if holder is not None:
            await self._gate.allow(holder, needed)


def client_address(scope: Scope) -> str:
    """Return where a request comes from; a trusted proxy's word counts, as uvicorn has it."""
    client = scope.get("client")
    return str(client[0]) if client else ""
