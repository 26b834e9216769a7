import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from indexer.errors import BadImageError
from indexer.imaging.decoding import FORMATS, SUFFIXES, open_image, supported_formats
from tests.images import image_bytes, make_picture
from tests.unit.imaging.pictures import FAITHFUL, decoded, difference, encoded, pixels

GREYS_16_BIT = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (48, 1))
GREYS_8_BIT = (GREYS_16_BIT // 257).astype(np.int16)
RED, WHITE = (255, 0, 0), (255, 255, 255)


def test_every_format_is_supported_by_this_installation() -> None:
    assert supported_formats() == list(FORMATS)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif", ".heic"])
def test_the_usual_suffixes_are_known(suffix: str) -> None:
    assert suffix in SUFFIXES


@pytest.mark.parametrize("file_format", FAITHFUL)
def test_every_format_decodes_to_the_pixels_that_went_in(file_format: str) -> None:
    picture = make_picture(1, (128, 96))

    image = decoded(encoded(picture, file_format))

    assert (image.mode, image.size) == ("RGB", (128, 96))
    assert difference(image, picture) < 2


@pytest.mark.parametrize("file_format", FAITHFUL)
def test_every_format_is_shrunk_to_the_longest_edge(file_format: str) -> None:
    picture = make_picture(1, (256, 192))

    image = decoded(encoded(picture, file_format), max_edge=64)

    assert (image.mode, image.size) == ("RGB", (64, 48))
    assert difference(image, picture.resize((64, 48), Image.Resampling.LANCZOS)) < 3


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_an_animation_is_its_first_frame(file_format: str) -> None:
    first, second = make_picture(1), make_picture(2)

    image = decoded(encoded(first, file_format, save_all=True, append_images=[second]))

    assert difference(image, first) < 3


def test_a_multi_picture_jpeg_is_its_first_picture() -> None:
    first, out = make_picture(1), io.BytesIO()
    first.save(out, "MPO", save_all=True, append_images=[make_picture(2)], quality=95, subsampling=0)

    assert difference(decoded(out.getvalue()), first) < 2


def test_an_image_smaller_than_the_limit_is_not_enlarged() -> None:
    assert decoded(image_bytes(1, "PNG"), max_edge=768).size == (64, 48)


@pytest.mark.parametrize(("size", "shrunk"), [((3000, 2), (64, 1)), ((2, 3000), (1, 64)), ((65, 65), (64, 64))])
def test_no_side_vanishes_when_an_image_is_shrunk(size: tuple[int, int], shrunk: tuple[int, int]) -> None:
    assert decoded(image_bytes(1, "PNG", size=size), max_edge=64).size == shrunk


@pytest.mark.parametrize(
    ("file_format", "values"),
    [("PNG", GREYS_16_BIT), ("TIFF", GREYS_16_BIT), ("TIFF", GREYS_16_BIT.astype(np.int32))],
    ids=["PNG I;16", "TIFF I;16", "TIFF I"],
)
def test_sixteen_bit_greys_are_scaled_to_eight(file_format: str, values: NDArray[Any]) -> None:
    image = decoded(encoded(Image.fromarray(values), file_format))

    assert image.mode == "RGB"
    assert np.abs(pixels(image)[:, :, 0] - GREYS_8_BIT).max() <= 1


def test_a_float_tiff_is_scaled_by_its_own_extremes() -> None:
    values = GREYS_16_BIT.astype(np.float32) / 65535 * 3 - 1

    image = decoded(encoded(Image.fromarray(values), "TIFF"))

    assert np.abs(pixels(image)[:, :, 1] - GREYS_8_BIT).max() <= 1


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_a_hole_in_a_float_tiff_leaves_the_rest_as_it_is(hole: float) -> None:
    values = GREYS_16_BIT.astype(np.float32) / 65535
    values[0, 0] = hole

    image = decoded(encoded(Image.fromarray(values), "TIFF"))

    assert np.abs(pixels(image)[1:, :, 0] - GREYS_8_BIT[1:]).max() <= 1


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    picture = make_picture(1)

    image = decoded(encoded(picture.convert("CMYK"), "JPEG"))

    assert (image.mode, difference(image, picture) < 3) == ("RGB", True)


@pytest.mark.parametrize("mode", ["L", "1", "LA", "P"])
def test_other_modes_become_rgb(mode: str) -> None:
    picture = make_picture(1).convert(mode)

    image = decoded(encoded(picture, "PNG"))

    assert image.mode == "RGB"
    assert np.array_equal(pixels(image), pixels(picture))


def test_a_grey_jpeg_becomes_rgb() -> None:
    picture = make_picture(1).convert("L")

    image = decoded(encoded(picture, "JPEG"))

    assert (image.mode, difference(image, picture) < 2) == ("RGB", True)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_what_is_transparent_shows_white(file_format: str) -> None:
    picture = Image.new("RGBA", (64, 48), (255, 0, 0, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 32, 48))

    image = decoded(encoded(picture, file_format))

    assert image.getpixel((8, 8)) == pytest.approx(RED, abs=6)
    assert image.getpixel((56, 8)) == pytest.approx(WHITE, abs=6)


def test_what_is_half_transparent_is_mixed_with_white() -> None:
    picture = Image.new("RGBA", (8, 8), (255, 0, 0, 128))

    assert decoded(encoded(picture, "PNG")).getpixel((4, 4)) == pytest.approx((255, 127, 127), abs=1)


@pytest.mark.parametrize("file_format", ["PNG", "GIF"])
def test_the_transparent_colour_of_a_palette_shows_white(file_format: str) -> None:
    picture = Image.new("P", (8, 8), 0)
    picture.putpalette([0, 0, 255, *RED])
    picture.putpixel((0, 0), 1)

    image = decoded(encoded(picture, file_format, transparency=0))

    assert (image.getpixel((0, 0)), image.getpixel((5, 5))) == (RED, WHITE)


@pytest.mark.parametrize(("mode", "key"), [("L", 10), ("RGB", (1, 2, 3))])
def test_a_colour_declared_transparent_shows_white(mode: str, key: int | tuple[int, int, int]) -> None:
    picture = Image.new(mode, (8, 8), key)

    assert decoded(encoded(picture, "PNG", transparency=key)).getpixel((5, 5)) == WHITE


def test_transparent_grey_shows_white() -> None:
    assert decoded(encoded(Image.new("LA", (8, 8), (0, 0)), "PNG")).getpixel((5, 5)) == WHITE


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and has no pixels: whoever decodes it finds it cut short."""
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT"]
    framed = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def test_an_image_at_the_limit_of_pixels_is_opened() -> None:
    assert open_image(io.BytesIO(png_header(10_000, 10_000))).size == (10_000, 10_000)


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_001), (20_000, 20_000), (2_000_000_000, 1)])
def test_an_image_over_the_limit_of_pixels_is_refused_before_decoding(width: int, height: int) -> None:
    with pytest.raises(BadImageError, match=f"^{width} x {height} pixels are .* megapixels, over the limit of 100$"):
        open_image(io.BytesIO(png_header(width, height)))


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7\n", b"8BPS\0\1" + bytes(40), b"\xff\xd8\xff", bytes(4096)])
def test_what_is_no_image_of_a_supported_format_is_refused(data: bytes) -> None:
    with pytest.raises(BadImageError, match=r"empty|not an image of a supported format"):
        open_image(io.BytesIO(data))
