import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from indexer.imaging.decoding import is_rotated, open_image, orientation, seen_size
from tests.images import make_picture
from tests.unit.imaging.pictures import TURNS, decoded, difference, encoded, oriented_exif, pixels
from tests.unit.imaging.segments import with_segments, xmp

ORIENTED_FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"]


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("file_format", ORIENTED_FORMATS)
def test_a_turned_image_comes_out_upright(file_format: str, turn: int) -> None:
    picture = make_picture(1, (128, 96))

    image = decoded(encoded(picture, file_format, exif=oriented_exif(turn)))

    assert difference(image, picture.transpose(TURNS[turn])) < 2


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_jpeg_is_turned_exactly_as_pillow_turns_the_full_image(turn: int) -> None:
    data = encoded(make_picture(1), "JPEG", exif=oriented_exif(turn))
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))

    image = decoded(data)

    assert np.array_equal(pixels(image), pixels(expected))


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_a_turned_image_comes_out_upright_when_it_is_shrunk(file_format: str, turn: int) -> None:
    data = encoded(make_picture(1, (512, 384)), file_format, exif=oriented_exif(turn))
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))

    image = decoded(data, max_edge=64)

    assert max(image.size) == 64
    assert difference(image, upright.resize(image.size, Image.Resampling.LANCZOS)) < 3


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_an_image_of_another_mode_is_turned_too(mode: str) -> None:
    picture = make_picture(1).convert(mode)

    image = decoded(encoded(picture, "JPEG", exif=oriented_exif(6)))

    assert difference(image, picture.transpose(Image.Transpose.ROTATE_270)) < 3


@pytest.mark.parametrize("mode", ["P", "LA", "I;16"])
def test_a_png_of_another_mode_is_turned_too(mode: str) -> None:
    picture = make_picture(1).convert("L").convert(mode)

    image = decoded(encoded(picture, "PNG", exif=oriented_exif(6)))

    assert image.size == (48, 64)


@pytest.mark.parametrize("file_format", ORIENTED_FORMATS)
def test_the_seen_size_is_that_of_the_upright_image(file_format: str) -> None:
    data = encoded(make_picture(1, (64, 48)), file_format, exif=oriented_exif(6))

    assert seen_size(open_image(io.BytesIO(data))) == (48, 64)


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_seen_size_of_a_jpeg_is_that_of_the_decoded_image(turn: int) -> None:
    data = encoded(make_picture(1, (64, 48)), "JPEG", exif=oriented_exif(turn))

    assert seen_size(open_image(io.BytesIO(data))) == decoded(data).size


@pytest.mark.parametrize("nonsense", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_upright(nonsense: int) -> None:
    data = encoded(make_picture(1, (64, 48)), "JPEG", exif=oriented_exif(nonsense))
    image = open_image(io.BytesIO(data))

    assert (is_rotated(image), seen_size(image)) == (False, (64, 48))


def test_an_image_without_exif_is_upright() -> None:
    assert orientation(open_image(io.BytesIO(encoded(make_picture(), "PNG")))) == 1


def test_an_orientation_that_only_xmp_tells_is_followed() -> None:
    picture = make_picture(1)
    data = with_segments(encoded(picture, "JPEG"), xmp(attributes='tiff:Orientation="6"'))

    assert difference(decoded(data), picture.transpose(Image.Transpose.ROTATE_270)) < 2
