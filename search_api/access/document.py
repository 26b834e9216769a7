"""Tell in the OpenAPI document where a key is needed, how to send it, and how one is refused."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from search_api.access.credentials import COOKIE
from search_api.access.policy import needed_scope

_SCHEMES: dict[str, dict[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key, as `indexer keys create` prints it."},
    "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "What `POST /session` sets."},
}
_PROBLEM = {
    "title": "Problem",
    "description": "An error, as RFC 9457 has it; `detail` is one sentence for people.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
    },
}
_WRONG = "The key is wrong, was revoked, or is needed and missing."
_FOREIGN = "A page of another site had a browser send this"
_TOO_MANY = "More requests came than the key may make in a minute; Retry-After says for how long to wait."
_SLOW, _LARGE = "The body stopped coming.", "The body is too large."


def document_access(app: FastAPI, *, is_key_needed: bool) -> None:
    """Have the document say what the middleware does; where no key is needed, one may be sent all the same."""
    written = app.openapi

    def openapi() -> dict[str, Any]:
        document = written()
        components = document.setdefault("components", {})
        components["securitySchemes"] = _SCHEMES
        components.setdefault("schemas", {}).setdefault("Problem", _PROBLEM)
        for method, path, operation in _operations(document):
            _document(operation, method, path, is_key_needed=is_key_needed)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _document(operation: dict[str, Any], method: str, path: str, *, is_key_needed: bool) -> None:
    needed = needed_scope(method, path)
    refusals: dict[str, str] = {}
    if needed is not None:
        operation["security"] = [*([] if is_key_needed else [{}]), *({name: [needed]} for name in _SCHEMES)]
        refusals |= {"401": _WRONG, "429": _TOO_MANY}
    if method not in {"GET", "HEAD"}:
        refusals["403"] = f"{_FOREIGN}." if needed is None else f"The key has not the scope {needed}, or: {_FOREIGN}."
    if "requestBody" in operation:
        refusals |= {"408": _SLOW, "413": _LARGE}
    for status, description in refusals.items():
        operation.setdefault("responses", {}).setdefault(status, {"description": description}).setdefault(
            "content", {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        )
