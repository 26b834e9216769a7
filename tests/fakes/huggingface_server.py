"""A local HTTP server that answers like a Hugging Face image-to-text endpoint, as strictly as a real one."""

import base64
import binascii
import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from PIL import Image

from tests.fakes.serving import Handler, Served

_PATH = "/models/tests/captions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One accepted request, as an answer function sees it."""

    number: int
    image: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer: what is neither text nor bytes is sent as JSON."""

    body: object
    status: int = 200
    retry_after: str | None = None


def generated(*texts: str) -> Said:
    """Answer as the task does."""
    return Said(body=[{"generated_text": text} for text in texts])


def loading(estimated_time: float) -> Said:
    """Answer while the model is loaded; the time is in seconds."""
    body = {"error": "Model tests/captions is currently loading", "estimated_time": estimated_time}
    return Said(body=body, status=503)


def describe(asked: Asked) -> Said:
    """Answer with the picture's mean colour."""
    with Image.open(io.BytesIO(asked.image)) as image:
        colour = image.convert("RGB").resize((1, 1)).tobytes().hex()
    return generated(f"a wall painted in the colour {colour}")


@dataclass(slots=True)
class FakeHuggingFace(Served):
    """The server; a context manager."""

    answer: Callable[[Asked], Said] = describe
    health: Said = Said(body="")
    token: str = "hf_test"
    accepted: list[Asked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"{self.address}{_PATH}"

    def handler(self) -> type[Handler]:
        return type("Handler", (_Handler,), {"state": self})

    def accept(self, image: bytes, content_type: str) -> Said:
        """Note a request and answer it."""
        with self._lock:
            asked = Asked(number=len(self.accepted), image=image, content_type=content_type)
            self.accepted.append(asked)
        return self.answer(asked)

    def refuse(self, status: int, message: str) -> Said:
        """Note a request that the real endpoint would refuse."""
        with self._lock:
            self.refused.append(message)
        return Said(body={"error": message}, status=status)


class _Handler(Handler):
    state: FakeHuggingFace

    def answer(self, raw: bytes) -> None:
        match self.command, self.path:
            case "GET", path if path == f"{_PATH}/health":
                self._send(self._check_token() or self.state.health)
            case "POST", path if path == _PATH:
                self._send(self._check_token() or self._answer(raw))
            case _:
                self._send(self.state.refuse(404, "Not Found"))

    def _check_token(self) -> Said | None:
        sent = self.headers.get("Authorization")
        self.state.authorizations.append(sent)
        if sent == f"Bearer {self.state.token}":
            return None
        return self.state.refuse(401, "Invalid credentials in Authorization header")

    def _answer(self, raw: bytes) -> Said:
        content_type = self.headers.get("Content-Type", "")
        try:
            image = _image_in(raw, content_type)
        except (ValueError, OSError) as exc:
            return self.state.refuse(400, f"cannot read the image: {exc}")
        return self.state.accept(image, content_type)

    def _send(self, said: Said) -> None:
        body = said.body if isinstance(said.body, (str, bytes)) else json.dumps(said.body)
        raw = body.encode() if isinstance(body, str) else body
        self.send_raw(said.status, raw, {"Retry-After": said.retry_after} if said.retry_after else {})


def _image_in(raw: bytes, content_type: str) -> bytes:
    """Return the picture in a body, raw or as base64 in JSON; raises ValueError or OSError if there is none."""
    if content_type == "application/json":
        raw = _inputs(json.loads(raw))
    elif not content_type.startswith("image/"):
        raise ValueError(f"Content type {content_type!r} is not supported")
    formats = None if content_type == "application/json" else [content_type.removeprefix("image/").upper()]
    with Image.open(io.BytesIO(raw), formats=formats) as image:
        image.load()
    return raw


def _inputs(body: Any) -> bytes:
    if not isinstance(body, dict) or not body.keys() <= {"inputs", "parameters"}:
        raise ValueError("Body needs to provide a inputs key")
    try:
        return base64.b64decode(body["inputs"], validate=True)
    except binascii.Error as exc:
        raise ValueError("inputs is no base64") from exc
