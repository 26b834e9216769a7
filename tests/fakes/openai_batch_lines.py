"""The lines of the fake endpoint's batch files: requests, what is wrong with them, and what came of them."""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ENDPOINT = "/v1/chat/completions"
_KEYS = ("custom_id", "method", "url", "body")
_NOT_RUN = {
    "expired": ("batch_expired", "This request could not be executed before the completion window expired."),
    "cancelled": ("batch_cancelled", "This request was not executed: the batch was cancelled."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a batch."""

    custom_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """How a request that ran ended."""

    status: int
    body: Mapping[str, Any]


class _WrongError(Exception):
    """Something is wrong with the file, or with this line of it."""

    def __init__(self, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.code, self.param = code, param

    def shown(self, number: int | None) -> dict[str, Any]:
        return {"code": self.code, "message": str(self), "param": self.param, "line": number}


def read_lines(raw: bytes, *, most_lines: int) -> tuple[list[Line], list[dict[str, Any]]]:
    """Return the requests of an input file and the errors of the batch; with an error, nothing of it may run."""
    found = raw.removesuffix(b"\n").split(b"\n")
    if len(found) > most_lines:
        message = f"The batch has {len(found)} requests, more than the limit of {most_lines}."
        return [], [_WrongError("too_many_tasks", message).shown(None)]
    lines: list[Line] = []
    errors = [wrong.shown(number) for number, wrong in _read_into(lines, found)]
    return lines, errors


def answered(line: Line, result: Result) -> dict[str, Any]:
    """Return the line that says how a request ended."""
    response = {"status_code": result.status, "request_id": uuid.uuid4().hex, "body": result.body}
    return _outcome(line, response=response, error=None)


def not_run(line: Line, status: str) -> dict[str, Any]:
    """Return the line that says that the batch ended, with this status, before the request ran."""
    code, message = _NOT_RUN[status]
    return _outcome(line, response=None, error={"code": code, "message": message})


def _outcome(line: Line, **how: Any) -> dict[str, Any]:
    return {"id": f"batch_req_{uuid.uuid4().hex}", "custom_id": line.custom_id, **how}


def _read_into(lines: list[Line], found: list[bytes]) -> Iterator[tuple[int, _WrongError]]:
    seen: set[str] = set()
    for number, raw in enumerate(found, start=1):
        try:
            line = _read(raw)
            _check_among(line, seen, lines)
        except _WrongError as wrong:
            yield number, wrong
        else:
            seen.add(line.custom_id)
            lines.append(line)


def _read(raw: bytes) -> Line:
    try:
        line = json.loads(raw)
    except ValueError:
        raise _WrongError("invalid_json_line", "This line is not parseable as valid JSON.") from None
    if not isinstance(line, dict):
        raise _WrongError("invalid_json_line", "This line is not a JSON object.")
    for name in _KEYS:
        if name not in line:
            raise _WrongError("missing_required_parameter", f"Missing required parameter: '{name}'.", param=name)
    for name in line:
        if name not in _KEYS:
            raise _WrongError("unknown_parameter", f"Unknown parameter: '{name}'.", param=name)
    _check_values(line)
    return Line(line["custom_id"], line["body"])


def _check_values(line: Mapping[str, Any]) -> None:
    if line["method"] != "POST":
        raise _WrongError("invalid_method", f"The method must be 'POST', not {line['method']!r}.", param="method")
    if line["url"] != ENDPOINT:
        message = f"The URL provided for this request does not match the batch endpoint {ENDPOINT}."
        raise _WrongError("url_mismatch", message, param="url")
    if not isinstance(line["custom_id"], str) or not line["custom_id"]:
        raise _WrongError("invalid_type", "Invalid type for 'custom_id': expected a string.", param="custom_id")
    if not isinstance(line["body"], dict):
        raise _WrongError("invalid_type", "Invalid type for 'body': expected an object.", param="body")


def _check_among(line: Line, seen: set[str], lines: list[Line]) -> None:
    if line.custom_id in seen:
        message = "The custom_id for this request is a duplicate of another request: custom_ids must be unique."
        raise _WrongError("duplicate_custom_id", message, param="custom_id")
    if lines and line.body.get("model") != lines[0].body.get("model"):
        raise _WrongError("model_mismatch", "All requests of a batch must use the same model.", param="body.model")
