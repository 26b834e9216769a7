"""The Batch API of an OpenAI-compatible endpoint: half the price for answers within a day."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import openai
from openai.types import Batch
from pydantic import BaseModel, ValidationError

from indexer.captioning.chat_requests import Dialect
from indexer.openai_client import translated_errors

MOST_BYTES, MOST_LINES = 200_000_000, 50_000  # of one input file, as OpenAI publishes them
_ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
_WINDOW: Literal["24h"] = "24h"
_KEY, _FORMAT, _LIMIT = "caption_search", "reply_format", "limit"
_ENDED = ("completed", "failed", "expired", "cancelled")
_TOO_MUCH = "token_limit_exceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    """How a batch stands, and in which dialect it asks; `reason` says why it failed as a whole.

    `is_too_much` when it is larger than what may wait at once.
    """

    id: str
    status: str
    total: int
    done: int
    reason: str = ""
    is_too_much: bool = False
    files: tuple[str, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in _ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What came of one line: a completion's body with status 200, else an HTTP status (None: never run) and why."""

    custom_id: str
    status: int | None
    body: str
    reason: str


class _Response(BaseModel):
    status_code: int
    body: Any = None


class _Line(BaseModel):
    custom_id: str
    response: _Response | None = None
    error: Any = None

    def result(self) -> BatchResult:
        body = self.response.body if self.response else None
        told = body.get("error") if isinstance(body, dict) and body.get("error") else self.error
        words = [told.get(name) for name in ("param", "message")] if isinstance(told, dict) else [told]
        return BatchResult(
            custom_id=self.custom_id,
            status=self.response.status_code if self.response else None,
            body=json.dumps(body),
            reason=" ".join(str(word) for word in words if word) or "no reason was given",
        )


class OpenAIBatches:
    """Sends files of requests, and brings back what came of them."""

    def __init__(self, client: openai.OpenAI) -> None:
        self._client = client

    def create(self, path: Path, key: str, dialect: Dialect) -> str:
        """Upload a file of lines and begin its batch under our key; return the batch's id.

        After an error the batch may have begun all the same: `find` it before it is created again.
        """
        with translated_errors():
            uploaded = self._client.files.create(file=path, purpose="batch")
            batch = self._client.batches.create(
                input_file_id=uploaded.id,
                endpoint=_ENDPOINT,
                completion_window=_WINDOW,
                metadata={_KEY: key, _FORMAT: dialect.reply_format, _LIMIT: dialect.limit},
            )
        return batch.id

    def find(self, key: str) -> str | None:
        """Return the id of the batch that carries our key, if there is one."""
        with translated_errors():
            listed = self._client.batches.list(limit=100)
            return next((batch.id for batch in listed if (batch.metadata or {}).get(_KEY) == key), None)

    def get(self, batch_id: str) -> BatchState:
        """Return how a batch stands."""
        with translated_errors():
            return _state(self._client.batches.retrieve(batch_id))

    def fetch_results(self, state: BatchState, folder: Path) -> list[Path]:
        """Write the files of a batch that has ended into a folder: a line for each request, in no particular order."""
        paths = [folder / file_id for file_id in state.files]
        for path in paths:
            with translated_errors(), self._client.files.with_streaming_response.content(path.name) as response:
                response.stream_to_file(path)
        return paths

    def clean_up(self, batch_id: str) -> None:
        """Delete a collected batch's files, which count against the account's storage; done as far as it goes."""
        with suppress(openai.OpenAIError):
            batch = self._client.batches.retrieve(batch_id)
            for file_id in (batch.input_file_id, batch.output_file_id, batch.error_file_id):
                if file_id:
                    self._client.files.delete(file_id)


def batch_line(custom_id: str, body: Mapping[str, Any]) -> bytes:
    """Return one request as a line of a batch's input file."""
    line = {"custom_id": custom_id, "method": "POST", "url": _ENDPOINT, "body": body}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_results(path: Path) -> Iterator[BatchResult]:
    """Yield what came of each line in a file of results; lines that nothing can be read from are passed over."""
    with path.open("rb") as file:
        for line in file:
            with suppress(ValidationError):
                yield _Line.model_validate_json(line).result()


def _state(batch: Batch) -> BatchState:
    counts, errors = batch.request_counts, batch.errors.data if batch.errors and batch.errors.data else []
    told = batch.metadata or {}
    return BatchState(
        id=batch.id,
        status=batch.status,
        total=counts.total if counts else 0,
        done=counts.completed + counts.failed if counts else 0,
        reason="; ".join(f"{error.message} ({error.code})" for error in errors[:3]),
        is_too_much=any(error.code == _TOO_MUCH for error in errors),
        files=tuple(file_id for file_id in (batch.output_file_id, batch.error_file_id) if file_id),
        dialect=Dialect(told.get(_FORMAT, Dialect().reply_format), told.get(_LIMIT, Dialect().limit)),
    )
