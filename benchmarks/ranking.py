"""How often a held-out caption finds its image, through the real search, beside mean vectors ranked in numpy.

    python benchmarks/ranking.py DATA [--sets photos human model 31k photos-zh] [--queries 5000]
        [--positions 0 1 2 3 4] [--vectors FOLDER] [--over-http 100]

DATA has photos.jsonl, captions_val.jsonl and captions_31k.jsonl.gz. Every library is loaded into a catalogue of its own
in a temporary home (captions only, no image files) and asked in every mode, whole sentences and two or three words of
them; `strictness=low`, so that the cut-off leaves nothing out. `--over-http 100` asks the real service so many of them
again and counts the answers that are the same.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.libraries import load_library
from benchmarks.rank_figures import DEPTH, exact_ranks, make_figures
from benchmarks.ranking_over_http import compare_answers
from benchmarks.ranking_sets import SETS, Asking, Extent, RankingSet
from benchmarks.ready_vectors import ReadyVectors, load_ready
from indexer.catalog.embedded_postgres import embedded_postgres
from indexer.catalog.migrating import migrate
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.store import Store
from indexer.catalog.vectors import mean_vector
from indexer.cli.output import print_table, say
from indexer.models import Mode

MODES: tuple[Mode, ...] = ("dense", "text", "hybrid")
FLOOR = "numpy, dense"
_COLUMNS = ("queries", "ranking", "number", "R@1", "R@5", "R@10", "MRR@10", "nDCG@10", "± MRR", "ms")


def main() -> None:
    """Measure the sets wanted, and print a table of each."""
    wanted = _arguments()
    extent = Extent(data=wanted.data, queries=wanted.queries, positions=wanted.positions)
    for name in wanted.sets:
        measured = _Measured()
        for number, part in enumerate(SETS[name](extent)):
            with tempfile.TemporaryDirectory(prefix="caption-search-") as home, _loaded(part, Path(home), wanted) as at:
                measured.add(part, *at)
                if number == 0 and wanted.over_http:
                    asked = part.askings[0].texts[: wanted.over_http]
                    say(f"{name}: {compare_answers(Path(home), at[0], asked)}")
        print_table(_COLUMNS, measured.rows(), title=f"{name}: {len(part.images)} images")


class _Measured:
    """The ranks of every kind of query in every mode, over the libraries of one set."""

    def __init__(self) -> None:
        self._ranks: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._took_s: defaultdict[tuple[str, str], float] = defaultdict(float)

    def add(self, part: RankingSet, store: Store, embedder: ReadyVectors) -> None:
        """Ask one library."""
        documents = np.stack([mean_vector(embedder.embed(image.sentences)) for image in part.images])
        searcher = Searcher(store, lambda _: embedder)
        for asking in part.askings:
            ranks = exact_ranks(embedder.embed(asking.texts), documents, np.asarray(asking.right))
            self._ranks[asking.kind, FLOOR] += ranks
            for mode in MODES:
                started = time.perf_counter()
                self._ranks[asking.kind, mode] += find_ranks(searcher, asking, mode)
                self._took_s[asking.kind, mode] += time.perf_counter() - started

    def rows(self) -> Iterator[list[object]]:
        """Yield a row for each kind of query and mode."""
        for key, ranks in self._ranks.items():
            took_ms = 1000 * self._took_s[key] / len(ranks)
            yield [*key, *make_figures(ranks).cells(), f"{took_ms:.1f}" if took_ms else None]


def find_ranks(searcher: Searcher, asking: Asking, mode: Mode) -> list[int]:
    """Return at which place (0 is first) each query found its image; DEPTH where it did not."""
    ranks = []
    for text, right in zip(asking.texts, asking.right, strict=True):
        hits = searcher.search(Query(text=text, mode=mode, limit=DEPTH, strictness="low")).hits
        numbers = [hit.image_id - 1 for hit in hits]
        ranks.append(numbers.index(right) if right in numbers else DEPTH)
    return ranks


@contextmanager
def _loaded(part: RankingSet, home: Path, wanted: argparse.Namespace) -> Iterator[tuple[Store, ReadyVectors]]:
    """Give a catalogue that holds a set's images, and an embedder that knows all its texts."""
    embedder = load_ready((wanted.vectors or home) / part.stem, part.sentences)
    with embedded_postgres(home) as conninfo:
        migrate(conninfo)
        load_library(conninfo, part.images, embedder)
        with Store(conninfo) as store:
            yield store, embedder


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--queries", type=int, default=5000, help="at most so many of each library and kind")
    parser.add_argument(
        "--positions", nargs="+", type=int, default=[0, 1, 2, 3, 4], help="the captions held out in turn"
    )
    parser.add_argument("--vectors", type=Path, help="a folder that keeps vectors between runs")
    parser.add_argument("--over-http", type=int, default=0, metavar="N")
    return parser.parse_args()


if __name__ == "__main__":
    main()
