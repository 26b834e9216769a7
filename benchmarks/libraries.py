"""A library of any size in a real catalogue, loaded in minutes and kept between runs.

    python benchmarks/libraries.py HOME CAPTIONS.jsonl.gz [--entries 100000] [--vectors STEM]

Images and captions are copied in; their entries are written and indexed by the product's own steps for a new
generation, with the sentences' vectors found ready.
"""

import argparse
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Event
from typing import LiteralString

import psycopg

from benchmarks.bench_images import MODELS, BenchImage
from benchmarks.ready_vectors import load_ready
from benchmarks.recombining import load_captions, recombine
from indexer.captioning.prompts import get_prompt
from indexer.catalog.embedded_postgres import embedded_postgres
from indexer.catalog.embedding import Embedder
from indexer.catalog.migrating import migrate
from indexer.catalog.store import Store
from indexer.cli.output import say
from indexer.models import RETRIEVAL, GenerationId, PromptId
from indexer.pipelines.indexing import Indexing

_CHUNK = 10_000
_IMAGES: LiteralString = (
    "COPY image (id, sha256, origin, format, width, height, size_bytes, taken_at, keywords, changes, perceptual_hash) "
    "FROM STDIN"
)
_LOCATIONS: LiteralString = "COPY location (image_id, location, relative_path, size_bytes, modified_ns) FROM STDIN"
_CAPTIONS: LiteralString = (
    "COPY caption (image_id, kind, prompt_id, captioner, model, sentences, keywords, visible_text, fields) FROM STDIN"
)


def main() -> None:
    """Load a library where there is none yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    wanted = parser.parse_args()
    with open_library(wanted) as conninfo, Store(conninfo) as store:
        print(store.generations.get_live())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says which library is meant."""
    parser.add_argument("home", type=Path, metavar="HOME", help="a folder that keeps the database")
    parser.add_argument("captions", type=Path, metavar="CAPTIONS", help='JSONL: {"captions": [five strings]}')
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--vectors", type=Path, help="the captions' vectors: STEM.npy and STEM.json (made if missing)")


@contextmanager
def open_library(wanted: argparse.Namespace) -> Iterator[str]:
    """Give the connection string of the library wanted, loading it the first time."""
    with embedded_postgres(wanted.home) as conninfo:
        migrate(conninfo)
        with Store(conninfo) as store:
            is_there = store.generations.get_live() is not None
        if not is_there:
            captions = load_captions(wanted.captions)
            texts = [text for own in captions for text in own]
            ready = load_ready(wanted.vectors or wanted.home / "vectors", texts)
            load_library(conninfo, recombine(captions, wanted.entries), ready)
        yield conninfo


def load_library(conninfo: str, images: Iterable[BenchImage], embedder: Embedder) -> GenerationId:
    """Fill an empty, migrated catalogue with images and a live generation that has an entry for each of them."""
    started = time.perf_counter()
    with Store(conninfo) as store, psycopg.connect(conninfo, autocommit=True) as connection:
        prompts = _register_prompts(store)
        count = _copy_images(connection, images, prompts)
        say(f"{count} images copied after {time.perf_counter() - started:.0f} s")
        generation_id = store.generations.add_generation(
            prompt_id=prompts[RETRIEVAL],
            captioner="openai",
            model=MODELS["openai"],
            embedder=embedder.name,
            dimensions=embedder.dimensions,
            state="building",
        )
        _write_entries(store, embedder, generation_id)
        say(f"entries written after {time.perf_counter() - started:.0f} s")
        store.partitions.build_indexes(generation_id, embedder.dimensions)
        store.generations.mark_ready(generation_id)
        store.generations.activate(generation_id)
        _write_entries(store, embedder, generation_id)  # none are left: this fits the cut-off
        connection.execute("VACUUM (ANALYZE)")
    say(f"all indexed after {time.perf_counter() - started:.0f} s")
    return generation_id


def _register_prompts(store: Store) -> dict[str, PromptId]:
    wanted = [get_prompt(Path("prompts"), kind) for kind in (RETRIEVAL, "moderation")]
    stored = [store.prompts.register_prompt(prompt) for prompt in wanted]
    return {prompt.kind: prompt.id for prompt in stored if prompt.id is not None}


def _copy_images(connection: psycopg.Connection, images: Iterable[BenchImage], prompts: Mapping[str, PromptId]) -> int:
    """Copy images with their locations and captions, a bounded number at a time; return how many there were."""
    remaining, first = iter(images), 1
    while chunk := list(islice(remaining, _CHUNK)):
        numbered = list(enumerate(chunk, first))
        _copy(connection, _IMAGES, (image.image_row(number) for number, image in numbered))
        _copy(connection, _LOCATIONS, (image.location_row(number) for number, image in numbered))
        captions = (row for number, image in numbered for row in image.caption_rows(number, prompts))
        _copy(connection, _CAPTIONS, captions)
        first += len(chunk)
    connection.execute("SELECT setval(pg_get_serial_sequence('image', 'id'), (SELECT max(id) FROM image))")
    connection.execute("ANALYZE image, location, caption")
    return first - 1


def _copy(connection: psycopg.Connection, statement: LiteralString, rows: Iterable[Sequence[object]]) -> None:
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _write_entries(store: Store, embedder: Embedder, generation_id: GenerationId) -> None:
    everything = Event()
    everything.set()
    with store.runs.running("benchmark", {}) as run_id, ThreadPoolExecutor(1) as pool:
        indexing = Indexing(
            store=store,
            load_embedder=lambda _: embedder,
            first=None,
            run_id=run_id,
            generation_id=generation_id,
        )
        # In a thread, for it lowers the priority of the one that it runs in.
        pool.submit(indexing.run, everything, Event()).result()


if __name__ == "__main__":
    main()
