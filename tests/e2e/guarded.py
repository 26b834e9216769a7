"""A service that asks for keys, over a library, and the keys to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.e2e.conftest import Command, Served, cloned, running, wait_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """The command, the service that it runs, and one key of each scope."""

    command: Command
    served: Served
    searching: str
    writing: str

    def client(self, key: str | None = None) -> httpx2.Client:
        """Return a client that sends this key, if any, with each request."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx2.Client(base_url=self.served.address, headers=headers, timeout=30)

    def create(self, scope: str, *flags: str) -> str:
        """Make another key while the service runs."""
        return create_key(self.command, scope, *flags)

    def is_alive(self) -> bool:
        """Tell whether the service is healthy, and finds something."""
        with self.client(self.searching) as client:
            found = client.get("/search", params={"q": "red mug"})
            return client.get("/health/ready").is_success and bool(found.json()["hits"])


def create_key(command: Command, scope: str, *flags: str) -> str:
    """Make a key, and return what is printed of it."""
    finished = command("keys", "create", "--scope", scope, *flags)
    assert finished.code == 0, finished.err
    return finished.out.strip()


@contextmanager
def guarding(postgres: str, library: str, folder: Path, embedders_home: Path, *flags: str) -> Iterator[Guarded]:
    """Run a service that asks for keys over a clone of the library."""
    with cloned(postgres, library, folder, embedders_home) as command:
        searching, writing = create_key(command, "search", "--name", "reader"), create_key(command, "write")
        with running(command, "--require-key", *flags) as served:
            wait_until_ready(served.address)
            yield Guarded(command=command, served=served, searching=searching, writing=writing)


def wait_until_ready(address: str) -> None:
    """Wait until a service has loaded its embedder."""
    wait_until(lambda: httpx2.get(f"{address}/health/ready").is_success)
