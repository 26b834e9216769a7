"""What takes long to count is counted by one request, and told to the others for a while."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


# Making it anew keeps one core busy for so small a share of the time.
_SHARE = 0.05


class Remembered(Generic[Value]):
    """A value at most `age_s` seconds old, or older where making it takes long; safe to share by threads."""

    def __init__(self, make: Callable[[], Value], age_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._make = make
        self._age_s = age_s
        self._clock = clock
        self._known: tuple[float, Value] | None = None  # good until, value
        self._making = Lock()

    def get(self) -> Value:
        """Return it, making it where it is too old; while one makes it, others go on with what is known."""
        known = self._known
        if known is not None and (self._clock() < known[0] or self._making.locked()):
            return known[1]
        with self._making:
            if self._known is None or self._known is known:
                began = self._clock()
                value = self._make()
                took_s = self._clock() - began
                self._known = (began + max(self._age_s, took_s / _SHARE), value)
            return self._known[1]
