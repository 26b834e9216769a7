"""Open image files of any supported format safely and turn them into oriented 8-bit RGB."""

import struct
import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import IO

import numpy as np
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from indexer.errors import BadImageError
from indexer.imaging.profiles import to_srgb
from indexer.imaging.sizes import scaled

MAX_PIXELS = 100_000_000
_LARGEST_12_BIT, _LARGEST_16_BIT = 4095.0, 65535.0
_LARGE_PIXELS = 25_000_000
_large = threading.RLock()  # one large image at a time: decoded, it takes gigabytes
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF")
_NAMES = "jpg jpeg jpe jfif mpo png apng webp gif tif tiff bmp dib avif heic heif hif"
SUFFIXES = frozenset(f".{name}" for name in _NAMES.split())

pillow_heif.register_heif_opener()
# Damaged EXIF is no news for the user of a search: the picture is what counts.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
# Our own limit below is told as a reason; Pillow's would warn first and speak of attacks.
Image.MAX_IMAGE_PIXELS = None
# Pixels in blocks over the 32 MB from which on malloc always asks the system, and gives back: of smaller ones a service
# went on holding 1.9 GB after a few large images.
Image.core.set_block_size(64 * 1024 * 1024)  # type: ignore[attr-defined]  # C, without stubs

# What Pillow's decoders raise on broken data (OSError: cut short; the rest: nonsense in headers and chunks).
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, TypeError, RuntimeError)


def open_image(file: IO[bytes]) -> Image.Image:
    """Open an image without decoding its pixels.

    Raises BadImageError for files that are empty, no image, of an unsupported format, or over MAX_PIXELS.
    """
    if not file.read(1):
        raise BadImageError("the file is empty")
    file.seek(0)
    try:
        image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as exc:
        raise BadImageError("not an image of a supported format, or damaged at its start") from exc
    except BROKEN as exc:
        raise BadImageError(f"damaged: {exc}") from exc
    if image.width * image.height > MAX_PIXELS:
        megapixels = image.width * image.height / 1e6
        raise BadImageError(
            f"{image.width} x {image.height} pixels are {megapixels:.0f} megapixels, over the limit of "
            f"{MAX_PIXELS // 1_000_000}"
        )
    return image


def supported_formats() -> list[str]:
    """Name the formats that this installation can decode."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def decode(image: Image.Image, max_edge: int, *, is_faithful: bool = False) -> Image.Image:
    """Decode the first frame to oriented RGB, nothing but pixels, whose longer side is at most `max_edge` pixels.

    With `is_faithful` what is transparent stays so, as RGBA, and colours of another profile become sRGB.
    JPEGs are decoded at a reduced scale where that suffices: libjpeg's scaled inverse DCT. Large images wait for each
    other, see `alone`. Raises BadImageError where the data is cut short or damaged.
    """
    with alone(image):
        return _decode(image, max_edge, to_srgb if is_faithful else _flatten)


def alone(image: Image.Image) -> AbstractContextManager[object]:
    """Give what has a large image wait until no other thread has one; whoever has it may ask for it again."""
    return _large if image.width * image.height > _LARGE_PIXELS else nullcontext()


def _decode(image: Image.Image, max_edge: int, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    try:
        image.draft(None, (max_edge, max_edge))
        image.load()
        shrunk = _shrink(convert(_to_eight_bits(image)), max_edge)
        upright = ImageOps.exif_transpose(shrunk) if is_rotated(image) else shrunk
    except BROKEN as exc:
        raise BadImageError(f"cut short or damaged: {exc}") from exc
    upright.info = {}  # Pillow would write a comment found there into what it saves
    return upright


def load_png(image: Image.Image) -> None:
    """Decode a PNG before its EXIF is asked for: Pillow decodes for that too, and hides what it stumbled over.

    Does nothing for other formats. Raises BadImageError where the data is damaged.
    """
    try:
        if image.format == "PNG":
            image.load()
    except BROKEN as exc:
        raise BadImageError(f"cut short or damaged: {exc}") from exc


def is_rotated(image: Image.Image) -> bool:
    """Tell whether the EXIF orientation asks for a turn or a flip."""
    return orientation(image) in range(2, 9)


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) where there is none or it cannot be read."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except BROKEN:
        return 1


def seen_size(image: Image.Image) -> tuple[int, int]:
    """Return width and height in pixels as seen, after the EXIF orientation; TIFFs come turned already."""
    if image.format == "TIFF":
        return image.size
    return (image.height, image.width) if orientation(image) in range(5, 9) else image.size


def _shrink(image: Image.Image, max_edge: int) -> Image.Image:
    if max(image.size) <= max_edge:
        return image
    shrunk = image.resize(scaled(image.size, max_edge), Image.Resampling.LANCZOS, reducing_gap=3.0)
    shrunk.info = image.info  # exif_transpose reads the orientation there
    return shrunk


def _to_eight_bits(image: Image.Image) -> Image.Image:
    return _eight_bit(image) if image.mode.startswith("I") or image.mode == "F" else image


def _flatten(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        return _on_white(image)
    if image.mode == "RGB":
        return image
    rgb = image.convert("RGB")
    rgb.info = image.info
    return rgb


def _eight_bit(image: Image.Image) -> Image.Image:
    """Scale 16-bit integers by their range, and anything else by its own extremes."""
    values = np.asarray(image, dtype=np.float32)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if image.mode.startswith("I") and low >= 0 and 255 < high <= _LARGEST_16_BIT:
        low, high = 0.0, _LARGEST_12_BIT if high <= _LARGEST_12_BIT else _LARGEST_16_BIT
    bounded = np.clip(np.nan_to_num(values, nan=low, posinf=high, neginf=low), low, high)
    scaled = (bounded - low) * (255.0 / ((high - low) or 1.0))
    eight_bit = Image.fromarray(scaled.astype(np.uint8))
    eight_bit.info = image.info
    return eight_bit


def _on_white(image: Image.Image) -> Image.Image:
    rgba = image if image.mode == "RGBA" else image.convert("RGBA")
    # Two copies of the pixels, of which a large image has 400 MB: Image.alpha_composite would need five.
    flat = Image.new("RGB", rgba.size, "white")
    flat.paste(rgba, mask=rgba)
    flat.info = {key: value for key, value in image.info.items() if key != "transparency"}
    return flat
