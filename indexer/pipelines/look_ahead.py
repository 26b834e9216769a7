"""Run work in threads a bounded number of items ahead, in constant memory."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from indexer.pipelines.outcomes import Outcome


Item = TypeVar("Item")
Result = TypeVar("Result")


def look_ahead(
    pool: ThreadPoolExecutor,
    work: Callable[[Item], Result | Outcome],
    items: Iterable[Item | Outcome],
    *,
    window: int,
) -> Iterator[Result | Outcome]:
    """Yield results as they are ready, with at most `window` items begun and not yet yielded.

    An item that is an outcome already passes by. What `work` raises is raised here.
    """
    ready: SimpleQueue[Future[Result | Outcome]] = SimpleQueue()
    begun = 0
    for item in items:
        if isinstance(item, Outcome):
            yield item
            continue
        pool.submit(work, item).add_done_callback(ready.put)
        begun += 1
        while begun >= window or not ready.empty():
            yield ready.get().result()
            begun -= 1
    for _ in range(begun):
        yield ready.get().result()
