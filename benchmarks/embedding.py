"""What embedding takes, one query and a library, by each way there is, beside the floor: torch on one thread.

    python benchmarks/embedding.py [CAPTIONS.json]

CAPTIONS.json is a list of texts; without it, sentences of some common words stand in.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from indexer.catalog.embedding import DEFAULT, Embedder, Embedders
from indexer.catalog.embedding.onnx_model import QUICK_MODEL, OnnxEmbedder
from indexer.catalog.embedding.threads import FOR_BULK, FOR_ONE_QUERY
from indexer.catalog.embedding.torch_model import TorchEmbedder, load_model
from indexer.cli.output import print_table
from indexer.settings import Settings

_QUERIES, _CAPTIONS, _ROUNDS, _CLIENTS = 200, 1024, 3, 8
_WORDS = [
    "a",
    "two",
    "red",
    "small",
    "dog",
    "cat",
    "children",
    "mug",
    "runs",
    "plays",
    "sits",
    "on",
    "under",
    "near",
    "the",
    "grass",
    "rain",
    "bridge",
    "street",
]
_START = "from indexer.catalog.embedding import *; load_for_queries(DEFAULT).embed(['ready'])"


def main(captions: Sequence[str]) -> None:
    """Measure all ways in one process, one after the other."""
    with tempfile.TemporaryDirectory(prefix="caption-search-") as home:
        os.environ["CAPTION_SEARCH_HOME"] = home
        embedders = Embedders(Settings.load())
        starts = [_start_s() for _ in range(2)]
        print(
            f"start to first vector: {starts[0]:.1f} s when the model is written down, {starts[1]:.2f} s from then on"
        )
        [export] = (Path(home) / "embedders").iterdir()
        ways: dict[str, Callable[[], Embedder]] = {
            "floor: torch, 1 thread": lambda: _torch(FOR_ONE_QUERY),
            "ONNX Runtime, 8 bits, 1 thread (queries)": lambda: OnnxEmbedder(DEFAULT, export, "query"),
            "the same, a query that comes again": lambda: embedders.for_queries(DEFAULT),
        }
        print_table(("one query", "p50 ms", "p95 ms", f"queries/s, {_CLIENTS} threads"), _rows(ways, captions))
        bulk: dict[str, Callable[[], Embedder]] = {
            f"floor: torch, {FOR_BULK} threads": lambda: _torch(FOR_BULK),
            f"ONNX Runtime, float32, {FOR_BULK} threads (documents)": lambda: embedders.for_bulk(DEFAULT),
        }
        rows = [(name, _captions_per_s(load(), captions[:_CAPTIONS])) for name, load in bulk.items()]
        print_table(("a library", "captions/s"), rows)
        print(f"{(export / QUICK_MODEL).stat().st_size / 1e6:.0f} MB in 8 bits")


def _rows(ways: dict[str, Callable[[], Embedder]], captions: Sequence[str]) -> list[tuple[object, ...]]:
    queries = captions[4 :: max(1, len(captions) // _QUERIES)][:_QUERIES]
    return [(name, *_measure(load(), queries)) for name, load in ways.items()]


def _measure(embedder: Embedder, queries: Sequence[str]) -> tuple[float, float, float]:
    """Return the best round's p50 and p95 in milliseconds, and queries per second with several clients at once."""

    def embed(query: str) -> float:
        started = time.perf_counter()
        embedder.embed([query])
        return (time.perf_counter() - started) * 1000

    for query in queries:
        embed(query)
    rounds = [np.percentile([embed(query) for query in queries], (50, 95)) for _ in range(_ROUNDS)]
    with ThreadPoolExecutor(_CLIENTS) as pool:
        started = time.perf_counter()
        count = len(list(pool.map(embed, queries)))
        per_s = count / (time.perf_counter() - started)
    p50, p95 = min(rounds, key=lambda found: float(found[0]))
    return float(p50), float(p95), per_s


def _captions_per_s(embedder: Embedder, captions: Sequence[str]) -> float:
    embedder.embed(captions[:64])
    took = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        embedder.embed(captions)
        took.append(time.perf_counter() - started)
    return len(captions) / min(took)


def _torch(threads: int) -> Embedder:
    return TorchEmbedder(DEFAULT, load_model(DEFAULT, threads=threads), "document")


def _start_s() -> float:
    """Return how long a process of its own takes from its start to its first vector."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", _START], check=True)
    return time.perf_counter() - started


def _made_up(count: int) -> list[str]:
    chance = random.Random(1)  # noqa: S311 - any sentences will do
    return [" ".join(chance.choices(_WORDS, k=chance.randint(8, 16))) for _ in range(count)]


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")) if sys.argv[1:] else _made_up(5 * _CAPTIONS))
