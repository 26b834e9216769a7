"""Ingest photos with human captions through the real command; measure how often a held-out caption finds its photo.

    python benchmarks/photos.py PHOTOS CAPTIONS.jsonl

CAPTIONS.jsonl has {"image": file name, "captions": [five strings]}. A local endpoint answers four of the five as the
model's reply; the fifth is the query. Beside it stands the floor: the mean vectors alone, ranked in numpy.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from indexer.captioning.estimating import fit_picture
from indexer.catalog.embedding import DEFAULT, Embedder, Embedders
from indexer.catalog.opening import open_store
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.vectors import mean_vector
from indexer.cli.output import print_table
from indexer.imaging.reading import read_image
from indexer.models import Mode
from indexer.settings import Settings
from tests.fakes.openai_server import FakeOpenAI, caption_reply, pixels_key

INDEXER = Path(sys.executable).with_name("indexer")
MODES: tuple[Mode, ...] = ("hybrid", "dense", "text")
_DEEP = 10


def main(photos: Path, captions_file: Path) -> None:
    """Ingest twice, then search every held-out caption in every mode."""
    captions = {line["image"]: line["captions"] for line in map(json.loads, captions_file.read_text().splitlines())}
    fit = partial(fit_picture, Settings.load().model)
    said = {
        pixels_key(read_image(photos / name, max_edge=768, fit=fit).picture.jpeg): c[:4] for name, c in captions.items()
    }
    with tempfile.TemporaryDirectory(prefix="caption-search-") as home, FakeOpenAI() as server:
        server.answer = lambda asked: caption_reply(*said[pixels_key(asked.image)])
        os.environ |= {
            "CAPTION_SEARCH_HOME": home,
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": server.key,
        }
        for title in ("first ingest", "second ingest"):
            print(f"{title}: {ingest(photos)}")
        counts = server.asked_for()
        print(f"{len(counts)} photos asked for, each at most {max(counts.values())} times")
        settings = Settings.load()
        embedder = Embedders(settings).for_queries(DEFAULT)
        with open_store(settings) as store:
            searcher = Searcher(store, lambda _: embedder)
            rows: list[tuple[object, ...]] = [(mode, *measure(searcher, captions, mode)) for mode in MODES]
    rows.append(("floor: mean vectors in numpy", *floor(embedder, captions), None))
    print_table(("ranking", "R@1", "R@5", "R@10", "ms per query"), rows)


def ingest(photos: Path) -> str:
    """Run the command and return its summary with the time it took from start to end."""
    started = time.perf_counter()
    finished = subprocess.run([INDEXER, "ingest", photos, "--json"], capture_output=True, text=True, check=True)
    return f"{time.perf_counter() - started:.1f} s with start-up, {finished.stdout.strip()}"


def measure(searcher: Searcher, captions: dict[str, list[str]], mode: Mode) -> tuple[float, float, float, float]:
    """Return R@1, R@5, R@10 and milliseconds per query."""
    ranks = []
    searcher.search(Query(text="warm up", mode=mode))
    started = time.perf_counter()
    for name, texts in captions.items():
        hits = searcher.search(Query(text=texts[4], mode=mode, limit=_DEEP, strictness="low")).hits
        names = [hit.location for hit in hits]
        ranks.append(names.index(name) if name in names else _DEEP)
    return *recalls(ranks), (time.perf_counter() - started) * 1000 / len(ranks)


def floor(embedder: Embedder, captions: dict[str, list[str]]) -> tuple[float, float, float]:
    """Return R@1, R@5 and R@10 of exact search over mean vectors."""
    documents = np.stack([mean_vector(embedder.embed(texts[:4])) for texts in captions.values()])
    queries = embedder.embed([texts[4] for texts in captions.values()])
    scores = queries @ documents.T
    own = np.take_along_axis(scores, np.arange(len(scores))[:, None], axis=1)
    return recalls(list((scores > own).sum(axis=1)))


def recalls(ranks: Sequence[int]) -> tuple[float, float, float]:
    """Return the shares of ranks (0 is best) within the first 1, 5 and 10."""
    found = np.asarray(ranks)
    return float((found < 1).mean()), float((found < 5).mean()), float((found < _DEEP).mean())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
