"""Pictures for tests: each number gives one of its own."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def make_picture(number: int = 0, size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image.Image:
    """Return a picture of coarse coloured blocks that only this number has."""
    blocks = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST).convert(mode)


def image_bytes(number: int = 0, file_format: str = "JPEG", **options: Any) -> bytes:
    """Return an encoded picture; `size` and `mode` are the picture's, the rest goes to Pillow."""
    picture = make_picture(number, options.pop("size", (64, 48)), options.pop("mode", "RGB"))
    out = io.BytesIO()
    picture.save(out, file_format, **options)
    return out.getvalue()


def write_images(folder: Path, count: int, *, first: int = 0) -> list[Path]:
    """Write so many different JPEGs and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"picture-{number:03}.jpg" for number in range(first, first + count)]
    for number, path in enumerate(paths, start=first):
        path.write_bytes(image_bytes(number))
    return paths
