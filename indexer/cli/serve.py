"""`indexer serve`: start the service."""

import signal
import sys
from importlib import import_module
from types import FrameType
from typing import Annotated, Literal

import typer

from indexer.cli.listening import is_loopback, is_reachable, listen, take_port
from indexer.cli.output import say
from indexer.errors import SettingsError

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    require_key: Annotated[
        bool, typer.Option("--require-key", help="Ask for a key on this machine, too; others are always asked.")
    ] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Ask nobody for a key, wherever the service can be reached from.")
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Answer to this Host name alone (on this machine its own names, elsewhere any)."),
    ] = None,
    log_format: Annotated[
        LogFormat | None, typer.Option(help="How to log to stderr (text in a terminal, else json).")
    ] = None,
    log_level: Annotated[LogLevel, typer.Option(help="From which level on to log; info has every request.")] = "info",
) -> None:
    """Start the search service and its web page."""
    if require_key and insecure:
        raise SettingsError("Either --require-key or --insecure.")
    from indexer.settings import Settings

    is_key_needed = not insecure and (require_key or is_reachable(host, allow_host or ()))
    hosts = allow_host or (LOOPBACK_HOSTS if is_loopback(host) and not insecure else ["*"])
    # uvicorn ends its work on SIGTERM and then sends it again, which alone would leave the embedded database running.
    signal.signal(signal.SIGTERM, _leave)
    # The service is named by string: the indexer imports nothing of it.
    service, server = import_module("search_api.app"), import_module("search_api.serving.server")
    with (
        take_port(host, port) as listening,
        service.open_app(Settings.load(), hosts, is_key_needed=is_key_needed) as app,
    ):
        listen(listening)
        shown = f"[{host}]" if ":" in host else host
        say(f"Caption Search is at http://{shown}:{listening.getsockname()[1]} (Ctrl-C ends it).")
        import_module("search_api.serving.logs").configure_logging(log_level, log_format)
        server.serve_on(listening, app)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
