"""The cut-off through the real search: queries with an image, without one, and off topic.

    python benchmarks/cutoff.py CAPTIONS_VAL.jsonl PHOTOS.jsonl

Prints for each library and kind of query what every strictness keeps and empties, the fitted thresholds side by side,
and what ten absurd queries find on the demo's photos, captioned beforehand and offline. None of the off-topic queries
here is among those that the fit knows.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import get_args

import numpy as np

from benchmarks.cutoff_libraries import Library, load_libraries
from examples.demo import copy_photos
from indexer.catalog.cutoff.bands import is_shown
from indexer.catalog.cutoff.calibration import Calibration
from indexer.catalog.embedding import DEFAULT, Embedder, load_for_queries
from indexer.catalog.opening import open_store
from indexer.catalog.searching import Hit, Query, Searcher
from indexer.catalog.store import Store
from indexer.cli.output import print_table
from indexer.models import Strictness
from indexer.pipelines.calibrating import calibrate
from indexer.pipelines.indexing import FirstGeneration, Indexing
from indexer.settings import Settings
from tests.factories import add_image

HERE = Path(__file__).parent
INDEXER = Path(sys.executable).with_name("indexer")
STRICTNESSES: tuple[Strictness, ...] = get_args(Strictness)
DEEP = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found, nothing left out; `own` is where its own image stands, None where it does not."""

    hits: list[Hit]
    own: int | None
    best: float

    def shown(self, strictness: Strictness) -> int:
        """Count the hits that a strictness shows."""
        return sum(_passes(hit, strictness) for hit in self.hits)

    def keeps_own(self, strictness: Strictness) -> bool:
        """Tell whether the query's own image is shown."""
        return self.own is not None and _passes(self.hits[self.own], strictness)


def _passes(hit: Hit, strictness: Strictness) -> bool:
    return hit.why.is_exact or is_shown(hit.band, strictness)


def main(captions_val: Path, photos: Path) -> None:
    """Measure every library, then the demo."""
    embedder = load_for_queries(DEFAULT)
    off_topic, elsewhere = read_lines("off_topic"), read_lines("things_elsewhere")
    thresholds: list[tuple[object, ...]] = []
    for library in load_libraries(captions_val, photos):
        results: list[tuple[object, ...]] = []
        with indexed(library, embedder) as (store, seconds):
            searcher = Searcher(store, lambda _: embedder)
            thresholds += threshold_rows(library.name, calibration_of(store), seconds)
            strange = [ask(searcher, text) for text in off_topic]
            foreign = [ask(searcher, text) for text in elsewhere]
            for kind, questions in library.questions().items():
                present = [ask(searcher, text, name) for name, text in questions if name in library.indexed]
                absent = [ask(searcher, text, name) for name, text in questions if name not in library.indexed]
                results += result_rows(kind, present, absent, strange, foreign)
        print_table((library.name, *RESULT_COLUMNS), results)
    print_table(
        ("library", "mode", "similarity", "words", "likely from", "strong from", "behind", "fitted in"), thresholds
    )
    show_demo(embedder)


RESULT_COLUMNS = (
    "strictness",
    "own kept",
    "answered",
    "shown",
    "left out: P",
    "R",
    "off topic: P",
    "R",
    "AUC",
    "elsewhere: R",
)


def result_rows(
    title: str,
    present: Sequence[Answer],
    absent: Sequence[Answer],
    strange: Sequence[Answer],
    foreign: Sequence[Answer],
) -> list[tuple[object, ...]]:
    """Return a row for each strictness: what is kept, and precision and recall of `no_match`."""
    auc = area([answer.best for answer in present], [answer.best for answer in strange])
    return [
        (
            title if strictness == STRICTNESSES[0] else "",
            strictness,
            share([answer.keeps_own(strictness) for answer in present]),
            share([answer.shown(strictness) > 0 for answer in present]),
            float(np.median([answer.shown(strictness) for answer in present])),
            *no_match(present, absent, strictness),
            *no_match(present, strange, strictness),
            round(auc, 3),
            no_match(present, foreign, strictness)[1],
        )
        for strictness in STRICTNESSES
    ]


