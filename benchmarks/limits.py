"""How near the captioner keeps to what a limited endpoint allows."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from benchmarks.endpoints import AnswerFunction, Endpoint, Seen
from benchmarks.faulty import Crowded, PerMinute
from benchmarks.running import Where, caption_only
from benchmarks.verdicts import Verdict
from tests.images import write_images

_WORKERS = 50
_ALLOWED, _LATER, _LATENCY_S = 5, 50, 0.2
_CROWDED, _OPEN, _RECOVERED, _LONGEST_RECOVERY_S = 800, 800, 45, 10.0
_RPM, _BURST, _LASTS_S = 240, 20, 120
_LIMITER = "indexer.captioning.limiting"


class Limits(logging.Handler):
    """Takes down how many requests were allowed in flight, and when."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.changes: list[tuple[float, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take down one change."""
        if isinstance(record.args, tuple) and isinstance(record.args[0], int):
            self.changes.append((time.monotonic(), record.args[0]))


def measure_limit(where: Where) -> Iterator[Verdict]:
    """Allow five in flight where fifty workers are there, and then fifty."""
    photos, limits = where.new_folder(), Limits()
    write_images(photos, _CROWDED + _OPEN)
    logging.getLogger(_LIMITER).addHandler(limits)
    logging.getLogger(_LIMITER).setLevel(logging.INFO)
    started = time.monotonic()
    failed, seen = _caption(where, photos, Crowded(_ALLOWED, _LATER, _CROWDED, _LATENCY_S), _WORKERS)
    logging.getLogger(_LIMITER).removeHandler(limits)
    opened = seen.good_at[_CROWDED - 1]
    share = (_CROWDED - 1) / (opened - seen.good_at[0]) / (_ALLOWED / _LATENCY_S)
    print("limit over time:", " ".join(f"{at - started:.1f}s:{limit}" for at, limit in limits.changes))
    yield Verdict(
        scenario="limit",
        asked=f"{_CROWDED} images, {_WORKERS} workers, {_ALLOWED} allowed in flight, {_LATENCY_S} s",
        came=f"{share:.2f} of {_ALLOWED / _LATENCY_S:.0f}/s, {seen.busy} refusals in all, {failed} failures",
        promise="0.85 of the server's limit, no failure",
        held=share >= 0.85 and not failed,
    )
    recovered = next((at - opened for at, limit in limits.changes if at > opened and limit >= _RECOVERED), float("inf"))
    rate = (len(seen.good_at) - _CROWDED) / (seen.good_at[-1] - opened)
    yield Verdict(
        scenario="limit",
        asked=f"then {_LATER} allowed, {_OPEN} images more",
        came=f"{_RECOVERED} in flight after {recovered:.1f} s; {rate:.0f} images/s",
        promise=f"within {_LONGEST_RECOVERY_S:.0f} s",
        held=recovered <= _LONGEST_RECOVERY_S,
    )


def measure_per_minute(where: Where) -> Iterator[Verdict]:
    """Allow so many requests a minute, which the endpoint says in three ways."""
    photos = where.new_folder()
    write_images(photos, _BURST + _RPM * _LASTS_S // 60)
    tellings: tuple[Literal["retry-after", "nothing", "x-ratelimit"], ...] = ("retry-after", "nothing", "x-ratelimit")
    for tells in tellings:
        for workers in (10, _WORKERS):
            yield _measure_per_minute(where, photos, tells, workers)


def _measure_per_minute(
    where: Where, photos: Path, tells: Literal["retry-after", "nothing", "x-ratelimit"], workers: int
) -> Verdict:
    failed, seen = _caption(where, photos, PerMinute(_RPM, _BURST, tells), workers)
    took_s = seen.good_at[-1] - seen.good_at[0]
    rate = (len(seen.good_at) - _BURST) / took_s * 60
    return Verdict(
        scenario="rpm",
        asked=f"{_RPM} a minute after a burst of {_BURST}, {workers} workers; told by {tells}",
        came=f"{rate:.0f} a minute over {took_s:.0f} s, {seen.busy} refusals, {failed} failures",
        promise=f"within 10% of {_RPM}, no failure",
        held=abs(rate - _RPM) <= _RPM / 10 and not failed,
    )


def _caption(where: Where, photos: Path, answer: AnswerFunction, workers: int) -> tuple[int, Seen]:
    """Return how many images had no caption in the end, and what the endpoint saw."""
    with Endpoint(answer) as endpoint:
        outcomes = caption_only(where.new_database(), endpoint.base_url, endpoint.key, [photos], concurrency=workers)
        failed = sum(outcome.status != "captioned" for outcome in outcomes)
        seen = endpoint.seen()
    assert not seen.malformed
    return failed, seen
