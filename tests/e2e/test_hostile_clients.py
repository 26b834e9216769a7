"""Clients that mean harm, or are broken: they are refused, and the service goes on."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.e2e.guarded import Guarded, guarding
from tests.odd_files import write_odd_files

GIGABYTE = 1_000_000_000
_PIECE = b"x" * 1_000_000
_HEAD = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
_MULTIPART = "multipart/form-data; boundary=cut"


@pytest.fixture(scope="module")
def guarded(
    postgres: str, library: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    with guarding(postgres, library, tmp_path_factory.mktemp("guarded"), embedders_home) as service:
        yield service


@pytest.fixture(autouse=True)
def goes_on(guarded: Guarded) -> Iterator[None]:
    """Have the service find something after each test."""
    yield
    assert guarded.is_alive()


class Upload:
    """A request as it is written to the wire, piece by piece."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.address = connection.getsockname()
        self.sent = 0

    def begin(self, path: str, key: str | None, *headers: str) -> None:
        """Send the head of a request."""
        keys = [f"X-API-Key: {key}"] if key else []
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {_MULTIPART}", *keys, *headers, "", ""]
        self._connection.sendall("\r\n".join(lines).encode())

    def send(self, content: bytes) -> bool:
        """Send more of a body; False where nobody takes it any more."""
        try:
            self._connection.sendall(content)
        except (BrokenPipeError, ConnectionResetError):
            return False
        self.sent += len(content)
        return True

    def send_chunks(self, content: bytes, size_bytes: int) -> None:
        """Send a body of so many bytes without saying how many there are, as long as somebody takes them."""
        self.send(b"%x\r\n%s\r\n" % (len(_HEAD), _HEAD))
        while self.sent < size_bytes and self.send(b"%x\r\n%s\r\n" % (len(content), content)):
            pass

    def status(self) -> int:
        """Read the answer's first line, and wait for the end of the connection."""
        answer = b""
        try:
            while piece := self._connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        return int(answer.split(b" ", 2)[1]) if answer else 0


@contextmanager
def connected(guarded: Guarded) -> Iterator[Upload]:
    address = urlsplit(guarded.served.address)
    with socket.create_connection((address.hostname, address.port or 0), timeout=60) as connection:
        yield Upload(connection)


def memory_bytes(guarded: Guarded) -> int:
    return psutil.Process(guarded.served.process.pid).memory_info().rss


@pytest.mark.parametrize(
    "path",
    [
        "/images/../../../../etc/passwd",
        "/images/..%2f..%2f..%2fetc%2fpasswd",
        "/images/%2e%2e/%2e%2e/etc/passwd",
        "/images/1/file/../../../etc/passwd",
        "/images/1/../../search_api/app.py",
        "/page/../app.py",
        "/page/..%2fapp.py",
        "/page/%2e%2e%2fapp.py",
        "/page/%2e%2e/app.py",
        "/page/....//app.py",
        "/page/..%5capp.py",
        "/page/%252e%252e%252fapp.py",
        "/page//etc/passwd",
        "/page/index.html%00.js",
        "/static-offline-docs/../../../../etc/passwd",
        "/static-offline-docs/..%2f..%2fcore.py",
        "/static-offline-docs//etc/passwd",
        "/../../../../etc/passwd",
        "//etc/passwd",
        "http://localhost/../../etc/passwd",
    ],
)
def test_no_path_leads_out_of_what_is_served(guarded: Guarded, path: str) -> None:
    address = urlsplit(guarded.served.address)
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {guarded.writing}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((address.hostname, address.port or 0), timeout=60) as connection:
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert int(answer.split(b" ", 2)[1]) in {404, 422}
    assert b"root:" not in answer
    assert b"import" not in answer


def test_an_address_of_parameters_alone_holds_up_nobody(guarded: Guarded) -> None:
    parameters = "&".join(f"{number:x}" for number in range(12_500))
    began = time.monotonic()

    with guarded.client(guarded.searching) as client:
        answer = client.get(f"/search?{parameters}")

    assert answer.status_code == 422
    assert time.monotonic() - began < 5


