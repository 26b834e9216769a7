"""How many requests a minute: windows that slide, in the memory of this service."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter


class Rates:
    """Counts what each one does, apart for each `purpose`."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose
        self._windows = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def take(self, who: str, per_minute: int) -> int | None:
        """Count one; return None, or in how many seconds to come again where that was too much."""
        limit = RateLimitItemPerMinute(per_minute)
        return None if await self._windows.hit(limit, self._purpose, who) else await self._wait_s(limit, who)

    async def look(self, who: str, per_minute: int) -> int | None:
        """Tell what `take` would, and count nothing."""
        limit = RateLimitItemPerMinute(per_minute)
        return None if await self._windows.test(limit, self._purpose, who) else await self._wait_s(limit, who)

    async def _wait_s(self, limit: RateLimitItemPerMinute, who: str) -> int:
        window = await self._windows.get_window_stats(limit, self._purpose, who)
        return max(1, math.ceil(window.reset_time - time.time()))
