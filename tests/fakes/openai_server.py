"""A local HTTP server that speaks the OpenAI protocol as strictly as the real one: it fakes what costs money."""

import base64
import binascii
import hashlib
import io
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from PIL import Image

from tests.fakes.openai_batch_lines import Result
from tests.fakes.openai_batches import Batches, BatchRules
from tests.fakes.openai_embeddings import Embeddings
from tests.fakes.openai_requests import BadRequestError, Request, error_body

MODELS = ("gpt-4o-mini", "gpt-4o")
_PARAMETERS = {
    "model", "messages", "max_tokens", "max_completion_tokens", "response_format", "temperature", "top_p", "n", "seed",
    "stop", "stream", "user", "metadata", "store", "service_tier", "presence_penalty", "frequency_penalty",
}  # fmt: skip
_DATA_URL = re.compile(r"^data:image/(jpeg|png|webp|gif);base64,(.*)$", re.DOTALL)
_UPPER_LIMIT = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One accepted request, as an answer function sees it; `image` is the first of its images.

    `batch` is the id of the batch that it came in.
    """

    number: int
    body: Mapping[str, Any]
    text: str
    images: tuple[bytes, ...]
    key: str
    size_bytes: int
    batch: str | None = None

    @property
    def image(self) -> bytes:
        return self.images[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model says."""

    content: str | None
    finish_reason: str = "stop"
    refusal: str | None = None
    input_tokens: int = 1000
    output_tokens: int = 100
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Anything but an answer: a status with an error body, raw bytes, or a connection closed without a word.

    Raw bytes that are `cut_off` are announced as twice as many, and the connection closes after them.
    """

    status: int = 500
    message: str = "The server had an error while processing your request"
    code: str | None = None
    retry_after: str | None = None
    raw: bytes | None = None
    cut_off: bool = False
    hang_up: bool = False


def pixels_key(image: bytes) -> str:
    """Name a picture by what it shows: the SHA-256 of its decoded pixels."""
    with Image.open(io.BytesIO(image)) as opened:
        return hashlib.sha256(opened.convert("RGB").tobytes()).hexdigest()


def caption_reply(*captions: str, keywords: tuple[str, ...] = (), visible_text: str = "") -> Reply:
    """Answer the retrieval prompt."""
    said = {"captions": captions, "keywords": keywords, "visible_text": visible_text, "uncertain": False}
    return Reply(content=json.dumps(said))


def describe(asked: Asked) -> Reply:
    """Answer with captions that are the picture's own: no two pictures share one."""
    key = pixels_key(asked.image)[:12]
    return caption_reply(f"A picture called {key}.", f"Someone made {key}.", keywords=(key,))


@dataclass(slots=True)
class FakeOpenAI(BatchRules):
    """The server; a context manager. `answer` may return a Fault, `latency_s` is slept before it is asked.

    `embedding_faults` answer the next requests for embeddings, one each.
    Without `decodes`, it looks at pictures' headers only: in benchmarks it shares the cores with what is measured.
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
    most_in_flight: int = 0
    _in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None
    _batches: Batches = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._batches = Batches(self, self._run_line)

    @property
    def base_url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def asked_for(self) -> dict[str, int]:
        """Count the accepted requests of each picture."""
        counts: dict[str, int] = {}
        for asked in list(self.accepted):
            counts[pixels_key(asked.image)] = counts.get(pixels_key(asked.image), 0) + 1
        return counts

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"server_state": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def respond_about_batches(self, request: Request) -> Mapping[str, Any] | bytes:
        """Answer a request to the Files and Batch APIs."""
        try:
            request.check_key(self.key)
            return self._batches.respond(request)
        except BadRequestError as exc:
            with self._lock:
                self.refused.append(str(exc))
            raise

    def respond_with_embeddings(self, request: Request) -> Mapping[str, Any] | Fault:
        """Answer a request for embeddings."""
        with self._lock:
            if self.embedding_faults:
                return self.embedding_faults.pop(0)
            try:
                return self.embeddings.respond(request, self.key)
            except BadRequestError as exc:
                self.refused.append(str(exc))
                raise

    def _run_line(self, line: Mapping[str, Any], batch: str) -> Result:
        try:
            said, body = self.respond({"authorization": f"Bearer {self.key}"}, json.dumps(line).encode(), batch)
        except BadRequestError as exc:
            return Result(exc.status, exc.body)
        if isinstance(said, Fault):
            return Result(said.status if said.status >= 400 else 500, error_body(said.message, code=said.code))
        return Result(200, _completion(said, body))

    def respond(
        self, headers: Mapping[str, str], raw: bytes, batch: str | None = None
    ) -> tuple[Reply | Fault, Mapping[str, Any]]:
        """Check a request as the real server does, and answer it."""
        try:
            body, text, images = _check(headers, raw, self)
        except BadRequestError as exc:
            with self._lock:
                self.refused.append(str(exc))
            raise
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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that were killed."""


