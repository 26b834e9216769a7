"""The real service over a library, and clients that keep it busy."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.running import killed_at_end

INDEXER = Path(sys.executable).with_name("indexer")
_HEADERS = {"Content-Type": "application/json"}
_LONGEST_START_S, _LONGEST_ROUND_S = 120.0, 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the service: a path, or JSON sent to it."""

    path: str
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was answered: when it was sent, how long it took, and the answer's body."""

    sent_s: float
    took_s: float
    body: bytes


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: `address` is host:port."""

    address: str
    pid: int

    def ask(self, requests: Sequence[Request], *, clients: int = 1) -> list[Asked]:
        """Send every request, so many at a time over connections that stay open; stop after a minute.

        Answers are kept as they came: reading them would take from the cores that the service shares.
        """
        shares = [requests[number::clients] for number in range(clients)]
        deadline = time.monotonic() + _LONGEST_ROUND_S
        with ThreadPoolExecutor(clients) as pool:
            answered = pool.map(partial(self._ask_in_turn, deadline), shares)
            return [asked for own in answered for asked in own]

    def _ask_in_turn(self, deadline: float, requests: Sequence[Request]) -> list[Asked]:
        connection, asked = HTTPConnection(self.address, timeout=_LONGEST_ROUND_S), []
        for wanted in requests:
            if time.monotonic() > deadline:
                break
            sent_s = time.perf_counter()
            connection.request(
                "POST" if wanted.body else "GET", wanted.path, wanted.body, _HEADERS if wanted.body else {}
            )
            answer = connection.getresponse()
            body = answer.read()
            asked.append(Asked(sent_s, time.perf_counter() - sent_s, body))
            assert answer.status == HTTPStatus.OK, f"{wanted}: {answer.status} {body[:500]!r}"
        connection.close()
        return asked


@contextmanager
def serving(home: Path) -> Iterator[Service]:
    """Start the service over the library in `home`; it is ready, and ends with this."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    process = subprocess.Popen(
        [INDEXER, "serve", "--port", "0", "--log-level", "warning"],  # nobody empties the pipe of its log
        env={**kept, "CAPTION_SEARCH_HOME": str(home.resolve()), "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with killed_at_end(process):
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "http://" in line, line + process.stderr.read()
        url = next(word for word in line.split() if word.startswith("http://"))
        service = Service(url.removeprefix("http://"), process.pid)
        _wait_until_ready(service)
        yield service


def _wait_until_ready(service: Service) -> None:
    deadline = time.monotonic() + _LONGEST_START_S
    while time.monotonic() < deadline:
        connection = HTTPConnection(service.address, timeout=_LONGEST_START_S)
        connection.request("GET", "/health/ready")
        status = connection.getresponse().status
        connection.close()
        if status == HTTPStatus.OK:
            return
        time.sleep(0.2)
    raise TimeoutError(f"not ready after {_LONGEST_START_S:.0f} s")
