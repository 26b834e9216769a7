"""How fast images are captioned, and what that costs the client, against a local endpoint with a given latency.

    python benchmarks/captioning.py [--images 400] [--concurrency 10 50] [--latency 1.0 0.2]

Embedding is left out here: it runs beside the calls at its own pace. The floor, measured in the same run, is the bare
read + SHA-256 + decode + shrink + encode of the same images to the same size, one after another.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

from benchmarks.endpoints import Endpoint, Steady
from benchmarks.running import Where, caption_only
from indexer.captioning.estimating import fit_picture
from indexer.catalog.embedded_postgres import embedded_postgres
from indexer.cli.output import print_table
from indexer.imaging.decoding import decode, open_image
from indexer.imaging.hashing import sha256_of
from indexer.imaging.reading import make_picture as make_jpeg
from tests.images import make_picture

SIZE = (1024, 768)
MODEL, MAX_EDGE = "gpt-4o-mini", 768


def main() -> None:
    """Measure every combination and print it beside its floor."""
    wanted = _arguments()
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory(prefix="caption-search-") as name:
        photos = Path(name) / "photos"
        _write_photos(photos, wanted.images)
        floor_ms = _floor(photos)
        with embedded_postgres(Path(name) / "home") as server:
            where = Where(server, Path(name))
            for latency_s in wanted.latency:
                for concurrency in wanted.concurrency:
                    rate, cpu_ms = _measure(where, photos, concurrency, latency_s)
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
        with path.open("rb") as file:
            sha256_of(file)
            file.seek(0)
            with open_image(file) as image:
                make_jpeg(decode(image, fit_picture(MODEL, *image.size, MAX_EDGE)))
    return (time.process_time() - started) * 1000 / len(paths)


def _measure(where: Where, photos: Path, concurrency: int, latency_s: float) -> tuple[float, float]:
    """Return images/s and CPU milliseconds per image; the endpoint is a process of its own."""
    with Endpoint(Steady(latency_s)) as endpoint:
        conninfo = where.new_database()
        before, started = _cpu_s(), time.perf_counter()
        outcomes = list(caption_only(conninfo, endpoint.base_url, endpoint.key, [photos], concurrency=concurrency))
        took, cpu = time.perf_counter() - started, _cpu_s() - before
    assert all(outcome.status == "captioned" for outcome in outcomes)
    return len(outcomes) / took, cpu * 1000 / len(outcomes)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
