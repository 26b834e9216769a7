"""A local HTTP server that speaks Gemini's generateContent as strictly as the real one: for edits of pictures."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from tests.fakes.drawing import Canvas
from tests.fakes.edits import EditAsked, Edits, Turn
from tests.fakes.gemini_errors import RefusedError, fault_body, no_key, unknown_model, wrong_key
from tests.fakes.gemini_history import Returned
from tests.fakes.gemini_replies import reply_body
from tests.fakes.gemini_requests import GenerateRequest, read_request
from tests.fakes.serving import Fault, Handler, Served

_PATH = re.compile(r"/(v1|v1beta)/models/([^/:]+):generateContent")
_MODELS = re.compile(r"gemini-\d[\w.-]*image[\w.-]*")


@dataclass(slots=True)
class FakeGemini(Served):
    """The server; a context manager. `edits` has its knobs and its book."""

    key: str = "AIza-test"
    edits: Edits = field(default_factory=Edits)
    refused: list[str] = field(default_factory=list)
    port: int = 0
    _returned: Returned = field(default_factory=Returned)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None

    @property
    def base_url(self) -> str:
        return self.address

    def handler(self) -> type[Handler]:
        return type("Handler", (_Handler,), {"server_state": self})

    def respond(self, path: str, key: str | None, raw: bytes) -> tuple[Mapping[str, Any], Mapping[str, str]] | Fault:
        """Check a request as the real server does; return the answer's body and headers."""
        try:
            request = self._check(path, key, raw)
        except RefusedError as exc:
            with self._lock:
                self.refused.append(str(exc))
            raise
        asked, said = self.edits.respond(request)
        if isinstance(said, Fault):
            return said
        self._returned.note(said)
        return reply_body(asked, said), said.headers

    def _check(self, path: str, key: str | None, raw: bytes) -> EditAsked:
        found = _PATH.fullmatch(path)
        if not found:
            raise RefusedError(f"The requested URL {path} was not found on this server.", status=404)
        if key != self.key:
            raise wrong_key() if key else no_key()
        version, model = found.groups()
        if not _MODELS.fullmatch(model):
            raise unknown_model(model, version)
        request = read_request(raw, model, decodes=self.edits.decodes)
        self._returned.check(request.contents, model)
        return _asked(request, model, len(raw))


def _asked(request: GenerateRequest, model: str, size_bytes: int) -> EditAsked:
    *earlier, last = request.contents
    return EditAsked(
        operation="generateContent",
        model=model,
        instruction=last.text,
        images=last.images,
        parameters=request.config,
        history=tuple(
            Turn(role=turn.role, text=turn.text, images=tuple(image.raw for image in turn.images)) for turn in earlier
        ),
        canvas=Canvas(size=request.size),
        size_bytes=size_bytes,
    )


class _Handler(Handler):
    server_state: FakeGemini

    def answer(self, raw: bytes) -> None:
        path = self.path.partition("?")[0]
        try:
            answer = self.server_state.respond(path, self.headers.get("x-goog-api-key"), raw)
        except RefusedError as exc:
            return self.send_body(exc.status, exc.body)
        return self.send_fault(answer) if isinstance(answer, Fault) else self.send_body(200, *answer)

    def error_of(self, fault: Fault) -> Mapping[str, Any]:
        return fault_body(fault)
