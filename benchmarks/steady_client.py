"""A client that goes on searching at a fixed rate, whatever else happens, and keeps every answer."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode

_CLIENTS, _TIMEOUT_S = 8, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """One search: when it was due (seconds since the epoch), how long it took from then on, and its answer, if any."""

    due_at: float
    took_s: float
    answer: dict[str, Any] | None


@dataclass(slots=True)
class Searches:
    """What a client was answered so far."""

    all: list[Searched] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Count those that brought no answer."""
        return sum(search.answer is None for search in self.all)

    def count(self, is_wrong: Callable[[dict[str, Any]], bool]) -> int:
        """Count the answers that are wrong."""
        return sum(search.answer is not None and is_wrong(search.answer) for search in self.all)

    @property
    def longest_ms(self) -> float:
        """Return how long the slowest took, from the moment that it was due."""
        return max(search.took_s for search in self.all) * 1000


@contextmanager
def searching(address: str, texts: Sequence[str], *, a_second: float) -> Iterator[Searches]:
    """Search so many times a second until the end of this; what was due meanwhile is answered then."""
    searches, stop = Searches(), threading.Event()
    with ThreadPoolExecutor(_CLIENTS) as pool:
        asking = threading.Thread(target=_ask_steadily, args=(address, texts, a_second, searches, stop, pool))
        asking.start()
        try:
            yield searches
        finally:
            stop.set()
            asking.join()


def _ask_steadily(
    address: str,
    texts: Sequence[str],
    a_second: float,
    searches: Searches,
    stop: threading.Event,
    pool: ThreadPoolExecutor,
) -> None:
    started = time.time()
    for number, text in enumerate(itertools.cycle(texts)):
        due_at = started + number / a_second
        if stop.wait(max(0.0, due_at - time.time())):
            return
        pool.submit(_search, address, text, due_at).add_done_callback(lambda done: searches.all.append(done.result()))


def _search(address: str, text: str, due_at: float) -> Searched:
    answer = None
    connection = HTTPConnection(address, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/search?" + urlencode({"q": text}))
        response = connection.getresponse()
        body = response.read()
        answer = json.loads(body) if response.status == HTTPStatus.OK else None
    except (OSError, HTTPException):
        pass
    finally:
        connection.close()
    return Searched(due_at=due_at, took_s=time.time() - due_at, answer=answer)
