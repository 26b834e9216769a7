"""`indexer mcp`: the index for agents, over stdin and stdout."""

import sys
from importlib import import_module

from indexer.cli.output import say


def mcp() -> None:
    """Let an agent search the index: an MCP server over stdin and stdout, which a client starts.

    Its tools only read: no model is asked, nothing is changed. The service need not run.
    """
    if sys.stdin.isatty():
        say("This speaks MCP on stdin and stdout, and is started by a client such as Claude Desktop (Ctrl-D ends it).")
    from indexer.settings import Settings

    # The service is named by string: the indexer imports nothing of it.
    import_module("search_api.mcp.server").serve_stdio(Settings.load())
