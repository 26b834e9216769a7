"""How many requests may be in flight: found from the endpoint's own answers, so that nobody has to guess it."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

_log = logging.getLogger(__name__)
_LONGEST_PAUSE_S = 120.0
# So many rounds of good answers just below the last refusal, before it is tried whether more is allowed by now.
_ROUNDS_BELOW = 10
# How long nothing is sent after even one request at a time was refused; a limit that resets is met within the longest.
_SHORTEST_REST_S, _LONGEST_REST_S = 0.25, 4.0
_WAKE_S = 0.5  # how often a waiting request looks whether the run was stopped


class Limiter:
    """Starts at the ceiling, halves when the endpoint is busy, and grows again while answers are good.

    After a refusal it returns to just below where it was refused, one step an answer, and stays there for some rounds;
    then each round without a refusal doubles the step, so that an endpoint that opens up is used within a few rounds.
    An endpoint that refuses one at a time without a word limits a rate: nothing is sent for a while, twice as long each
    time until an answer is good.
    """

    def __init__(self, ceiling: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.ceiling = ceiling
        self.limit = ceiling
        self.in_flight = 0
        self._clock = clock
        self._changed = threading.Condition()
        self._refused_at = ceiling + 1
        self._step = 1
        self._good_answers = 0
        self._halved_at = float("-inf")
        self._paused_until = float("-inf")
        self._rest_s = _SHORTEST_REST_S

    @contextmanager
    def slot(self, stop: Event) -> Iterator[float]:
        """Wait for a place in flight, or until `stop`; give the time at which it was had."""
        with self._changed:
            while not stop.is_set() and (wait_s := self._wait_s()) > 0:
                self._changed.wait(min(wait_s, _WAKE_S))
            self.in_flight += 1
        try:
            yield self._clock()
        finally:
            with self._changed:
                self.in_flight -= 1
                self._changed.notify()

    def answered(self, *, pause_s: float = 0.0) -> None:
        """Note a good answer; `pause_s` is how long the endpoint wants no other."""
        with self._changed:
            self._pause(pause_s)
            self._rest_s = _SHORTEST_REST_S
            self._good_answers += 1
            if self.limit < self._refused_at - 1:
                self._grow_to(self.limit + 1)
            elif self._good_answers >= self.limit * (_ROUNDS_BELOW if self._step == 1 else 1):
                self._grow_to(self.limit + self._step)
                self._step *= 2

    def refused(self, sent_at: float, *, pause_s: float = 0.0) -> None:
        """Note that the endpoint was too busy for a request sent at `sent_at`, and how long it asked to wait.

        Requests sent before the last halving say nothing new.
        """
        with self._changed:
            self._pause(pause_s)
            if sent_at < self._halved_at:
                return
            if self.limit == 1 and pause_s <= 0:
                self._rest()
            self._refused_at = max(2, min(self.limit, max(self.in_flight, 1)))
            self._set(max(1, self._refused_at // 2))
            self._step, self._halved_at = 1, self._clock()

    def _wait_s(self) -> float:
        pause_s = self._paused_until - self._clock()
        return pause_s if pause_s > 0 else _WAKE_S if self.in_flight >= self.limit else 0.0

    def _pause(self, pause_s: float) -> None:
        if pause_s > 0:
            self._paused_until = max(self._paused_until, self._clock() + min(pause_s, _LONGEST_PAUSE_S))

    def _rest(self) -> None:
        self._pause(self._rest_s)
        self._rest_s = min(2 * self._rest_s, _LONGEST_REST_S)

    def _grow_to(self, limit: int) -> None:
        if self.limit < self.ceiling:
            self._set(min(self.ceiling, limit))
            self._changed.notify_all()

    def _set(self, limit: int) -> None:
        self._good_answers = 0
        if limit != self.limit:
            _log.info("requests in flight: at most %d, was %d", limit, self.limit)
        self.limit = limit
