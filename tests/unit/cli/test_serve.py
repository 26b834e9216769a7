import socket

import pytest

from indexer.cli.serve import _listen, is_loopback, serve
from indexer.errors import SettingsError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "localhost", "::1"])
def test_addresses_of_this_machine_are_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",  # noqa: S104 - asked about, not listened on
        "::",
        "",
        "192.168.1.2",
        "10.0.0.1",
        "128.0.0.1",
        "example.com",
        "localhost.example.com",
        "127.0.0.1.nip.io",
    ],
)
def test_addresses_that_others_can_reach_are_not(host: str) -> None:
    assert not is_loopback(host)


def test_the_service_does_not_open_itself_to_others_without_keys() -> None:
    with pytest.raises(SettingsError, match=r"^0\.0\.0\.0 can be reached from other machines"):
        serve(host="0.0.0.0")  # noqa: S104 - refused


def test_an_answers_body_does_not_wait_for_its_head_to_be_acknowledged() -> None:
    with _listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
