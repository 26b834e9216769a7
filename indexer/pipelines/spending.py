"""A budget that no run passes: each request reserves the most it can cost before it is sent."""

import math
import threading
from threading import Event

_WAKE_S = 0.5


class Budget:
    """Counts what is spent and what is in flight, in USD; safe to share by threads."""

    def __init__(self, limit_usd: float) -> None:
        self.is_exhausted = False
        self.is_limited = math.isfinite(limit_usd)
        self._limit = limit_usd
        self._spent = 0.0
        self._reserved = 0.0
        self._changed = threading.Condition()

    def reserve(self, most_usd: float, stop: Event) -> bool:
        """Set aside the most that a request can cost; False when the budget has no room for it, or on `stop`.

        Waits while requests in flight, which mostly cost less than they reserved, may make room.
        """
        with self._changed:
            while not self.try_reserve(most_usd):
                if self.is_exhausted or stop.is_set():
                    return False
                self._changed.wait(_WAKE_S)
            return True

    def try_reserve(self, most_usd: float) -> bool:
        """Set aside the most that a request can cost; False when there is no room for it now.

        With nothing in flight that could make room, the budget is exhausted.
        """
        with self._changed:
            if self._spent + self._reserved + most_usd > self._limit:
                self.is_exhausted = self.is_exhausted or self._reserved <= 0
                return False
            self._reserved += most_usd
            return True

    def settle(self, reserved_usd: float, cost_usd: float) -> None:
        """Give a reservation back, and note what the request did cost."""
        with self._changed:
            self._reserved = max(0.0, self._reserved - reserved_usd)
            self._spent += cost_usd
            self._changed.notify_all()
