"""Small pictures: WebP for result lists, JPEG for whoever takes nothing else."""

import io
from pathlib import Path

from PIL import Image

from indexer.errors import BadImageError
from indexer.imaging.decoding import decode, open_image

SIZES = (160, 320, 640, 1280)
_QUALITY = 80


def make_thumbnail(path: Path, size: int) -> bytes:
    """Return the image at `path` as WebP, its longer side at most `size` pixels.

    Raises BadImageError when the file is gone or cannot be decoded.
    """
    out = io.BytesIO()
    try:
        with path.open("rb") as file, open_image(file) as image:
            decode(image, size).save(out, "WEBP", quality=_QUALITY)
    except OSError as exc:
        raise BadImageError(f"cannot be read: {exc.strerror or exc}") from exc
    return out.getvalue()


def as_jpeg(thumbnail: bytes) -> bytes:
    """Return a thumbnail as JPEG."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(thumbnail), formats=["WEBP"]) as image:
        image.convert("RGB").save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
