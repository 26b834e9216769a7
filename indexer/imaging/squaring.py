"""Square PNGs under four megabytes, for the one model that takes nothing else."""

import io

from PIL import Image

from indexer.errors import BadImageError
from indexer.imaging.decoding import BROKEN
from indexer.imaging.png import encode_png
from indexer.imaging.sizes import scaled
from indexer.models import SentPicture

_EDGES = (1024, 768, 512)  # its largest image; noise that takes more than is allowed is made smaller
_MOST_BYTES = 4_000_000
_OPEN, _KEPT = 0, 255


def make_square(
    picture: SentPicture, mask: SentPicture | None, *, opens: bool
) -> tuple[SentPicture, SentPicture | None]:
    """Return the whole picture on a square, and a mask of the same size that keeps what was added.

    Where a picture has neither a mask nor anything transparent, `opens` says to make a mask that opens all of it.
    Raises BadImageError where one of them cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(picture.data)) as opened:
            pixels = opened.convert("RGBA")
        alpha = None if mask is None else _alpha_of(mask)
    except BROKEN as exc:
        raise BadImageError(f"cut short or damaged: {exc}") from exc
    if alpha is None and opens and pixels.getchannel("A").getextrema()[0] == _KEPT:
        alpha = Image.new("L", pixels.size, _OPEN)
    return _fit(picture, pixels, alpha)


def _fit(
    picture: SentPicture, pixels: Image.Image, alpha: Image.Image | None
) -> tuple[SentPicture, SentPicture | None]:
    for longest in _EDGES:
        edge = min(longest, max(pixels.size))
        sent = picture if _is_fit(picture, edge) else _encode(_on_square(pixels, edge, (0, 0, 0, _KEPT)))
        if len(sent.data) < _MOST_BYTES:
            break
    if alpha is None:
        return sent, None
    mask = Image.new("RGBA", (sent.width, sent.height))
    mask.putalpha(_on_square(alpha, sent.width, _KEPT))
    return sent, _encode(mask)


def _is_fit(picture: SentPicture, edge: int) -> bool:
    """Tell whether a picture may be sent as it is: a square PNG of a mode that the model takes."""
    is_square_png = picture.media_type == "image/png" and picture.width == picture.height
    return is_square_png and picture.width <= edge and picture.data[25] in (4, 6)  # IHDR's colour type: LA, RGBA


def _on_square(pixels: Image.Image, edge: int, pad: int | tuple[int, ...]) -> Image.Image:
    size = scaled(pixels.size, edge)
    whole = pixels if pixels.size == size else pixels.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    square = Image.new(pixels.mode, (edge, edge), pad)
    square.paste(whole, ((edge - size[0]) // 2, (edge - size[1]) // 2))
    return square


def _alpha_of(mask: SentPicture) -> Image.Image:
    with Image.open(io.BytesIO(mask.data)) as opened:
        return opened.convert("RGBA").getchannel("A")


def _encode(pixels: Image.Image) -> SentPicture:
    return SentPicture(data=encode_png(pixels), media_type="image/png", width=pixels.width, height=pixels.height)
