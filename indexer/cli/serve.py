"""`indexer serve`: start the service."""

import ipaddress
from importlib import import_module
from typing import Annotated

import typer

from indexer.cli.output import say
from indexer.errors import SettingsError


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen beyond this machine although no key is asked for.")
    ] = False,
) -> None:
    """Start the search service and its web page."""
    if not is_loopback(host) and not insecure:
        raise SettingsError(
            f"{host} can be reached from other machines and no key is asked for: everybody there could see every "
            "image. Use --host 127.0.0.1, or --insecure if something else guards it."
        )
    import uvicorn

    from indexer.settings import Settings

    # The service is named by string: the indexer imports nothing of it.
    service = import_module("search_api.app")
    with service.open_app(Settings.load(), any_host=insecure) as app:
        say(f"Caption Search is at http://{host}:{port} (Ctrl-C ends it).")
        uvicorn.run(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=10)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
