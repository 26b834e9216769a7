import socket

import pytest

from indexer.cli.listening import is_loopback, is_reachable, listen, take_port
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


@pytest.mark.parametrize(
    ("host", "names", "reachable"),
    [
        ("127.0.0.1", [], False),
        ("127.0.0.1", ["localhost", "[::1]", "127.0.0.1"], False),
        ("127.0.0.1", ["photos.example"], True),
        ("127.0.0.1", ["localhost", "*"], True),
        ("192.168.1.2", [], True),
        ("192.168.1.2", ["localhost"], True),
    ],
)
def test_others_reach_the_service_at_its_address_or_by_a_proxys_name(
    host: str, names: list[str], reachable: bool
) -> None:
    assert is_reachable(host, names) is reachable


def test_an_answers_body_does_not_wait_for_its_head_to_be_acknowledged() -> None:
    with take_port("127.0.0.1", 0) as listening:
        listen(listening)
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_nobody_is_listened_to_before_the_service_can_answer() -> None:
    with take_port("127.0.0.1", 0) as taken, pytest.raises(ConnectionRefusedError):
        socket.create_connection(taken.getsockname())


def test_a_port_that_another_listens_on_cannot_be_taken() -> None:
    with take_port("127.0.0.1", 0) as first:
        listen(first)

        with pytest.raises(SettingsError, match="Try another --port"):
            take_port("127.0.0.1", first.getsockname()[1])


def test_a_port_that_two_took_is_listened_on_by_one() -> None:
    with take_port("127.0.0.1", 0) as first, take_port("127.0.0.1", first.getsockname()[1]) as second:
        listen(first)

        with pytest.raises(SettingsError, match="Try another --port"):
            listen(second)
