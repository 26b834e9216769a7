"""A local HTTP server that speaks the OpenAI protocol as strictly as the real one: it fakes what costs money."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from tests.fakes.edits import Edits
from tests.fakes.openai_batch_lines import Result
from tests.fakes.openai_batches import Batches, BatchRules
from tests.fakes.openai_chat import MODELS, Asked, Reply, caption_reply, check, completion, describe, pixels_key
from tests.fakes.openai_embeddings import Embeddings
from tests.fakes.openai_images import ImageEditing
from tests.fakes.openai_requests import BadRequestError, Request, error_body
from tests.fakes.serving import Fault, Handler, Served

__all__ = ["MODELS", "Asked", "FakeOpenAI", "Fault", "Reply", "caption_reply", "describe", "pixels_key"]


@dataclass(slots=True)
class FakeOpenAI(BatchRules, Served):
    """The server; a context manager. `answer` may return a Fault, `latency_s` is slept before it is asked.

    `embedding_faults` answer the next requests for embeddings, one each.
    Without `decodes`, it looks at pictures' headers only: in benchmarks it shares the cores with what is measured.
    Edits have knobs and a book of their own.
    """

    answer: Callable[[Asked], Reply | Fault] = describe
    latency_s: float = 0.0
    decodes: bool = True
    key: str = "sk-test"
    knows_schemas: bool = True
    knows_completion_limit: bool = True
    accepted: list[Asked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    embeddings: Embeddings = field(default_factory=Embeddings)
    embedding_faults: list[Fault] = field(default_factory=list)
    edits: Edits = field(default_factory=Edits)
    port: int = 0
    most_in_flight: int = 0
    _in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None
    _batches: Batches = field(init=False, repr=False)
    _image_editing: ImageEditing = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._batches = Batches(self, self._run_line)
        self._image_editing = ImageEditing(self.edits)

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def handler(self) -> type[Handler]:
        return type("Handler", (_Handler,), {"server_state": self})

    def asked_for(self) -> dict[str, int]:
        """Count the accepted requests of each picture."""
        counts: dict[str, int] = {}
        for asked in list(self.accepted):
            counts[pixels_key(asked.image)] = counts.get(pixels_key(asked.image), 0) + 1
        return counts

    def respond_about_batches(self, request: Request) -> Mapping[str, Any] | bytes:
        """Answer a request to the Files and Batch APIs."""
        with self._noting_refusals():
            request.check_key(self.key)
            return self._batches.respond(request)

    def respond_with_embeddings(self, request: Request) -> Mapping[str, Any] | Fault:
        """Answer a request for embeddings."""
        with self._noting_refusals(), self._lock:
            return self.embedding_faults.pop(0) if self.embedding_faults else self.embeddings.respond(request, self.key)

    def respond_with_edits(self, request: Request) -> tuple[Mapping[str, Any], Mapping[str, str]] | Fault:
        """Answer a request for edits or variations of pictures: body and headers."""
        with self._noting_refusals():
            return self._image_editing.respond(request, self.key)

    def respond_with_generated(self, request: Request) -> bytes:
        """Answer a request for a picture that an answer gave the address of."""
        with self._noting_refusals():
            return self._image_editing.generated(request)

    @contextmanager
    def _noting_refusals(self) -> Iterator[None]:
        try:
            yield
        except BadRequestError as exc:
            with self._lock:
                self.refused.append(str(exc))
            raise

    def _run_line(self, line: Mapping[str, Any], batch: str) -> Result:
        try:
            said, body = self.respond({"authorization": f"Bearer {self.key}"}, json.dumps(line).encode(), batch)
        except BadRequestError as exc:
            return Result(exc.status, exc.body)
        if isinstance(said, Fault):
            return Result(said.status if said.status >= 400 else 500, error_body(said.message, code=said.code))
        return Result(200, completion(said, body))

    def respond(
        self, headers: Mapping[str, str], raw: bytes, batch: str | None = None
    ) -> tuple[Reply | Fault, Mapping[str, Any]]:
        """Check a request as the real server does, and answer it."""
        with self._noting_refusals():
            body, text, images = check(headers, raw, self)
        with self._lock:
            number, key = len(self.accepted), headers["authorization"]
            asked = Asked(number=number, body=body, text=text, images=images, key=key, size_bytes=len(raw), batch=batch)
            self.accepted.append(asked)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            time.sleep(0 if batch else self.latency_s)
            return self.answer(asked), body
        finally:
            with self._lock:
                self._in_flight -= 1


class _Handler(Handler):
    server_state: FakeOpenAI

    def answer(self, raw: bytes) -> None:
        request = Request.read(self.command, self.path, dict(self.headers.items()), raw)
        try:
            self._answer(request)
        except BadRequestError as exc:
            self.send_body(exc.status, exc.body)

    def error_of(self, fault: Fault) -> Mapping[str, Any]:
        return error_body(fault.message, code=fault.code)

    def _answer(self, request: Request) -> None:
        match request.method, self.path.partition("?")[0]:
            case "POST", "/v1/chat/completions":
                self._answer_chat(request)
            case "POST", "/v1/embeddings":
                self._answer_with_embeddings(request)
            case "POST", "/v1/images/edits" | "/v1/images/variations":
                self._answer_with_edits(request)
            case "GET", "/v1/models":
                request.check_key(self.server_state.key)
                listed = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in MODELS]
                self.send_body(200, {"object": "list", "data": listed})
            case "GET", path if path.startswith("/generated/"):
                generated = self.server_state.respond_with_generated(request)
                self.send_raw(200, generated, media_type="application/octet-stream")
            case _ if re.match(r"/v1/(files|batches)(?![^/?])", self.path):
                self._answer_about_batches(request)
            case method, path:
                raise BadRequestError(f"Invalid URL ({method} {path})", status=404)

    def _answer_chat(self, request: Request) -> None:
        said, body = self.server_state.respond(request.headers, request.raw)
        if isinstance(said, Fault):
            return self.send_fault(said)
        return self.send_body(200, completion(said, body), said.headers)

    def _answer_about_batches(self, request: Request) -> None:
        answer = self.server_state.respond_about_batches(request)
        return self.send_raw(200, answer) if isinstance(answer, bytes) else self.send_body(200, answer)

    def _answer_with_embeddings(self, request: Request) -> None:
        answer = self.server_state.respond_with_embeddings(request)
        return self.send_fault(answer) if isinstance(answer, Fault) else self.send_body(200, answer)

    def _answer_with_edits(self, request: Request) -> None:
        answer = self.server_state.respond_with_edits(request)
        return self.send_fault(answer) if isinstance(answer, Fault) else self.send_body(200, *answer)
