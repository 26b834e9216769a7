"""Pictures as editors get them: upright, without metadata, and their own bytes where that is so already."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import IO

from PIL import Image

from indexer.errors import BadImageError
from indexer.imaging import jpeg, png, webp
from indexer.imaging.decoding import decode, is_rotated, open_image, seen_size
from indexer.imaging.profiles import is_srgb
from indexer.imaging.reading import opened
from indexer.models import SentPicture

LARGEST_EDGE = 4096
_QUALITY = 95
_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_STRIP: dict[str, Callable[[bytes], bytes]] = {
    "JPEG": jpeg.without_metadata,
    "MPO": jpeg.without_metadata,  # a JPEG with others behind it, which go
    "PNG": png.without_metadata,
    "WEBP": webp.without_metadata,
}
_MODES = ("L", "LA", "P", "RGB", "RGBA", "1")
_END_OF_JPEG = b"\xff\xd9"
_LARGEST_MASK = 16384
_NEARLY = 8  # of 255: what JPEG leaves of black and of white
# A painter's mask: white is to be edited, which is transparent; black stays.
_TO_ALPHA = [255 if grey < _NEARLY else 0 if grey > 255 - _NEARLY else 255 - grey for grey in range(256)]


def media_type_of(data: bytes) -> str | None:
    """Return the media type that a picture's bytes tell, None where they tell none that is sent."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for magic, media_type in _MAGIC.items() if data.startswith(magic)), None)


def read_for_editing(path: Path, *, max_edge: int = LARGEST_EDGE) -> SentPicture:
    """Return the image at `path` for an editor, its longer side at most `max_edge` pixels.

    It is its own data where that is a JPEG, PNG or WebP that needs no turning or shrinking, and is not decoded then.
    Colours of another profile become sRGB: what looks at them knows no profiles, and answers without one.
    Raises BadImageError when it cannot be read, is no image, or is damaged or cut short.
    """
    with opened(path) as file, open_image(file) as image:
        own = _read_own(file, image) if _may_pass(image, max_edge) else None
        if own is not None:
            return _sent(own, image.size)
        return _encode(decode(image, max_edge, is_faithful=True))


def read_mask(path: Path, *, like: SentPicture, original_size: tuple[int, int]) -> SentPicture:
    """Return the mask at `path` for a picture that is sent, as a PNG of the same size whose alpha is the mask.

    A mask without anything transparent is read as painters' are: white is to be edited, black stays. `original_size`
    is the picture's in pixels as seen. Raises BadImageError for a mask that is damaged, has other proportions than the
    picture, or leaves nothing to be edited.
    """
    with opened(path) as file, open_image(file) as image:
        check_proportions(seen_size(image), original_size)
        pixels = decode(image, _LARGEST_MASK, is_faithful=True)
    alpha = pixels.getchannel("A") if pixels.mode == "RGBA" else pixels.convert("L").point(_TO_ALPHA)
    if alpha.getextrema()[0] == 255:
        raise BadImageError("a mask that leaves nothing to be edited: make that transparent, or white on black")
    size = (like.width, like.height)
    mask = Image.new("RGBA", size)
    mask.putalpha(alpha if alpha.size == size else alpha.resize(size, Image.Resampling.BILINEAR))
    return _encode(mask)


def _may_pass(image: Image.Image, max_edge: int) -> bool:
    is_kept = image.format in _STRIP and image.mode in _MODES and max(image.size) <= max_edge
    # Of a PNG, Pillow knows that only when it has decoded it.
    return is_kept and is_srgb(image) and (image.format == "PNG" or not is_rotated(image))


def _read_own(file: IO[bytes], image: Image.Image) -> bytes | None:
    """Return the file's own picture; None where it has to be decoded, which also says what is wrong with it."""
    position = file.tell()
    file.seek(0)
    data = file.read()
    file.seek(position)
    try:
        picture = _STRIP[image.format or ""](data)
    except BadImageError:
        return None
    is_cut = image.format in ("JPEG", "MPO") and not picture.endswith(_END_OF_JPEG)
    is_turned = image.format == "PNG" and png.may_be_turned(data) and is_rotated(image)
    return None if is_cut or is_turned else picture


def _encode(pixels: Image.Image) -> SentPicture:
    if pixels.mode == "RGBA":
        return _sent(png.encode_png(pixels), pixels.size)
    out = io.BytesIO()
    pixels.save(out, "JPEG", quality=_QUALITY)
    return _sent(out.getvalue(), pixels.size)


def _sent(data: bytes, size: tuple[int, int]) -> SentPicture:
    return SentPicture(data=data, media_type=media_type_of(data) or "", width=size[0], height=size[1])


def check_proportions(mask: tuple[int, int], picture: tuple[int, int]) -> None:
    """Raise BadImageError where one is not the other made smaller, but for the rounding of a pixel."""
    if abs(mask[0] * picture[1] - mask[1] * picture[0]) > max(*mask, *picture):
        raise BadImageError(
            f"a mask of {mask[0]} x {mask[1]} pixels for a picture of {picture[0]} x {picture[1]}: it has to have the "
            "picture's size, or its proportions"
        )