def test_a_picture_that_would_fill_the_memory_is_refused_unseen(guarded: Guarded, tmp_path: Path) -> None:
    write_odd_files(tmp_path)
    before = memory_bytes(guarded)

    with guarded.client(guarded.writing) as client:
        answer = client.post("/search/image", files={"file": (tmp_path / "bomb.png").read_bytes()})

    assert (answer.status_code, "megapixels" in answer.json()["detail"]) == (422, True)
    assert memory_bytes(guarded) - before < 50_000_000


def test_a_gigabyte_that_is_announced_is_refused_unread(guarded: Guarded) -> None:
    with connected(guarded) as upload:
        upload.begin("/search/image", guarded.writing, f"Content-Length: {GIGABYTE}")
        while upload.sent < GIGABYTE and upload.send(_PIECE):
            pass

        assert upload.sent < 20_000_000
        assert upload.status() == 413


def test_a_gigabyte_that_is_not_announced_is_refused_when_it_is_too_much(guarded: Guarded) -> None:
    before = memory_bytes(guarded)
    with connected(guarded) as upload:
        upload.begin("/search/image", guarded.writing, "Transfer-Encoding: chunked")
        upload.send_chunks(_PIECE, GIGABYTE)

        assert 50_000_000 <= upload.sent < 80_000_000
        assert upload.status() == 413
    assert memory_bytes(guarded) - before < 30_000_000


@pytest.mark.parametrize(("scope", "status"), [(None, 401), ("search", 403)])
def test_nothing_is_read_of_what_may_not_be_sent(guarded: Guarded, scope: str | None, status: int) -> None:
    with connected(guarded) as upload:
        upload.begin("/search/image", guarded.searching if scope else None, "Transfer-Encoding: chunked")
        upload.send_chunks(_PIECE, GIGABYTE)

        assert upload.sent < 20_000_000
        assert upload.status() == status


def test_who_asks_before_sending_is_told_at_once(guarded: Guarded) -> None:
    with connected(guarded) as upload:
        upload.begin("/search/image", None, f"Content-Length: {GIGABYTE}", "Expect: 100-continue")

        assert upload.status() == 401


def test_clients_that_send_or_take_nothing_are_given_up(guarded: Guarded) -> None:
    with ThreadPoolExecutor(4) as pool:
        outcomes = [pool.submit(client, guarded) for client in (_stop, _drip, _dawdle, _ignore)]
        alive = guarded.is_alive()
        statuses = [outcome.result()[0] for outcome in outcomes]

    assert alive
    assert statuses == [408, 408, 0, 200]
    assert all(outcome.result()[1] < 40 for outcome in outcomes)


def _stop(guarded: Guarded) -> tuple[int, float]:
    """Begin an upload, and send no more."""
    began = time.monotonic()
    with connected(guarded) as upload:
        upload.begin("/search/image", guarded.writing, "Content-Length: 1000000")
        upload.send(_HEAD)
        return upload.status(), time.monotonic() - began


def _drip(guarded: Guarded) -> tuple[int, float]:
    """Send an upload a byte at a time, for as long as it is taken."""
    began = time.monotonic()
    with connected(guarded) as upload:
        upload.begin("/search/image", guarded.writing, "Content-Length: 1000000")
        upload.send(_HEAD)
        while time.monotonic() - began < 24 and upload.send(b"x"):
            time.sleep(1)
        return upload.status(), time.monotonic() - began


def _dawdle(guarded: Guarded) -> tuple[int, float]:
    """Begin to ask something, and never end."""
    began = time.monotonic()
    with connected(guarded) as upload:
        upload.send(b"GET /search?q=mug HTTP/1.1\r\nHost: localhost\r\n")
        return upload.status(), time.monotonic() - began


def _ignore(guarded: Guarded) -> tuple[int, float]:
    """Ask for more than anybody takes, and wait for the connection to end; the service's side of it must be gone."""
    began = time.monotonic()
    with connected(guarded) as upload:
        upload.send(b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8)
        while _is_connected(guarded, upload) and time.monotonic() - began < 40:
            time.sleep(0.5)
        return upload.status(), time.monotonic() - began


def _is_connected(guarded: Guarded, upload: Upload) -> bool:
    ours = upload.address
    theirs = psutil.Process(guarded.served.process.pid).net_connections("tcp")
    return any(tuple(connection.raddr) == ours for connection in theirs)
