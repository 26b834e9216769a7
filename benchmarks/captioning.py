"""How fast images are captioned, and what that costs the client, against a local endpoint with a given latency.

    python benchmarks/captioning.py [--images 400] [--concurrency 10 50] [--latency 1.0 0.2]

Embedding is left out here: it runs beside the calls at its own pace. The floor, measured in the same run, is the bare
read + SHA-256 + decode + shrink + encode of the same images, one after another.
"""

import argparse
import math
import multiprocessing
import resource
import tempfile
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event

import openai

from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.captioning.pricing import Prices
from indexer.captioning.prompts import get_prompt
from indexer.catalog.embedded_postgres import embedded_postgres
from indexer.catalog.migrating import migrate
from indexer.catalog.store import Store
from indexer.cli.output import print_table
from indexer.cli.wiring import build_ingesting
from indexer.imaging.reading import read_image
from indexer.pipelines.spending import Budget
from indexer.settings import Settings
from indexer.sources.folders import find_files
from tests.fakes.openai_server import FakeOpenAI, caption_reply
from tests.images import make_picture

SIZE = (1024, 768)
MAX_EDGE = 768


class NoIndexing:
    """Stands where entries are written."""

    def __init__(self) -> None:
        self.written = 0
        self.awaited: set[int] = set()

    def run(self, captioned: Event, _stop: Event) -> None:
        """Wait for the captions."""
        captioned.wait()


def main() -> None:
    """Measure every combination and print it beside its floor."""
    wanted = _arguments()
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory(prefix="caption-search-") as name:
        photos = Path(name) / "photos"
        _write_photos(photos, wanted.images)
        floor_ms = _floor(photos)
        with embedded_postgres(Path(name) / "home") as conninfo:
            migrate(conninfo)
            for latency_s in wanted.latency:
                for concurrency in wanted.concurrency:
                    rate, cpu_ms = _measure(conninfo, photos, concurrency, latency_s)
                    ideal = concurrency / latency_s
                    rows.append((concurrency, latency_s, rate, f"{rate / ideal:.2f}", cpu_ms, floor_ms))
    print_table(("in flight", "latency s", "images/s", "of ideal", "client CPU ms/image", "floor ms/image"), rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--latency", type=float, nargs="+", default=[1.0, 0.2])
    return parser.parse_args()


def _write_photos(folder: Path, count: int) -> None:
    folder.mkdir()
    for number in range(count):
        make_picture(number, SIZE).save(folder / f"{number:05}.jpg", quality=92)


def _floor(photos: Path) -> float:
    """Return CPU milliseconds per image of reading alone."""
    started, paths = time.process_time(), sorted(photos.iterdir())
    for path in paths:
        read_image(path, max_edge=MAX_EDGE)
    return (time.process_time() - started) * 1000 / len(paths)


def _measure(conninfo: str, photos: Path, concurrency: int, latency_s: float) -> tuple[float, float]:
    """Return images/s and CPU milliseconds per image; the endpoint is a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, latency_s))
    server.start()
    base_url, key = ours.recv()
    try:
        with Store(conninfo) as store, store.runs.running("benchmark", {}) as run_id:
            client = openai.OpenAI(api_key=key, base_url=base_url, max_retries=0)
            captioner = OpenAICaptioner(client, model="gpt-4o-mini", max_edge=MAX_EDGE, prices=Prices({}))
            _forget(store)
            prompts = [store.prompts.register_prompt(get_prompt(Path("prompts"), "retrieval"))]
            settings = Settings.load(concurrency=concurrency)
            ingesting = replace(
                build_ingesting(
                    store,
                    settings,
                    captioner,
                    prompts,
                    run_id=run_id,
                    budget=Budget(math.inf),
                    retry_failed=False,
                    stop=Event(),
                ),
                indexing=NoIndexing(),  # type: ignore[arg-type]
            )
            before, started = _cpu_s(), time.perf_counter()
            outcomes = list(ingesting.run(find_files([photos])))
            took, cpu = time.perf_counter() - started, _cpu_s() - before
        assert all(outcome.status == "captioned" for outcome in outcomes)
    finally:
        ours.send("stop")
        server.join()
    return len(outcomes) / took, cpu * 1000 / len(outcomes)


def _forget(store: Store) -> None:
    with store._database.connection() as connection:  # noqa: SLF001 - a benchmark starts from nothing
        connection.execute("TRUNCATE image, location, caption, request, failure CASCADE")


def _serve(connection: Connection, latency_s: float) -> None:
    reply = caption_reply("A picture of coloured blocks.", "Blocks in many colours.", keywords=("blocks",))
    with FakeOpenAI(latency_s=latency_s, answer=lambda _: reply, decodes=False) as server:
        connection.send((server.base_url, server.key))
        connection.recv()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