def no_match(present: Sequence[Answer], absent: Sequence[Answer], strictness: Strictness) -> tuple[str, str]:
    """Return precision and recall of an empty answer; without empty answers there is no precision."""
    wrong = sum(answer.shown(strictness) == 0 for answer in present) / len(present)
    right = sum(answer.shown(strictness) == 0 for answer in absent) / len(absent)
    return f"{right / (right + wrong):.1%}" if right + wrong else "-", f"{right:.1%}"


def threshold_rows(name: str, calibration: Calibration, seconds: float) -> list[tuple[object, ...]]:
    """Return a calibration's numbers: weights as logits, thresholds as probabilities."""
    return [
        (
            name,
            mode,
            round(curve.similarity, 2),
            round(curve.lexical_score, 2),
            round(curve.likely_from, 3),
            round(curve.strong_from, 3),
            round(curve.behind, 2),
            f"{seconds:.1f} s",
        )
        for mode, curve in calibration.curves.items()
    ]


@contextmanager
def indexed(library: Library, embedder: Embedder) -> Iterator[tuple[Store, float]]:
    """Give a store that holds a library, and the seconds that its fit took."""
    with temporary_home(), open_store(Settings.load()) as store, store.runs.running("benchmark", {}) as run_id:
        for name in sorted(library.indexed):
            add_image(store, name, *library.documents[name])
        first = FirstGeneration(prompt_id=None, captioner="import", model="import", embedder=embedder.name)
        captioned = Event()
        captioned.set()
        indexing = Indexing(store=store, load_embedder=lambda _: embedder, first=first, run_id=run_id)
        with ThreadPoolExecutor(1) as pool:  # the thread that indexes gives up its priority
            pool.submit(indexing.run, captioned, Event()).result()
        live = store.generations.get_live()
        assert live is not None
        started = time.perf_counter()
        calibrate(store, live, embedder)
        yield store, time.perf_counter() - started


def ask(searcher: Searcher, text: str, name: str | None = None) -> Answer:
    """Search with nothing left out, and find the query's own image."""
    results = searcher.search(Query(text=text, limit=DEEP, strictness="low"))
    assert results.generation is not None
    curve = Calibration.of(results.generation).curve("hybrid", text)
    locations = [hit.location for hit in results.hits]
    return Answer(
        hits=results.hits,
        own=locations.index(f"{name}.jpg") if f"{name}.jpg" in locations else None,
        best=max((curve.probability(hit.why) for hit in results.hits), default=0.0),
    )


def show_demo(embedder: Embedder) -> None:
    """Ask the demo's photos for what they do not show."""
    rows: list[tuple[object, ...]] = []
    captions = HERE.parent / "examples" / "captions.jsonl"
    for title, flags in (
        ("captions written beforehand", ["--captions", captions]),
        ("offline", ["--captioner", "offline"]),
    ):
        with temporary_home():
            subprocess.run([INDEXER, "ingest", copy_photos(), *flags], check=True, capture_output=True)
            with open_store(Settings.load()) as store:
                searcher = Searcher(store, lambda _: embedder)
                answers = [(text, ask(searcher, text)) for text in read_lines("absurd")]
        rows += [(title, text, a.shown("normal") or "no_match", round(a.best, 3)) for text, a in answers]
    print_table(("demo photos", "query", "shown at normal", "best probability"), rows)


@contextmanager
def temporary_home() -> Iterator[None]:
    """Make a home of its own the catalogue in use."""
    with tempfile.TemporaryDirectory(prefix="caption-search-") as home:
        os.environ["CAPTION_SEARCH_HOME"] = home
        yield


def calibration_of(store: Store) -> Calibration:
    """Return what the live generation was fitted with."""
    live = store.generations.get_live()
    assert live is not None
    return Calibration.of(live)


def read_lines(name: str) -> list[str]:
    """Return the queries of a file beside this one."""
    return (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def share(flags: Sequence[bool]) -> str:
    """Return the share of true ones."""
    return f"{np.mean(flags):.1%}"


def area(true: Sequence[float], false: Sequence[float]) -> float:
    """Return the area under the ROC curve: how often a true one beats a false one."""
    ahead = np.subtract.outer(true, false)
    return float(np.mean((ahead > 0) + 0.5 * (ahead == 0)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
