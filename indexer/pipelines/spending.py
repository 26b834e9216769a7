"""A budget that no run passes: each request reserves the most it can cost before it is sent."""

import math
import threading
from threading import Event

_WAKE_S = 0.5
_NANO = 10**9  # counted in whole numbers: what is given back is exactly what was taken


class Budget:
    """Counts what is spent and what is in flight; safe to share by threads."""

    def __init__(self, limit_usd: float) -> None:
        self.is_exhausted = False
        self.is_limited = math.isfinite(limit_usd)
        self._limit = _nano(limit_usd) if self.is_limited else 0
        self._spent = 0
        self._reserved = 0
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
            if self.is_limited and self._spent + self._reserved + _nano(most_usd) > self._limit:
                self.is_exhausted = self.is_exhausted or self._reserved == 0
                return False
            self._reserved += _nano(most_usd)
            return True

    def settle(self, reserved_usd: float, cost_usd: float) -> None:
        """Give a reservation back, and note what the request did cost."""
        with self._changed:
            self._reserved -= _nano(reserved_usd)
            self._spent += _nano(cost_usd)
            self._changed.notify_all()


def _nano(usd: float) -> int:
    return math.ceil(usd * _NANO)
