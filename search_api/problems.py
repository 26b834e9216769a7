"""Errors as RFC 9457 problem documents."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from indexer.errors import (
    BadImageError,
    CaptionSearchError,
    CorrectionError,
    ModelError,
    ModelUnavailableError,
    NotFoundError,
    QueryError,
)
from search_api.references import REFERENCE

_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE
_RETRY_AFTER_S = 10.0  # where a busy model does not say itself how long it takes


def problem(status: int, detail: str, **more: object) -> JSONResponse:
    """Return a problem document; `detail` is one sentence for people."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    if (request_id := correlation_id.get()) is not None:
        body["request_id"] = request_id
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def refusal(error: HTTPException) -> JSONResponse:
    """Return the problem document of an HTTPException, with its headers."""
    answer = problem(error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def add_problem_handlers(app: FastAPI) -> None:
    """Let every error leave the service as a problem document."""

    @app.exception_handler(NotFoundError)
    def not_found(_request: Request, error: NotFoundError) -> JSONResponse:
        return problem(HTTPStatus.NOT_FOUND, str(error))

    @app.exception_handler(CorrectionError)
    @app.exception_handler(QueryError)
    def unanswerable(_request: Request, error: CaptionSearchError) -> JSONResponse:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    @app.exception_handler(BadImageError)
    def unusable(_request: Request, error: BadImageError) -> JSONResponse:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The image cannot be used: {error.reason}.")

    @app.exception_handler(ModelUnavailableError)
    def busy(_request: Request, error: ModelUnavailableError) -> JSONResponse:
        answer = problem(_UNAVAILABLE, f"The model gave no answer: {_clause(error)}.")
        answer.headers["Retry-After"] = str(math.ceil(error.retry_after_s or _RETRY_AFTER_S))
        return answer

    @app.exception_handler(ModelError)
    def no_caption(_request: Request, error: ModelError) -> JSONResponse:
        return problem(HTTPStatus.BAD_GATEWAY, f"The model could not be used: {_clause(error)}.")

    @app.exception_handler(Exception)
    def unexpected(_request: Request, _error: Exception) -> JSONResponse:
        detail = "Something went wrong here; the service's log has the details."
        answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
        # Sent from outside of all middleware, which would have said both.
        answer.headers.update({"X-Request-ID": correlation_id.get() or "", "Connection": "close"})
        return answer

    @app.exception_handler(CaptionSearchError)
    def unavailable(_request: Request, error: CaptionSearchError) -> JSONResponse:
        return problem(_UNAVAILABLE, str(error))

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        errors = jsonable_encoder([{key: e[key] for key in ("loc", "msg", "type")} for e in error.errors()])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, _say(error.errors()[0]), errors=errors)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        return _naming_methods(refusal(error), request)


def _naming_methods(answer: JSONResponse, request: Request) -> JSONResponse:
    if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(_methods_at(request))
    return answer


def _methods_at(request: Request) -> list[str]:
    """Return what an address answers: each of its operations is a route of its own, and knows its own method only."""
    found = [
        method
        for method in ("GET", "PUT", "POST", "DELETE")
        if any(r.matches({**request.scope, "method": method})[0] == Match.FULL for r in request.app.routes)
    ]
    return ["HEAD", *found] if "GET" in found else found


def _clause(error: Exception) -> str:
    return str(error).rstrip(".")


def _say(fault: Mapping[str, Any]) -> str:
    """Return one sentence for a fault that pydantic found."""
    where = ".".join(str(part) for part in fault["loc"][1:])
    if fault["type"] == "json_invalid":
        return f"The body is no JSON: {fault['ctx']['error']} at character {where}."
    if fault["type"] == "string_pattern_mismatch" and fault["ctx"]["pattern"] == REFERENCE:
        rule = "an image is named by its id or by the SHA-256 of its file."
        return f"{rule[0].upper()}{rule[1:]}" if fault["loc"][0] == "path" else f"{where}: {rule}"
    return f"{where or 'request'}: {fault['msg']}"
