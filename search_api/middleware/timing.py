"""How a request ends, and how long that takes."""

import time
from collections.abc import Callable
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send


async def answer_timed(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, note: Callable[[int, float], None]
) -> None:
    """Have a request answered, and note its status and its seconds; 500 where it ends without an answer."""
    began, status = time.perf_counter(), HTTPStatus.INTERNAL_SERVER_ERROR.value

    async def send_noted(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        await send(message)

    try:
        await app(scope, receive, send_noted)
    finally:
        note(status, time.perf_counter() - began)
