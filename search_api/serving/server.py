"""Answer requests on a socket until a signal comes, and those in flight to their end."""

import socket

import uvicorn
from starlette.types import ASGIApp

from search_api.serving.connections import PatientProtocol

# Beyond so many, a connection is told 503 at once: each takes a file, of which a process may often have 1,024.
_MOST_CONNECTIONS = 500
# What is in flight when the service is to end has so long; a slow model may take longer, and its answer is kept.
_LONGEST_END_S = 30


def serve_on(listening: socket.socket, app: ASGIApp) -> None:
    """Answer until SIGINT or SIGTERM, which is raised again afterwards."""
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_LONGEST_END_S,
    )
    uvicorn.Server(config).run(sockets=[listening])
