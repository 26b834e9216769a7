"""What the service bears: a real load client, every kind of request for a minute, beside the cheapest there is.

    python benchmarks/service_load.py HOME CAPTIONS.jsonl.gz PHOTOS [--entries 10000] [--seconds 60] [--connections 8]

The service is the real one over the library in HOME, which is loaded first where there is none; files of the folder
PHOTOS lie where its first images are said to be. Needs wrk; asks this machine alone. The floor is /health/live, asked
for by the same client in the same run. Memory is read before, in the middle of and after each kind.
"""

import argparse
import itertools
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg

from benchmarks.cpu import CpuClock
from benchmarks.libraries import add_arguments, open_library
from benchmarks.recombining import load_captions
from benchmarks.search_queries import make_queries, take
from benchmarks.serving import Request, Service, serving
from benchmarks.wrk import find_wrk, put_load
from indexer.cli.output import print_table

_LIVE = "/health/live"
_QUERIES = 2000
_COLUMNS = (
    "asked for", "a second", "p50 ms", "p95", "p99", "longest", "requests", "refused", "broken",
    "MB before", "middle", "after", "CPU service", "CPU Postgres",
)  # fmt: skip
_AT = "UPDATE location SET location = %s, size_bytes = %s, modified_ns = %s WHERE image_id = %s"
_OF_SIZE = "UPDATE image SET size_bytes = %s WHERE id = %s"


def main() -> None:
    """Put every kind of load on the service, and print a table."""
    wanted = _arguments()
    find_wrk()
    with open_library(wanted) as conninfo:
        shown = _place(conninfo, sorted(wanted.photos.iterdir()))
        kinds = _make_kinds(load_captions(wanted.captions), shown)
        with serving(wanted.home) as service:
            _warm_up(service, kinds)
            clock = CpuClock(service.pid, wanted.home)
            asked = {kind: paths for kind, paths in kinds.items() if wanted.only in kind or kind.startswith("floor")}
            rows = [_measure(service, clock, kind, paths, wanted) for kind, paths in asked.items()]
    title = f"{wanted.entries} entries, {wanted.connections} connections, {wanted.seconds} s each"
    print_table(_COLUMNS, rows, title=title)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.set_defaults(entries=10_000)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="a folder of JPEGs")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--only", default="", help="what the kinds of request are called by that are wanted")
    return parser.parse_args()


def _place(conninfo: str, photos: Sequence[Path]) -> list[int]:
    """Say that the library's first images are these files; return their ids."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for image_id, photo in enumerate(photos, 1):
            found = photo.stat()
            connection.execute(_AT, [str(photo.resolve()), found.st_size, found.st_mtime_ns, image_id])
            connection.execute(_OF_SIZE, [found.st_size, image_id])
    return list(range(1, len(photos) + 1))


def _make_kinds(captions: Sequence[Sequence[str]], shown: Sequence[int]) -> Mapping[str, list[str]]:
    """Return the addresses of each kind of request, in the order in which they are asked for."""
    queries = make_queries(captions)
    sentences = [_search(q=text) for text in take(queries["a sentence"], _QUERIES)]
    short = [_search(q=text) for text in take(queries["two or three words"], _QUERIES)]
    filtered = list(_filtered(take(make_queries(captions, seed=3)["a sentence"], _QUERIES)))
    thumbnails = [f"/images/{image_id}/thumbnail?size=320" for image_id in shown]
    pictures = [*thumbnails, *(f"/images/{image_id}" for image_id in shown)]
    return {
        f"floor: {_LIVE}": [_LIVE],
        "sentences": sentences,
        "two or three words": short,
        "sentences, filtered": filtered,
        "thumbnails and images": pictures,
        "mixed": list(_mix(sentences, short, filtered, pictures)),
        f"floor again: {_LIVE}": [_LIVE],
    }


def _filtered(texts: Sequence[str]) -> Iterator[str]:
    filters: Iterator[dict[str, str]] = itertools.cycle(
        [{"origin": "original"}, {"taken_gte": "2015"}, {"tags": "one-in-10"}, {"orientation": "landscape"}]
    )
    for text, given in zip(texts, filters, strict=False):
        yield _search(q=text, **given)


def _mix(sentences: list[str], short: list[str], filtered: list[str], pictures: list[str]) -> Iterator[str]:
    """Yield what a page asks for: a search, and then some of the pictures that it found."""
    chance = random.Random(1)  # noqa: S311 - nothing secret
    for search in chance.sample([*sentences, *short, *filtered], min(_QUERIES, len(sentences))):
        yield search
        yield from chance.sample(pictures, 5)


def _search(**parameters: str) -> str:
    return "/search?" + urlencode(parameters)


def _warm_up(service: Service, kinds: Mapping[str, Sequence[str]]) -> None:
    """Ask for some of each, and for every picture: thumbnails are made once."""
    for kind, paths in kinds.items():
        service.ask([Request(path) for path in (paths if "thumbnails" in kind else paths[:50])], clients=4)


def _measure(
    service: Service, clock: CpuClock, kind: str, paths: Sequence[str], wanted: argparse.Namespace
) -> tuple[object, ...]:
    """Return a row of the table; CPU in milliseconds for each request."""
    process, in_the_middle = psutil.Process(service.pid), []
    before, used = _megabytes(process), clock.read()
    reading = threading.Timer(wanted.seconds / 2, lambda: in_the_middle.append(_megabytes(process)))
    reading.start()
    load = put_load(service.address, paths, connections=wanted.connections, seconds=wanted.seconds)
    reading.join()
    after, now = _megabytes(process), clock.read()
    cpu = [f"{(end - begin) * 1000 / load.requests:.2f}" for begin, end in zip(used, now, strict=True)]
    times = [f"{value:.1f}" for value in (load.p50_ms, load.p95_ms, load.p99_ms, load.longest_ms)]
    counts = (load.requests, load.refused, load.broken)
    time.sleep(1)  # what was in flight when wrk left
    return kind, f"{load.rate:.0f}", *times, *counts, before, *in_the_middle, after, *cpu


def _megabytes(process: psutil.Process) -> int:
    return int(process.memory_info().rss / 1e6)


if __name__ == "__main__":
    main()
