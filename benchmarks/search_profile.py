"""Where a search's time goes: its statements, each one's planning and execution apart, and their plans.

    python benchmarks/search_profile.py HOME CAPTIONS.jsonl.gz [--query TEXT ...] [--plans] [--rounds 10]

Every statement is explained as the product itself runs it; the library is loaded first where there is none.
"""

import argparse
import json
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping

from psycopg import sql
from psycopg.rows import DictRow

from benchmarks.libraries import add_arguments, open_library
from indexer.catalog.embedding import load_for_queries
from indexer.catalog.queries import Part, compose
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.searching.filters import read_filters
from indexer.catalog.store import Store
from indexer.catalog.store.database import Database
from indexer.catalog.store.hits import Hits
from indexer.cli.output import print_table

QUERIES = (
    "a man in a red shirt standing in front of people",
    "two dogs playing in the snow",
    "woman guitar",
    "accordion",
    "Four men on top of a tall structure.",
)
_COLUMNS = ("query", "embed ms", "search ms", "statement, decoded", "planning", "execution", "hits")
_EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS) "
_VECTOR = re.compile(r"'\[[-0-9.,e]{100,}\]'")


class ExplainingDatabase(Database):
    """Adds up how long statements take, their rows decoded, and explains them where it is asked to."""

    def __init__(self, conninfo: str) -> None:
        super().__init__(conninfo, max_connections=1)
        self.took_ms = 0.0
        self.plan: list[str] = []
        self.explains = False

    def fetch(
        self, noun: str, query: str, parts: Mapping[str, Part] | None = None, /, **values: object
    ) -> list[DictRow]:
        """Run a query as usual beside a clock, after explaining it."""
        if self.explains:
            self._explain(noun, query, parts or {}, values)
        started = time.perf_counter()
        rows = super().fetch(noun, query, parts, **values)
        self.took_ms += (time.perf_counter() - started) * 1000
        return rows

    def _explain(self, noun: str, query: str, parts: Mapping[str, Part], values: Mapping[str, object]) -> None:
        with self.connection() as connection:
            rows = connection.execute(sql.SQL(_EXPLAIN) + compose(noun, query, **parts), values).fetchall()
        self.plan = [_VECTOR.sub("'[…]'", line) for row in rows for line in row.values()]


def main() -> None:
    """Search every query many times, and explain it once."""
    wanted = _arguments()
    embedder = load_for_queries("all-MiniLM-L6-v2")
    with open_library(wanted) as conninfo, Store(conninfo) as store:
        database = ExplainingDatabase(conninfo)
        store.hits = Hits(database)
        searcher = Searcher(store, lambda _: embedder)
        for text in wanted.query:
            searcher.search(Query(text=text))
        rows = [_profile(searcher, database, text, wanted) for text in wanted.query]
        database.close()
        live = store.generations.get_live()
    assert live is not None
    print_table(_COLUMNS, rows, title=f"{live.entries} entries, medians of {wanted.rounds} in milliseconds")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--query", nargs="+", default=QUERIES)
    parser.add_argument("--filters", type=json.loads, default={}, help="as in POST /search")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--plans", action="store_true", help="print each query's plan")
    return parser.parse_args()


def _profile(
    searcher: Searcher, database: ExplainingDatabase, text: str, wanted: argparse.Namespace
) -> tuple[object, ...]:
    """Return one row of the table: medians, but for the explained statement's own times."""
    took = defaultdict[str, list[float]](list)
    query = Query(text=text, filters=read_filters(wanted.filters))
    for _ in range(wanted.rounds):
        database.took_ms = 0.0
        results = searcher.search(query)
        took["embed"].append(results.embed_ms)
        took["search"].append(results.search_ms)
        took["statement"].append(database.took_ms)
    database.explains = True
    hits = searcher.search(query).hits
    database.explains = False
    if wanted.plans:
        print("\n".join([f"--- {text}", *database.plan]))
    medians = [statistics.median(took[stage]) for stage in ("embed", "search", "statement")]
    return text, *medians, *_summary(database.plan), len(hits)


def _summary(plan: list[str]) -> list[float]:
    """Return a plan's planning and execution in milliseconds."""
    times = {line.partition(":")[0]: line.partition(":")[2].removesuffix(" ms") for line in plan if "Time:" in line}
    return [float(times["Planning Time"]), float(times["Execution Time"])]


if __name__ == "__main__":
    main()
