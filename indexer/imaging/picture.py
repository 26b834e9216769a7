"""What can be read off a picture's pixels."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.imaging.colours import dominant_colours


def rgb_pixels(jpeg: bytes) -> NDArray[np.uint8]:
    """Decode a picture of ours; return its pixels, uint8 [height, width, RGB]."""
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        return np.array(image.convert("RGB"))


def colours_and_pixels(jpeg: bytes) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    """Decode a picture of ours; return its dominant colours and its pixels, uint8 [height, width, BGR]."""
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        rgb = image.convert("RGB")
    return dominant_colours(rgb), np.ascontiguousarray(np.asarray(rgb)[:, :, ::-1])
