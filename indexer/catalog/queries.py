"""Named queries: every statement lives in sql/queries/<noun>.sql under a line `-- name: <query>`."""

import re
from functools import cache
from pathlib import Path
from typing import LiteralString

from psycopg import sql

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)

Part = float | sql.Composable  # a whole number is a float, too


def sql_folder() -> Path:
    """Return the folder of migrations and queries: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"


@cache
def load_queries(noun: str, folder: str = "queries") -> dict[str, LiteralString]:
    """Return the statements of one file by name; they count as literals, for they are our own files."""
    text = (sql_folder() / folder / f"{noun}.sql").read_text(encoding="utf-8")
    parts: list[LiteralString] = _NAME.split(text)[1:]
    return dict(zip(parts[::2], (body.strip() for body in parts[1::2]), strict=True))


def compose(noun: str, name: str, **parts: Part) -> sql.Composed:
    """Return one statement, its template fields filled: numbers as literals, pieces of SQL as they are.

    A query over one generation names it, and its dimensions, in its text: partitions are pruned and the vector index
    is found at planning time, also when the statement is prepared; `partition` is then the generation's table, and
    `vector_index` and `word_index` are that table's own.
    """
    text: LiteralString = load_queries(noun)[name]
    if not parts:
        return sql.Composed([sql.SQL(text)])
    fields: dict[str, sql.Composable] = {
        key: value if isinstance(value, sql.Composable) else sql.Literal(value) for key, value in parts.items()
    }
    if "generation" in parts:
        table = f"entry_{parts['generation']}"
        fields["partition"] = sql.Identifier(table)
        fields |= {f"{kind}_index": sql.Identifier(f"{table}_{kind}s") for kind in ("vector", "word")}
    return sql.SQL(text).format(**fields)
