"""Run `indexer` with a stopwatch on every thread: python -m benchmarks.timed_command FIGURES.json ARGUMENTS.

The file gets CPU seconds by what a thread's name begins with: those of the pools, of the main thread, of the whole
process (`all`), and of reading what editors returned (`reading`), which is a part of `edit`.
"""

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from indexer.cli.app import main
from indexer.pipelines.editing import calling
from indexer.pipelines.jobs import read_for

P = ParamSpec("P")
R = TypeVar("R")

_took_s: defaultdict[str, float] = defaultdict(float)
_noting = threading.Lock()


def _timed(name: Callable[[], str], work: Callable[P, R]) -> Callable[P, R]:
    def timed(*args: P.args, **kwargs: P.kwargs) -> R:
        started = time.thread_time()
        try:
            return work(*args, **kwargs)
        finally:
            with _noting:
                _took_s[name()] += time.thread_time() - started

    return timed


def _pool() -> str:
    return threading.current_thread().name.partition("_")[0]


if __name__ == "__main__":
    figures = Path(sys.argv.pop(1))
    threading.Thread.run = _timed(_pool, threading.Thread.run)  # type: ignore[method-assign]
    calling.read_for = _timed(lambda: "reading", read_for)  # type: ignore[attr-defined]
    try:
        main()
    finally:
        figures.write_text(json.dumps(_took_s | {"main": time.thread_time(), "all": time.process_time()}), "utf-8")
