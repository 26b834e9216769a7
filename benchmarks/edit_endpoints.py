"""An endpoint for edits in a process of its own, of either protocol; OpenAI's captions too."""

import resource
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Literal, Self

from benchmarks.endpoints import Process, good_reply
from tests.fakes.edits import EditAnswer, EditAsked, EditReply, Edits, paint
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.serving import Fault

Protocol = Literal["openai", "gemini"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditsSeen:
    """What an endpoint saw so far; `returned` are the SHA-256 of its pictures, `paid` counts answers with pictures.

    `answered_at` is of the monotonic clock, which all processes share.
    """

    requests: int
    captions: int
    most_in_flight: int
    refused: list[str]
    sizes: list[int]
    answered_at: list[float]
    cpu_s: float
    paid: Counter[str] = field(default_factory=Counter)
    returned: frozenset[str] = frozenset()
    metadata: frozenset[str] = frozenset()

    @property
    def paid_twice(self) -> int:
        """Return how many good answers were not the first to their request."""
        return self.paid.total() - len(self.paid)


class EditEndpoint(Process[EditsSeen]):
    """A context manager; `answer` must be picklable. It looks at pictures' headers only."""

    def __init__(self, protocol: Protocol, *, answer: EditAnswer = paint, latency_s: float = 0.0) -> None:
        super().__init__(_serve, protocol, answer, latency_s)


class EditEndpoints:
    """The endpoint of edits, and that of their captions, where it is another; a context manager."""

    def __init__(self, protocol: Protocol, *, answer: EditAnswer = paint, latency_s: float = 0.0) -> None:
        self.edits = EditEndpoint(protocol, answer=answer, latency_s=latency_s)
        self.captions = self.edits if protocol == "openai" else EditEndpoint("openai", latency_s=latency_s)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        for endpoint in {self.edits, self.captions}:
            self._open.enter_context(endpoint)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    @property
    def gemini(self) -> EditEndpoint | None:
        """Return the endpoint of edits where it speaks Gemini's protocol."""
        return None if self.edits is self.captions else self.edits


class _Noting:
    """Notes when each edit is answered."""

    def __init__(self, answer: EditAnswer) -> None:
        self.answered_at: list[float] = []
        self._answer = answer

    def __call__(self, asked: EditAsked) -> EditReply | Fault:
        said = self._answer(asked)
        self.answered_at.append(time.monotonic())
        return said


def _serve(connection: Connection, protocol: Protocol, answer: EditAnswer, latency_s: float) -> None:
    noting = _Noting(answer)
    edits = Edits(answer=noting, latency_s=latency_s, decodes=False)
    made: FakeOpenAI | FakeGemini = FakeGemini(edits=edits)
    if protocol == "openai":
        made = FakeOpenAI(answer=good_reply, latency_s=latency_s, decodes=False, edits=edits)
    with made as server:
        connection.send((server.base_url, server.key))
        while connection.recv():
            connection.send(_look(server, noting))


def _look(server: FakeOpenAI | FakeGemini, noting: _Noting) -> EditsSeen:
    edits, used = server.edits, resource.getrusage(resource.RUSAGE_SELF)
    return EditsSeen(
        requests=len(edits.accepted),
        captions=len(server.accepted) if isinstance(server, FakeOpenAI) else 0,
        most_in_flight=edits.most_in_flight,
        refused=list(server.refused),
        sizes=[asked.size_bytes for asked in list(edits.accepted)],
        answered_at=list(noting.answered_at),
        cpu_s=used.ru_utime + used.ru_stime,
        paid=edits.paid_for(),
        returned=frozenset(edits.returned()),
        metadata=frozenset(name for asked in list(edits.accepted) for name in asked.metadata),
    )
