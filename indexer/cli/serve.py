"""`indexer serve`: start the service."""

import ipaddress
import signal
import socket
import sys
from importlib import import_module
from types import FrameType
from typing import Annotated

import typer

from indexer.cli.output import say
from indexer.errors import SettingsError

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen beyond this machine although no key is asked for.")
    ] = False,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Answer to this Host name (loopback names; with --insecure, to any).")
    ] = None,
) -> None:
    """Start the search service and its web page."""
    if not is_loopback(host) and not insecure:
        raise SettingsError(
            f"{host} can be reached from other machines and no key is asked for: everybody there could see every "
            "image. Use --host 127.0.0.1, or --insecure if something else guards it."
        )
    import uvicorn

    from indexer.settings import Settings

    hosts = allow_host or (["*"] if insecure else LOOPBACK_HOSTS)
    # uvicorn ends its work on SIGTERM and then sends it again, which alone would leave the embedded database running.
    signal.signal(signal.SIGTERM, _leave)
    # The service is named by string: the indexer imports nothing of it.
    service = import_module("search_api.app")
    with _listen(host, port) as listening, service.open_app(Settings.load(), hosts) as app:
        shown = f"[{host}]" if ":" in host else host
        say(f"Caption Search is at http://{shown}:{listening.getsockname()[1]} (Ctrl-C ends it).")
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=10)
        uvicorn.Server(config).run(sockets=[listening])


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything slow is begun."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(found[4][:2], family=found[0])
    except OSError as exc:
        raise SettingsError(f"Cannot listen on {host}:{port}: {exc.strerror}. Try another --port.") from exc
    # Its connections inherit this; asyncio does not see that they are TCP. Without it an answer's body waits 40 ms for
    # the other side to acknowledge its head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
