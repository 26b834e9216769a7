"""An endpoint in a process of its own, which counts what it is asked and what it says."""

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Generic, Self, TypeVar

from tests.fakes.openai_server import Asked, FakeOpenAI, Fault, Reply, caption_reply

AnswerFunction = Callable[[Asked], Reply | Fault]
BUSY_STATUS = 429
AnySeen = TypeVar("AnySeen")


@dataclass(slots=True)
class Seen:
    """What an endpoint saw so far; times are of the monotonic clock, which all processes share, sizes in bytes."""

    requests: int = 0
    malformed: int = 0
    busy: int = 0
    good_at: list[float] = field(default_factory=list)
    paid: Counter[str] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)

    @property
    def paid_twice(self) -> int:
        """Return how many good answers were not the first for their picture."""
        return self.paid.total() - len(self.paid)


class Process(Generic[AnySeen]):
    """A context manager: `serve` is given one end of a pipe and the arguments, and tells there what it saw."""

    def __init__(self, serve: Callable[..., None], *arguments: object) -> None:
        self._ours, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=serve, args=(theirs, *arguments))

    def __enter__(self) -> Self:
        self._process.start()
        self.base_url, self.key = self._ours.recv()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ours.send(False)
        self._process.join()

    def seen(self) -> AnySeen:
        """Return what it saw so far."""
        self._ours.send(True)
        seen: AnySeen = self._ours.recv()
        return seen


class Endpoint(Process[Seen]):
    """A context manager; `answer` must be picklable, and may sleep. A batch takes `batch_seconds`."""

    def __init__(self, answer: AnswerFunction, *, batch_seconds: float = 0.0) -> None:
        super().__init__(_serve, answer, batch_seconds)


@dataclass(frozen=True, slots=True)
class Steady:
    """Gives every picture the same good answer, always."""

    latency_s: float = 0.0

    def __call__(self, asked: Asked) -> Reply:
        """Answer after the latency."""
        time.sleep(self.latency_s)
        return good_reply(asked)


def good_reply(asked: Asked) -> Reply:
    """Answer with captions that are the picture's own."""
    name = picture_name(asked)
    return caption_reply(f"A picture called {name}.", f"Someone made {name}.", keywords=(name,))


def picture_name(asked: Asked) -> str:
    """Name a picture by the bytes that were sent."""
    return sha256(asked.image).hexdigest()[:12]


class _Recorder:
    """Notes each answer on its way out."""

    def __init__(self, answer: AnswerFunction) -> None:
        self.seen = Seen()
        self._answer = answer
        self.noting = threading.Lock()

    def __call__(self, asked: Asked) -> Reply | Fault:
        with self.noting:
            self.seen.requests += 1
            self.seen.sizes.append(asked.size_bytes)
        said = self._answer(asked)
        with self.noting:
            self.seen.busy += isinstance(said, Fault) and said.status == BUSY_STATUS
            if isinstance(said, Reply) and said.content == good_reply(asked).content:
                self.seen.good_at.append(time.monotonic())
                self.seen.paid[picture_name(asked)] += 1
        return said


def _serve(connection: Connection, answer: AnswerFunction, batch_seconds: float) -> None:
    recorder = _Recorder(answer)
    with FakeOpenAI(answer=recorder, decodes=False, batch_seconds=batch_seconds) as server:
        connection.send((server.base_url, server.key))
        while connection.recv():
            with recorder.noting:
                recorder.seen.malformed = len(server.refused)
                connection.send(recorder.seen)
