"""What a run takes: memory over many images, and bytes on the way to the endpoint for a large one."""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

import numpy as np
import psutil
from PIL import Image, ImageOps
from skimage import data

from benchmarks.endpoints import Endpoint, Steady
from benchmarks.running import Where, caption_only, killed_at_end, start_command
from benchmarks.verdicts import Verdict
from tests.images import make_picture

_EARLY, _LATE, _MOST_GROWTH_MB = 2_000, 20_000, 60
_SMALL = (64, 64)
_LARGE, _MOST_KB = (4000, 3000), 150
_NOISE, _TILES, _REAL = 6.0, 4, 40


def measure_memory(where: Where) -> Iterator[Verdict]:
    """Ingest 20,000 images with the real command, embedding and all, and look at its resident memory."""
    photos, conninfo = where.new_folder(), where.new_database()
    for number in range(_LATE):
        make_picture(number, _SMALL).save(photos / f"{number:05}.jpg")
    started = time.monotonic()
    with Endpoint(Steady()) as endpoint, killed_at_end(start_command(conninfo, endpoint, "ingest", photos)) as command:
        process = psutil.Process(command.pid)
        early = resident_mb(process, lambda: endpoint.seen().requests >= _EARLY)
        captioned = resident_mb(process, lambda: endpoint.seen().requests >= _LATE)
        late = resident_mb(process, lambda: command.poll() is not None)
        code = command.wait()
    yield Verdict(
        scenario="memory",
        asked=f"{_LATE} images of {_SMALL[0]} x {_SMALL[1]}, latency 0, embedding included",
        came=f"{early:.0f} MB at {_EARLY}, {captioned:.0f} MB when all were captioned, {late:.0f} MB at the end: "
        f"{late - early:+.0f} MB; {_LATE / (time.monotonic() - started):.0f} images/s",
        promise=f"flat within {_MOST_GROWTH_MB} MB",
        held=late - early <= _MOST_GROWTH_MB and code == 0,
    )


def resident_mb(process: psutil.Process, is_so: Callable[[], bool]) -> float:
    """Return how much memory a process had when something came to be so, or when it ended."""
    resident = 0.0
    while not is_so():
        with suppress(psutil.NoSuchProcess):
            resident = float(process.memory_info().rss) / 1e6 or resident
        time.sleep(0.2)
    return resident


def measure_bytes(where: Where) -> Iterator[Verdict]:
    """Send large photos: real ones, enlarged and with the noise of a sensor, and many of them beside each other."""
    shipped = {name: Image.fromarray(getattr(data, name)()) for name in ("astronaut", "chelsea", "coffee", "rocket")}
    for name, photo in shipped.items():
        yield _measure_bytes(where, name, [_enlarged(photo)])
    if where.photos is not None:
        paths = sorted(where.photos.glob("*.jpg"))[:_REAL]
        yield _measure_bytes(where, f"{len(paths)} of {where.photos}", (_enlarged(Image.open(path)) for path in paths))
    yield _measure_bytes(where, f"{_TILES**2} photos beside each other", [_mosaic(list(shipped.values()))])


def _measure_bytes(where: Where, name: str, pictures: Iterable[Image.Image]) -> Verdict:
    folder = where.new_folder()
    for number, picture in enumerate(pictures):
        picture.save(folder / f"{number}.jpg", quality=92)
    files = [path.stat().st_size / 1e6 for path in folder.iterdir()]
    with Endpoint(Steady()) as endpoint:
        outcomes = caption_only(where.new_database(), endpoint.base_url, endpoint.key, [folder], concurrency=1)
        assert {outcome.status for outcome in outcomes} == {"captioned"}
        sent = endpoint.seen().sizes
    middle_kb = statistics.median(sent) / 1000
    return Verdict(
        scenario="bytes",
        asked=f"{_LARGE[0]} x {_LARGE[1]}, {statistics.median(files):.1f} MB: {name}",
        came=f"{middle_kb:.0f} KB in the request's body" + (f", at most {max(sent) / 1000:.0f}" if sent[1:] else ""),
        promise=f"{_MOST_KB} KB",
        held=middle_kb <= _MOST_KB,
    )


def _enlarged(photo: Image.Image) -> Image.Image:
    return _with_noise(ImageOps.fit(photo.convert("RGB"), _LARGE, Image.Resampling.BICUBIC))


def _mosaic(photos: Sequence[Image.Image]) -> Image.Image:
    mosaic = Image.new("RGB", _LARGE)
    width, height = _LARGE[0] // _TILES, _LARGE[1] // _TILES
    for number in range(_TILES**2):
        tile = ImageOps.fit(photos[number % len(photos)], (width, height))
        mosaic.paste(tile, (number % _TILES * width, number // _TILES * height))
    return _with_noise(mosaic)


def _with_noise(picture: Image.Image) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, _NOISE, (picture.height, picture.width, 3))
    return Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))
