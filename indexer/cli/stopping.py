"""Ctrl-C: the first asks a run to end cleanly, the second ends the process."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from indexer.cli.output import STOPPED, say


@contextmanager
def stop_on_signals() -> Iterator[Event]:
    """Give an event that SIGINT or SIGTERM sets; what was there before is put back afterwards."""
    stop = Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(STOPPED)
        stop.set()
        say("Stopping: the requests in flight are finished and kept. Press Ctrl-C again to leave at once.")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
