"""One line in the log for each request, without what was searched for: that is nobody's business."""

import logging
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from search_api.middleware.timing import answer_timed

_log = logging.getLogger(__name__)

_ASKED_ALL_THE_TIME = "/health/"


class RequestLogMiddleware:
    """Notes what was asked, by whom, how it ended and how long it took; health checks are left out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on a request, and note it."""
        if scope["type"] != "http" or scope["path"].startswith(_ASKED_ALL_THE_TIME):
            await self._app(scope, receive, send)
            return
        await answer_timed(self._app, scope, receive, send, partial(_note, scope))


def _note(scope: Scope, status: int, took_s: float) -> None:
    took_ms = took_s * 1000
    fields = _fields(scope) | {"status": status, "ms": round(took_ms, 1)}
    level = logging.WARNING if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO
    _log.log(level, "%s %s %d in %.0f ms", scope["method"], fields["path"], status, took_ms, extra=fields)


def _fields(scope: Scope) -> dict[str, object]:
    client, holder = scope.get("client"), _holder(scope.get("state", {}))
    return {
        "method": scope["method"],
        # As it was sent, percent-encoded: decoded, it could break a line in two.
        "path": scope["raw_path"].decode("ascii", "backslashreplace"),
        "key": holder,
        "client": client[0] if client else None,
    }


def _holder(state: Mapping[str, object]) -> str | None:
    holder = state.get("holder")
    return str(holder) if holder else None
