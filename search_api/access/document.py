"""What the OpenAPI document tells of access: where a key is needed, how it is sent, and how one is refused."""

from typing import Any

from search_api.access.credentials import COOKIE
from search_api.access.policy import needed_scope

SECURITY_SCHEMES: dict[str, dict[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key, as `indexer keys create` prints it."},
    "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "What `POST /session` sets."},
}
_KEYLESS: dict[str, list[str]] = {}
_FOREIGN = "a page of another site had a browser send this"


def security_of(method: str, path: str, *, is_key_needed: bool) -> list[dict[str, list[str]]]:
    """Return by what an operation is opened; where no key is needed, one may be sent all the same."""
    if needed_scope(method.upper(), path) is None:
        return []
    keys: list[dict[str, list[str]]] = [{name: []} for name in SECURITY_SCHEMES]
    return keys if is_key_needed else [_KEYLESS, *keys]


def access_refusals(method: str, path: str, operation: dict[str, Any]) -> dict[int, str]:
    """Return the statuses that the middleware answers with before an operation is reached, and why."""
    needed, reasons = needed_scope(method.upper(), path), dict[int, str]()
    if needed is not None:
        reasons[401] = "A key is needed, or the one sent is wrong or was revoked."
        reasons[429] = "The key was used too often; Retry-After says when it may be used again."
    if method.upper() != "GET":
        reasons[403] = f"The key has not the scope {needed}, or {_FOREIGN}." if needed else f"Refused: {_FOREIGN}."
    if "requestBody" in operation:
        reasons[408] = "The body stopped coming, or comes too slowly."
    return reasons
