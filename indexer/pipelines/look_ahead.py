"""Run work in threads a bounded number of items ahead, in constant memory."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

from indexer.pipelines.outcomes import Outcome

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class LookAhead(Generic[Item, Result]):
    """Does `work` in a pool's threads with at most `window` items begun and not yet yielded."""

    pool: ThreadPoolExecutor
    work: Callable[[Item], Result | Outcome]
    window: int

    def over(self, items: Iterable[Item | Outcome]) -> Iterator[Result | Outcome]:
        """Yield results as they are ready; an item that is an outcome already passes by.

        What `work` raises is raised here.
        """
        ready: SimpleQueue[Future[Result | Outcome]] = SimpleQueue()
        begun = 0
        for item in items:
            if isinstance(item, Outcome):
                yield item
                continue
            self.pool.submit(self.work, item).add_done_callback(ready.put)
            begun += 1
            while begun >= self.window or not ready.empty():
                yield ready.get().result()
                begun -= 1
        for _ in range(begun):
            yield ready.get().result()
