"""What the fakes have in common as HTTP servers: a server on this machine, and what is sent instead of an answer."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Anything but an answer: a status with an error body, raw bytes, or a connection closed without a word.

    Raw bytes that are `cut_off` are announced as twice as many, and the connection closes after them.
    `retry_delay_s` is what Gemini says in the error's details.
    """

    status: int = 500
    message: str = "The server had an error while processing your request"
    code: str | None = None
    retry_after: str | None = None
    retry_delay_s: float | None = None
    raw: bytes | None = None
    cut_off: bool = False
    hang_up: bool = False


class Handler(BaseHTTPRequestHandler):
    """Reads whole bodies and sends JSON; a subclass answers."""

    protocol_version = "HTTP/1.1"
    # As real servers do: else a body waits up to 40 ms for the client to acknowledge the headers.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def do_DELETE(self) -> None:
        self.answer(b"")

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        raw = self.rfile.read(length := int(self.headers.get("Content-Length", 0)))
        if len(raw) < length:
            raise ConnectionAbortedError  # the client was killed while it sent this
        self.answer(raw)

    def answer(self, raw: bytes) -> None:
        """Answer the request that has this body."""
        raise NotImplementedError

    def error_of(self, fault: Fault) -> Mapping[str, Any]:
        """Return the body of the answer that is this error."""
        raise NotImplementedError

    def send_fault(self, fault: Fault) -> None:
        if fault.hang_up:
            self.close_connection = True
            return
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        if fault.raw is None:
            self.send_body(fault.status, self.error_of(fault), headers)
            return
        self.close_connection = fault.cut_off
        self.send_raw(fault.status, fault.raw, headers, length=len(fault.raw) * (2 if fault.cut_off else 1))

    def send_body(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self.send_raw(status, json.dumps(body).encode(), headers)

    def send_raw(
        self,
        status: int,
        raw: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        length: int | None = None,
        media_type: str = "application/json",
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(raw) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


class Served:
    """Makes a fake a context manager that serves; its class has these fields, 0 being any free port."""

    port: int
    _server: ThreadingHTTPServer | None

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the class that answers in this fake's name."""
        raise NotImplementedError

    @property
    def address(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", self.port), self.handler())
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that were killed."""
