"""The fake endpoint's Batch API: a batch moves on with time, whenever somebody looks at it."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.openai_batch_lines import ENDPOINT, Line, Result, answered, not_run, read_lines
from tests.fakes.openai_files import FileRules, Files
from tests.fakes.openai_requests import BadRequestError, Request, page

_REQUIRED = {"endpoint": ENDPOINT, "completion_window": "24h"}
_ENDED = ("completed", "failed", "expired", "cancelled")
_STAMPS = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
_DAY_S = 24 * 60 * 60
# What share of a batch's time has passed when it is read, when a held batch stops, when all of its lines have run.
_VALIDATED, _HELD, _RUN = 0.1, 0.5, 0.9


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass(slots=True, kw_only=True)
class BatchRules(FileRules):
    """How batches go; tests change it at any time.

    A batch takes `batch_seconds`; while `batches_may_end` is cleared, it stops when half of its lines have run.
    With `expires_after_lines`, no more lines than these run before the window closes.
    """

    batch_seconds: float = 0.0
    batches_may_end: threading.Event = field(default_factory=_set)
    expires_after_lines: int | None = None
    most_batch_lines: int = 50_000


@dataclass(slots=True, kw_only=True)
class _Batch:
    input_file_id: str
    metadata: Mapping[str, str] | None
    lines: list[Line]
    errors: list[dict[str, Any]]
    id: str = field(default_factory=lambda: f"batch_{uuid.uuid4().hex}")
    status: str = "validating"
    created_at: int = field(default_factory=lambda: int(time.time()))
    started_s: float = field(default_factory=time.monotonic)
    results: list[Result] = field(default_factory=list)
    stamps: dict[str, int] = field(default_factory=dict)
    output_file_id: str | None = None
    error_file_id: str | None = None

    def enter(self, status: str) -> None:
        self.status = status
        self.stamps.setdefault(status, int(time.time()))

    def shown(self) -> dict[str, Any]:
        """Return the batch object."""
        completed = sum(result.status == 200 for result in self.results)
        total = 0 if self.status in ("validating", "failed") else len(self.lines)
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": ENDPOINT,
            "model": self.lines[0].body.get("model") if self.lines else None,
            "errors": {"object": "list", "data": self.errors} if self.status == "failed" else None,
            "input_file_id": self.input_file_id,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.created_at,
            "expires_at": self.created_at + _DAY_S,
            **{f"{status}_at": self.stamps.get(status) for status in _STAMPS},
            "request_counts": {"total": total, "completed": completed, "failed": len(self.results) - completed},
            "metadata": self.metadata,
        }


@dataclass(slots=True)
class Batches:
    """The Files and Batch APIs. `run` executes the body of one line of a batch of this id."""

    rules: BatchRules
    run: Callable[[Mapping[str, Any], str], Result]
    _files: Files = field(init=False)
    _batches: dict[str, _Batch] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._files = Files(self.rules)

    def respond(self, request: Request) -> Mapping[str, Any] | bytes:
        """Answer a request to /v1/files or /v1/batches."""
        with self._lock:
            return self._files.respond(request) if request.path[0] == "files" else self._respond(request)

    def _respond(self, request: Request) -> Mapping[str, Any]:
        match (request.method, *request.path[1:]):
            case ("POST",):
                return self._create(request.json())
            case ("GET",):
                listed = [self._look_at(batch) for batch in reversed(self._batches.values())]
                return page(listed, request.query, default=20, most=100)
            case ("GET", batch_id):
                return self._look_at(self._get(batch_id))
            case ("POST", batch_id, "cancel"):
                return _cancel(self._get(batch_id))
        raise request.unknown()

    def _get(self, batch_id: str) -> _Batch:
        if batch_id not in self._batches:
            raise BadRequestError(f"No batch found with id '{batch_id}'.", status=404)
        return self._batches[batch_id]

    def _create(self, asked: dict[str, Any]) -> dict[str, Any]:
        _check_asked(asked)
        file = self._files.get(asked["input_file_id"])
        if file.purpose != "batch":
            raise BadRequestError("The input file must have the purpose 'batch'.", param="input_file_id")
        lines, errors = read_lines(file.content, most_lines=self.rules.most_batch_lines)
        batch = _Batch(input_file_id=file.id, metadata=asked.get("metadata"), lines=lines, errors=errors)
        self._batches[batch.id] = batch
        return batch.shown()

    def _look_at(self, batch: _Batch) -> dict[str, Any]:
        if batch.status == "cancelling":
            self._end(batch, "cancelled")
        elif batch.status not in _ENDED:
            self._advance(batch, self._progress(batch))
        return batch.shown()

    def _progress(self, batch: _Batch) -> float:
        passed_s = time.monotonic() - batch.started_s
        share = 1.0 if passed_s >= self.rules.batch_seconds else passed_s / self.rules.batch_seconds
        return share if self.rules.batches_may_end.is_set() else min(share, _HELD)

    def _advance(self, batch: _Batch, share: float) -> None:
        if share < _VALIDATED:
            return
        if batch.errors:
            batch.enter("failed")
            return
        batch.enter("in_progress")
        self._run(batch, share)
        if share >= _RUN:
            batch.enter("finalizing")
        if share >= 1:
            self._end(batch, "completed" if len(batch.results) == len(batch.lines) else "expired")

    def _run(self, batch: _Batch, share: float) -> None:
        due = len(batch.lines) if share >= _RUN else int(len(batch.lines) * share)
        if self.rules.expires_after_lines is not None:
            due = min(due, self.rules.expires_after_lines)
        for line in batch.lines[len(batch.results) : due]:
            batch.results.append(self.run(line.body, batch.id))

    def _end(self, batch: _Batch, status: str) -> None:
        ran = list(zip(batch.lines, batch.results, strict=False))
        output = [answered(line, result) for line, result in ran if result.status == 200]
        errors = [answered(line, result) for line, result in ran if result.status != 200]
        errors += [not_run(line, status) for line in batch.lines[len(ran) :]]
        batch.output_file_id = self._store(f"{batch.id}_output.jsonl", output)
        batch.error_file_id = self._store(f"{batch.id}_error.jsonl", errors)
        batch.enter(status)

    def _store(self, name: str, lines: list[dict[str, Any]]) -> str | None:
        """Keep a file of results, not in the order of the requests: nobody may count on it."""
        raw = "".join(json.dumps(line) + "\n" for line in reversed(lines)).encode()
        return self._files.add(name, "batch_output", raw).id if lines else None


def _check_asked(asked: dict[str, Any]) -> None:
    for name in asked:
        if name not in ("input_file_id", "metadata", *_REQUIRED):
            raise BadRequestError(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    for name in ("input_file_id", *_REQUIRED):
        if not isinstance(asked.get(name), str):
            message = f"Missing required parameter: '{name}'."
            raise BadRequestError(message, param=name, code="missing_required_parameter")
    for name, value in _REQUIRED.items():
        if asked[name] != value:
            message = f"Invalid value: '{asked[name]}'. Supported values are: '{value}'."
            raise BadRequestError(message, param=name, code="invalid_value")
    _check_metadata(asked.get("metadata") or {})


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict) or len(metadata) > 16:
        raise BadRequestError("Invalid 'metadata': expected an object with at most 16 properties.", param="metadata")
    for key, value in metadata.items():
        if len(key) > 64 or not isinstance(value, str) or len(value) > 512:
            message = f"Invalid 'metadata.{key}': keys have at most 64 characters, values are strings of at most 512."
            raise BadRequestError(message, param="metadata")


def _cancel(batch: _Batch) -> dict[str, Any]:
    if batch.status in _ENDED:
        raise BadRequestError(f"Cannot cancel a batch with status '{batch.status}'.", status=409)
    batch.enter("cancelling")
    return batch.shown()
