"""What a run takes: memory over many images, and bytes on the way to the endpoint for a large one."""

import multiprocessing
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil
from PIL import Image, ImageOps
from skimage import data

from benchmarks.endpoints import Endpoint, Steady
from benchmarks.running import Where, caption_only
from benchmarks.verdicts import Verdict
from tests.images import make_picture

_EARLY, _LATE, _MOST_GROWTH_MB = 2_000, 20_000, 60
_SMALL = (64, 64)
_LARGE, _MOST_KB = (4000, 3000), 150
_NOISE, _TILES, _REAL = 6.0, 4, 40


def measure_memory(where: Where) -> Iterator[Verdict]:
    """Caption 20,000 images in a process of its own, and look at its resident memory."""
    photos, conninfo = where.new_folder(), where.new_database()
    for number in range(_LATE + 100):
        make_picture(number, _SMALL).save(photos / f"{number:05}.jpg")
    with Endpoint(Steady()) as endpoint:
        arguments = conninfo, endpoint.base_url, endpoint.key, photos
        run = multiprocessing.get_context("spawn").Process(target=_caption_all, args=arguments)
        run.start()
        early, late = (_resident_mb(run, endpoint, answers) for answers in (_EARLY, _LATE))
        run.join()
        seen = endpoint.seen()
    yield Verdict(
        scenario="memory",
        asked=f"{_LATE} images of {_SMALL[0]} x {_SMALL[1]}, latency 0",
        came=f"{early:.0f} MB at {_EARLY}, {late:.0f} MB at {_LATE}: {late - early:+.0f} MB; "
        f"{len(seen.good_at) / (seen.good_at[-1] - seen.good_at[0]):.0f} images/s",
        promise=f"flat within {_MOST_GROWTH_MB} MB",
        held=abs(late - early) <= _MOST_GROWTH_MB and run.exitcode == 0,
    )


def _caption_all(conninfo: str, base_url: str, key: str, photos: Path) -> None:
    assert all(
        outcome.status == "captioned" for outcome in caption_only(conninfo, base_url, key, [photos], concurrency=10)
    )


def _resident_mb(run: multiprocessing.process.BaseProcess, endpoint: Endpoint, answers: int) -> float:
    """Wait for so many answers, and return how much memory the run has then."""
    process = psutil.Process(run.pid)
    while endpoint.seen().requests < answers:
        assert run.is_alive()
        time.sleep(0.5)
    return float(process.memory_info().rss) / 1e6


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
