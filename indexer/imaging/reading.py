"""Read one image file, once: hash it, learn what it is, and make the picture a model gets."""

import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from PIL import Image

from indexer.errors import BadImageError
from indexer.imaging.decoding import alone, decode, is_rotated, load_png, open_image, seen_size
from indexer.imaging.hashing import perceptual_hash, sha256_of
from indexer.imaging.jpeg import without_metadata
from indexer.imaging.metadata import read_metadata
from indexer.models import ImageFacts, Picture

JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadImage:
    """What one reading of a file gave; size and time are those of the bytes read."""

    facts: ImageFacts
    picture: Picture
    modified_ns: int


def keep_size(width: int, height: int, max_edge: int) -> int:
    """Return the longer side of a picture that is no larger than its image and than `max_edge`, in pixels."""
    return min(max_edge, max(width, height))


def inspect_image(path: Path) -> tuple[bytes, tuple[int, int]]:
    """Return an image's SHA-256 and its width and height in pixels as seen, without decoding it.

    Raises BadImageError when it cannot be read or is no image.
    """
    with opened(path) as file:
        sha256 = sha256_of(file)
        file.seek(0)
        with open_image(file) as image:
            return sha256, seen_size(image)


def read_image(path: Path, *, max_edge: int, fit: Callable[[int, int, int], int] = keep_size) -> ReadImage:
    """Hash and decode the image at `path`, its picture at most `max_edge` pixels on the longer side.

    `fit` is given the image's width and height and `max_edge`, and says how long the longer side is to be.
    Raises BadImageError when it cannot be read, is no image, is damaged, or changes while it is read.
    """
    with opened(path) as file:
        before = os.fstat(file.fileno())
        sha256 = sha256_of(file)
        file.seek(0)
        facts, picture = _read(file, sha256, before.st_size, lambda width, height: fit(width, height, max_edge))
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadImageError("changed while it was read", is_retryable=True)
    return ReadImage(facts=facts, picture=picture, modified_ns=before.st_mtime_ns)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that may be an image; raises BadImageError where that is no file, or cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for without end
            raise BadImageError("a folder that cannot be listed" if path.is_dir() else "not a regular file")
        with path.open("rb") as file:
            yield file
    except OSError as exc:
        raise BadImageError(f"cannot be read: {exc.strerror or exc}", is_retryable=True) from exc


def _read(
    file: IO[bytes], sha256: bytes, size_bytes: int, fit: Callable[[int, int], int]
) -> tuple[ImageFacts, Picture]:
    with open_image(file) as image, alone(image):
        load_png(image)
        width, height = seen_size(image)
        metadata, format_name = read_metadata(image), image.format or ""
        may_pass = image.format == "JPEG" and image.mode in ("L", "RGB") and not is_rotated(image)
        longest = fit(width, height)
        shrunk = decode(image, longest)
        facts = ImageFacts(
            sha256=sha256,
            format=format_name,
            width=width,
            height=height,
            size_bytes=size_bytes,
            metadata=metadata,
            perceptual_hash=perceptual_hash(shrunk),
        )
        if may_pass and max(width, height) <= longest:
            file.seek(0)
            return facts, _pass(file.read(), shrunk)
        return facts, make_picture(shrunk)


def _pass(jpeg: bytes, decoded: Image.Image) -> Picture:
    """Keep the JPEG's own data where its segments can be told apart; libjpeg reads more than we take to pieces."""
    try:
        return Picture(jpeg=without_metadata(jpeg), width=decoded.width, height=decoded.height)
    except BadImageError:
        return make_picture(decoded)


def make_picture(image: Image.Image) -> Picture:
    """Encode decoded pixels as the JPEG that is sent."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return Picture(jpeg=out.getvalue(), width=image.width, height=image.height)
