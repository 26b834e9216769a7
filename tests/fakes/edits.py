"""What fake image editors of every protocol share: what was asked, what is said, and the book of both."""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes.drawing import Canvas, FileFormat, draw
from tests.fakes.sent_images import SentImage
from tests.fakes.serving import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An earlier turn of a conversation."""

    role: str
    text: str
    images: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditAsked:
    """One accepted request, as an answer function sees it; of a conversation, `images` are the last turn's.

    `parameters` are those that were sent, `count` and `canvas` what they come to. `number` counts requests,
    `repeat` those before this one that asked for the very same.
    """

    operation: str
    model: str
    instruction: str
    images: tuple[SentImage, ...]
    mask: SentImage | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Turn, ...] = ()
    count: int = 1
    canvas: Canvas = field(default_factory=Canvas)
    size_bytes: int = 0
    number: int = 0
    repeat: int = 0
    identity: str = ""

    @property
    def metadata(self) -> set[str]:
        """Name what the pictures that were sent give away beside their pixels."""
        sent = self.images if self.mask is None else (*self.images, self.mask)
        return {name for image in sent for name in image.metadata}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditReply:
    """What the model says. Of these, OpenAI's says `images` only.

    `thoughts` are interim pictures, a `block_reason` refuses the prompt, `declared_type` is said instead of the
    pictures' own type.
    """

    images: tuple[bytes, ...] = ()
    text: str | None = None
    thoughts: tuple[bytes, ...] = ()
    finish_reason: str = "STOP"
    block_reason: str | None = None
    declared_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


EditAnswer = Callable[[EditAsked], EditReply | Fault]


@dataclass(frozen=True, slots=True)
class Answered:
    """A request and what was said to it."""

    asked: EditAsked
    said: EditReply | Fault

    @property
    def images(self) -> tuple[bytes, ...]:
        """Return the very bytes of the pictures that were returned."""
        return () if isinstance(self.said, Fault) else self.said.images


def picture(asked: EditAsked, index: int = 0, *, file_format: FileFormat | None = None, grainy: bool = False) -> bytes:
    """Return the picture that is the answer to this request; the same again asked for is another one."""
    seed = f"{asked.identity} {asked.repeat} {index}"
    wanted = file_format or asked.canvas.file_format
    return draw(seed, replace(asked.canvas, file_format=wanted, grainy=grainy))


def paint(asked: EditAsked) -> EditReply:
    """Answer with as many pictures as were asked for, each like no other."""
    return EditReply(images=tuple(picture(asked, index) for index in range(asked.count)))


@dataclass(slots=True)
class Edits:
    """The book of a server, and its knobs. `answer` may return a Fault; `latency_s` is slept before it is asked.

    Without `decodes`, it looks at pictures' headers only: in benchmarks it shares the cores with what is measured.
    """

    answer: EditAnswer = paint
    latency_s: float = 0.0
    decodes: bool = True
    accepted: list[EditAsked] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    most_in_flight: int = 0
    _times: Counter[str] = field(default_factory=Counter)
    _in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def asked_for(self) -> Counter[str]:
        """Count the accepted requests of each identity: same model, instruction, pictures, parameters, history."""
        return Counter(asked.identity for asked in list(self.accepted))

    def paid_for(self) -> Counter[str]:
        """Count the answers with pictures of each identity; what is above 1 was paid twice."""
        return Counter(answered.asked.identity for answered in list(self.answered) if answered.images)

    def returned(self) -> dict[str, bytes]:
        """Return every picture that was returned, by its SHA-256."""
        return {
            hashlib.sha256(image).hexdigest(): image for answered in list(self.answered) for image in answered.images
        }

    def respond(self, request: EditAsked) -> tuple[EditAsked, EditReply | Fault]:
        """Note a request that was found good, and answer it."""
        asked = self._accept(replace(request, identity=_identify(request)))
        try:
            time.sleep(self.latency_s)
            said = self.answer(asked)
        finally:
            with self._lock:
                self._in_flight -= 1
        with self._lock:
            self.answered.append(Answered(asked, said))
        return asked, said

    def _accept(self, request: EditAsked) -> EditAsked:
        with self._lock:
            asked = replace(request, number=len(self.accepted), repeat=self._times[request.identity])
            self.accepted.append(asked)
            self._times[request.identity] += 1
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        return asked


def _identify(asked: EditAsked) -> str:
    parts = (asked.operation, asked.model, asked.instruction, sorted(asked.parameters.items()))
    known = hashlib.sha256(repr(parts).encode())
    for image in asked.images:
        known.update(hashlib.sha256(image.raw).digest())
    if asked.mask is not None:
        known.update(b"mask" + hashlib.sha256(asked.mask.raw).digest())
    for turn in asked.history:
        known.update(repr((turn.role, turn.text)).encode())
        for raw in turn.images:
            known.update(hashlib.sha256(raw).digest())
    return known.hexdigest()
