"""What commands print: results on stdout, as text or as one JSON object a line; all else on stderr."""

import json
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.tree import Tree

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]

_NO_WIDTH = 1_000_000
ALL_DONE, SOME_FAILED, REFUSED, STOPPED = 0, 3, 4, 130


def print_json(value: Mapping[str, object]) -> None:
    """Print one object on one line; characters of every script as they are."""
    # In one piece: threads that print at once must not share a line.
    print(f"{json.dumps(value, ensure_ascii=False, default=str)}\n", end="", flush=True)


def say(message: str) -> None:
    """Tell the user something that is no result."""
    print(message, file=sys.stderr, flush=True)


def log_to_stderr() -> None:
    """Show what this project logs, with the time, from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logger = logging.getLogger("indexer")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print a table as wide as the terminal; cells are plain text, never markup."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    Console(markup=False, highlight=False).print(table)


def print_tree(tree: Tree) -> None:
    """Print a tree; its labels are plain text, never markup, and whole where no terminal sets a width."""
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = _NO_WIDTH
    console.print(tree)


def megabytes(size_bytes: int) -> str:
    """Write a size on disk."""
    return f"{size_bytes / 1e6:,.1f} MB"


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "" if value is None else str(value)
