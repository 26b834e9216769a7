"""The OpenAPI document: what FastAPI knows, and what is true of every operation."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from search_api.access.document import SECURITY_SCHEMES, access_refusals, security_of
from search_api.middleware.body_limit import MOST_BYTES, MOST_JSON_BYTES
from search_api.openapi.refusals import PROBLEM

Document = dict[str, Any]

TAGS = [
    {"name": "search", "description": "Find images by describing them, or by an image; and why one is found."},
    {"name": "images", "description": "What is known of an image, its file, its lineage; and new images."},
    {"name": "captions", "description": "Read and correct captions, and try a captioner."},
    {"name": "edits", "description": "Have indexed images edited; the results are images of the library."},
    {"name": "feedback", "description": "What people say of search results."},
    {"name": "generations", "description": "The indexes beside each other, of which one is live."},
    {"name": "stats", "description": "What is indexed, what failed, what it cost, and what there is to filter by."},
    {"name": "session", "description": "Sign in with a key, as the page does."},
    {"name": "health", "description": "For whoever starts and watches the service."},
]
_EXAMPLES = Path(__file__).with_name("examples.json")
_PUBLIC = ("health",)
_METHODS = ("get", "put", "post", "delete")
_PROBLEM_JSON = "application/problem+json"
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


def describe(app: FastAPI, *, is_key_needed: bool) -> None:
    """Let an application describe itself by this document."""
    # As FastAPI's documentation has it.
    app.openapi = partial(_document, app, is_key_needed=is_key_needed)  # type: ignore[method-assign]


def name_operation(route: APIRoute) -> str:
    """Return the id of an operation: the name of its function, which clients made of the document are called by."""
    return route.name


def _document(app: FastAPI, *, is_key_needed: bool) -> Document:
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=TAGS
        )
        for method, path, operation in _operations(described):
            if security := security_of(method, path, is_key_needed=is_key_needed):
                operation["security"] = security
            _complete(method, path, operation)
        described["components"]["securitySchemes"] = SECURITY_SCHEMES
        _tidy(described["components"]["schemas"])
        app.openapi_schema = described
    return app.openapi_schema


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        yield from ((method, path, methods[method]) for method in _METHODS if method in methods)


def _complete(method: str, path: str, operation: Document) -> None:
    """Add the refusals that it shares with others, and its examples."""
    responses = operation["responses"]
    responses.pop("422", None)  # FastAPI's own, in another shape
    for status, reason in _refusals(method, path, operation).items():
        responses.setdefault(str(status), {"description": reason})
    for status in [each for each in responses if each >= "400"]:
        responses[status] = _as_problem(int(status), responses[status])
    operation["responses"] = dict(sorted(responses.items()))
    _exemplify(operation)


def _refusals(method: str, path: str, operation: Document) -> dict[int, str]:
    """Return the statuses that every such operation may answer with."""
    if operation.get("tags", [""])[0] in _PUBLIC:
        return {}
    reasons = access_refusals(method, path, operation)
    reasons[503] = "The database does not answer, or the embedder cannot be used."
    if operation.get("parameters") or method != "get":
        reasons[422] = "A parameter or the body is not what is described here."
    if "requestBody" in operation:
        is_upload = "multipart/form-data" in operation["requestBody"]["content"]
        reasons[400] = "The body cannot be read."
        reasons[413] = f"The body has more than {(MOST_BYTES if is_upload else MOST_JSON_BYTES) // 1_000_000} MB."
    return reasons


def _as_problem(status: int, response: Document) -> Document:
    example = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": response["description"],
    }
    content = {_PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    headers = {**response.get("headers", {}), **(_RETRY_AFTER if status in (429, 503) else {})}
    return {"description": response["description"], **({"headers": headers} if headers else {}), "content": content}


def _exemplify(operation: Document) -> None:
    """Put in what a request may say, and what is answered to that."""
    examples = load_examples().get(operation["operationId"], {})
    for status, response in operation["responses"].items():
        if status < "300" and "response" in examples and "application/json" in response.get("content", {}):
            response["content"]["application/json"]["example"] = deepcopy(examples["response"])
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and "request" in examples:
        body["example"] = deepcopy(examples["request"])


def _tidy(schemas: Document) -> None:
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM


@cache
def load_examples() -> dict[str, dict[str, Any]]:
    """Return examples by operation: a `request`, where it has a JSON body, and a `response`."""
    read: dict[str, dict[str, Any]] = json.loads(_EXAMPLES.read_text(encoding="utf-8"))
    return read
