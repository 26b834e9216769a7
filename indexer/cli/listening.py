"""The address that the service listens on: who can reach it, and its socket."""

import ipaddress
import socket
from collections.abc import Iterable
from contextlib import ExitStack

from indexer.errors import SettingsError


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def is_reachable(host: str, names: Iterable[str]) -> bool:
    """Tell whether other machines can reach the service: at its address, or by a name that a proxy forwards."""
    return not all(map(is_loopback, (host, *names)))


def take_port(host: str, port: int) -> socket.socket:
    """Take a port before anything slow is begun; nobody is listened to until `listen`."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as closing:
            taken = closing.enter_context(socket.socket(family, kind))
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # Its connections inherit this; asyncio does not see that they are TCP. Without it an answer's body waits
            # 40 ms for the other side to acknowledge its head.
            taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            taken.bind(address)
            closing.pop_all()
    except OSError as exc:
        raise _untakable(host, port, exc) from exc
    return taken


def listen(taken: socket.socket) -> None:
    """Let others connect, from now on."""
    try:
        taken.listen()
    except OSError as exc:  # another process took the same port meanwhile
        host, port = taken.getsockname()[:2]
        raise _untakable(host, port, exc) from exc


def _untakable(host: str, port: int, error: OSError) -> SettingsError:
    return SettingsError(f"Cannot listen on {host}:{port}: {error.strerror}. Try another --port.")