class _Handler(BaseHTTPRequestHandler):
    server_state: FakeOpenAI
    protocol_version = "HTTP/1.1"
    # As real servers do: else a body waits up to 40 ms for the client to acknowledge the headers.
    disable_nagle_algorithm = True

    def do_DELETE(self) -> None:
        self._answer_about_batches(b"")

    def do_GET(self) -> None:
        if _is_about_batches(self.path):
            return self._answer_about_batches(b"")
        if self.path != "/v1/models":
            return self._send_error(Fault(status=404, message=f"Invalid URL (GET {self.path})"))
        if self.headers.get("authorization") != f"Bearer {self.server_state.key}":
            return self._send_error(Fault(status=401, message="Incorrect API key provided", code="invalid_api_key"))
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in MODELS]
        return self._send(200, {"object": "list", "data": listed})

    def do_POST(self) -> None:
        raw = self.rfile.read(length := int(self.headers.get("Content-Length", 0)))
        if len(raw) < length:
            raise ConnectionAbortedError  # the client was killed while it sent this
        if _is_about_batches(self.path):
            return self._answer_about_batches(raw)
        if self.path == "/v1/embeddings":
            return self._answer_with_embeddings(raw)
        if self.path != "/v1/chat/completions":
            return self._send_error(Fault(status=404, message=f"Invalid URL (POST {self.path})"))
        try:
            said, body = self.server_state.respond({name.lower(): value for name, value in self.headers.items()}, raw)
        except BadRequestError as exc:
            return self._send(exc.status, exc.body)
        if isinstance(said, Fault):
            return self._send_error(said)
        return self._send(200, _completion(said, body), said.headers)

    def _answer_about_batches(self, raw: bytes) -> None:
        request = Request.read(self.command, self.path, dict(self.headers.items()), raw)
        try:
            answer = self.server_state.respond_about_batches(request)
        except BadRequestError as exc:
            return self._send(exc.status, exc.body)
        if isinstance(answer, bytes):
            return self._send_raw(200, answer)
        return self._send(200, answer)

    def _answer_with_embeddings(self, raw: bytes) -> None:
        request = Request.read(self.command, self.path, dict(self.headers.items()), raw)
        try:
            answer = self.server_state.respond_with_embeddings(request)
        except BadRequestError as exc:
            return self._send(exc.status, exc.body)
        return self._send_error(answer) if isinstance(answer, Fault) else self._send(200, answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def _send_error(self, fault: Fault) -> None:
        if fault.hang_up:
            self.close_connection = True
            return
        if fault.raw is not None:
            self.close_connection = fault.cut_off
            self._send_raw(fault.status, fault.raw, length=len(fault.raw) * (2 if fault.cut_off else 1))
            return
        body = error_body(fault.message, code=fault.code)
        self._send(fault.status, body, {"Retry-After": fault.retry_after} if fault.retry_after else {})

    def _send(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self._send_raw(status, json.dumps(body).encode(), headers or {})

    def _send_raw(
        self, status: int, raw: bytes, headers: Mapping[str, str] | None = None, *, length: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


def _is_about_batches(path: str) -> bool:
    return re.match(r"/v1/(files|batches)(?![^/?])", path) is not None


def _completion(reply: Reply, body: Mapping[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.content, "refusal": reply.refusal}
    usage = {
        "prompt_tokens": reply.input_tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": reply.input_tokens + reply.output_tokens,
    }
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}],
        "usage": usage,
    }


def _check(headers: Mapping[str, str], raw: bytes, state: FakeOpenAI) -> tuple[dict[str, Any], str, tuple[bytes, ...]]:
    if headers.get("authorization") != f"Bearer {state.key}":
        raise BadRequestError("Incorrect API key provided", status=401, code="invalid_api_key")
    try:
        body = json.loads(raw)
    except ValueError:
        raise BadRequestError("We could not parse the JSON body of your request.") from None
    for name in body:
        if name not in _PARAMETERS:
            raise BadRequestError(f"Unrecognized request argument supplied: {name}", param=name)
    if body.get("model") not in MODELS:
        message = f"The model `{body.get('model')}` does not exist or you do not have access to it."
        raise BadRequestError(message, status=404, code="model_not_found")
    _check_limits(body, state)
    _check_format(body.get("response_format"), state)
    text, images = _check_messages(body.get("messages"), decodes=state.decodes)
    if body.get("response_format", {}).get("type") == "json_object" and "json" not in text.lower():
        raise BadRequestError("'messages' must contain the word 'json' in some form", param="messages")
    return body, text, images


def _check_limits(body: Mapping[str, Any], state: FakeOpenAI) -> None:
    given = [name for name in ("max_tokens", "max_completion_tokens") if name in body]
    if len(given) == 2:
        raise BadRequestError("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    if "max_completion_tokens" in given and not state.knows_completion_limit:
        raise BadRequestError(
            "Unrecognized request argument supplied: max_completion_tokens", param="max_completion_tokens"
        )
    for name in given:
        if type(body[name]) is not int or not 1 <= body[name] <= _UPPER_LIMIT:
            raise BadRequestError(f"Invalid value for {name}", param=name)


def _check_format(wanted: Mapping[str, Any] | None, state: FakeOpenAI) -> None:
    if wanted is None:
        return
    kind = wanted.get("type")
    if kind not in ("text", "json_object", "json_schema"):
        raise BadRequestError(f"Invalid value: {kind!r}", param="response_format.type")
    if kind == "json_schema":
        if not state.knows_schemas:
            raise BadRequestError("response_format value as json_schema is not supported by this model")
        described = wanted.get("json_schema", {})
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", described.get("name", "")):
            raise BadRequestError(
                "Invalid 'response_format.json_schema.name'", param="response_format.json_schema.name"
            )
        if described.get("strict"):
            _check_schema(described.get("schema"), "schema")


def _check_schema(schema: Any, at: str) -> None:
    """Check what strict mode demands: closed objects with every property required."""
    if not isinstance(schema, dict) or "type" not in schema:
        raise BadRequestError(f"Invalid schema: {at} has no type", param="response_format")
    if schema["type"] == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            raise BadRequestError(
                f"Invalid schema: 'additionalProperties' must be false at {at}", param="response_format"
            )
        if sorted(schema.get("required", [])) != sorted(properties):
            raise BadRequestError(
                f"Invalid schema: 'required' must list every property at {at}", param="response_format"
            )
        for name, inner in properties.items():
            _check_schema(inner, f"{at}.{name}")
    if schema["type"] == "array":
        _check_schema(schema.get("items"), f"{at}[]")


def _check_messages(messages: Any, *, decodes: bool) -> tuple[str, tuple[bytes, ...]]:
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("Invalid 'messages': expected an array with at least one message", param="messages")
    texts, images = [], []
    for message in messages:
        if message.get("role") not in ("system", "developer", "user", "assistant"):
            raise BadRequestError(f"Invalid value: {message.get('role')!r}", param="messages[0].role")
        parts = message.get("content")
        for part in parts if isinstance(parts, list) else [{"type": "text", "text": parts}]:
            if part.get("type") == "text" and isinstance(part.get("text"), str):
                texts.append(part["text"])
            elif part.get("type") == "image_url":
                if message["role"] != "user":
                    raise BadRequestError(f"Image URLs are not allowed for role {message['role']!r}", param="messages")
                images.append(_check_image(part.get("image_url"), decodes=decodes))
            else:
                raise BadRequestError(f"Invalid content part: {part.get('type')!r}", param="messages")
    if not images:
        raise BadRequestError("this fake answers requests with images only")
    return "\n".join(texts), tuple(images)


def _check_image(part: Any, *, decodes: bool) -> bytes:
    if not isinstance(part, dict) or part.get("detail", "auto") not in ("auto", "low", "high"):
        raise BadRequestError("Invalid image_url", param="messages")
    match = _DATA_URL.match(part.get("url", ""))
    if match is None:
        raise BadRequestError("Invalid image URL", param="messages", code="invalid_image_url")
    try:
        raw = base64.b64decode(match.group(2), validate=True)
        with Image.open(io.BytesIO(raw), formats=[match.group(1).upper()]) as image:
            if decodes:
                image.load()
    except (binascii.Error, OSError, SyntaxError, ValueError):
        raise BadRequestError("You uploaded an unsupported image.", code="invalid_image_format") from None
    return raw
