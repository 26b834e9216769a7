"""What endpoints do when they are busy, limited or broken; each is an answer function with a state of its own."""

import json
import math
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from benchmarks.endpoints import BUSY_STATUS, good_reply, picture_name
from tests.fakes.openai_server import Asked, Fault, Reply, caption_reply

HANG_S = 30.0
_HALF = '{"captions": ["A picture that was being wri'
_ERROR = "Error: 500 Internal Server Error"
_FAULTS: tuple[Reply | Fault, ...] = (
    Fault(status=BUSY_STATUS, message="Rate limit reached", retry_after="1"),
    Fault(status=BUSY_STATUS, message="Rate limit reached"),
    Fault(status=500),
    Fault(status=503, raw=b"<html>upstream connect error</html>"),
    Fault(hang_up=True),
    Fault(status=200, raw=b'{"id": "chatcmpl-1", "object": "chat.completion", "cho', cut_off=True),
    Fault(status=200, raw=b"Internal Server Error"),
    Reply(content=""),
    Reply(content=None),
    Reply(content="null"),
    Reply(content=json.dumps({"captions": None, "keywords": [], "visible_text": "", "uncertain": False})),
    Reply(content=None, refusal="I'm sorry, but I can't assist with that."),
    Reply(content="I'm sorry, but I can't help with that."),
    Reply(content=_HALF),
    Reply(content=_HALF, finish_reason="length"),
    Reply(content=_ERROR),
    caption_reply(_ERROR),
    caption_reply("null"),
    caption_reply(""),
)


@dataclass(frozen=True, slots=True)
class Sometimes:
    """Answers this share of the requests with the fault, chosen by their number."""

    share: float
    fault: Fault
    latency_s: float = 0.05

    def __call__(self, asked: Asked) -> Reply | Fault:
        """Answer after the latency."""
        time.sleep(self.latency_s)
        return self.fault if random.Random(asked.number).random() < self.share else good_reply(asked)  # noqa: S311


@dataclass(frozen=True, slots=True)
class Mixed:
    """Answers half of the requests with every fault there is, in turn by chance, and hangs now and then."""

    share: float = 0.5
    hanging: float = 0.02
    longest_latency_s: float = 0.2

    def __call__(self, asked: Asked) -> Reply | Fault:
        """Answer after a latency that differs from one to the next."""
        chance = random.Random(asked.number)  # noqa: S311 - faults, not secrets
        if chance.random() < self.hanging:
            time.sleep(HANG_S)
            return Fault(hang_up=True)
        time.sleep(chance.random() * self.longest_latency_s)
        return chance.choice(_FAULTS) if chance.random() < self.share else good_reply(asked)


class _Stateful:
    """Goes to the process that answers as it was built, with a lock of its own there."""

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= {**state, "lock": threading.Lock()}


@dataclass
class Crowded(_Stateful):
    """Allows so many requests in flight, 429 without a header beyond; more after so many good answers."""

    allowed: int
    later: int
    after: int
    latency_s: float
    in_flight: int = 0
    good: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, asked: Asked) -> Reply | Fault:
        """Refuse at once, or answer after the latency."""
        with self.lock:
            if self.in_flight >= (self.allowed if self.good < self.after else self.later):
                return Fault(status=BUSY_STATUS, message="Too many requests at once")
            self.in_flight += 1
        time.sleep(self.latency_s)
        with self.lock:
            self.in_flight -= 1
            self.good += 1
        return good_reply(asked)


@dataclass
class PerMinute(_Stateful):
    """Allows so many requests a minute: a bucket of `burst` that fills at that rate; tells so in one of three ways."""

    rpm: int
    burst: int
    tells: Literal["retry-after", "nothing", "x-ratelimit"]
    latency_s: float = 0.1
    left: float = math.nan
    filled_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, asked: Asked) -> Reply | Fault:
        """Refuse at once, or answer after the latency."""
        with self.lock:
            left = self._take()
        if left < 0:
            wait_s = str(math.ceil(-left * 60 / self.rpm)) if self.tells == "retry-after" else None
            return Fault(status=BUSY_STATUS, message="Rate limit reached for requests", retry_after=wait_s)
        time.sleep(self.latency_s)
        reply = good_reply(asked)
        return Reply(content=reply.content, headers=self._headers(left)) if self.tells == "x-ratelimit" else reply

    def _take(self) -> float:
        """Take one from the bucket and return what is left; below 0, nothing was taken and so much lacks."""
        now = time.monotonic()
        before = self.burst if math.isnan(self.left) else self.left
        self.left = min(float(self.burst), before + (now - self.filled_at) * self.rpm / 60)
        self.filled_at = now
        if self.left < 1:
            return self.left - 1
        self.left -= 1
        return self.left

    def _headers(self, left: float) -> dict[str, str]:
        """Tell what is left, and when the bucket is full again, as the real one does."""
        return {
            "x-ratelimit-limit-requests": str(self.rpm),
            "x-ratelimit-remaining-requests": str(int(left)),
            "x-ratelimit-reset-requests": f"{(self.burst - left) * 60 / self.rpm:.3f}s",
        }


@dataclass(slots=True)
class FailsFirst:
    """Fails this share of the pictures the first time that they are asked about."""

    share: float
    failed: set[str] = field(default_factory=set)

    def __call__(self, asked: Asked) -> Reply | Fault:
        """Answer at once."""
        name = picture_name(asked)
        if int(name[:4], 16) < self.share * 0x10000 and name not in self.failed:
            self.failed.add(name)
            return Fault(status=500)
        return good_reply(asked)
