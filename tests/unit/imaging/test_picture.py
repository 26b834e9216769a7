import numpy as np
from PIL import Image

from indexer.imaging.picture import colours_and_pixels
from tests.unit.imaging.pictures import encoded


def test_pixels_come_as_blue_green_red() -> None:
    red = Image.new("RGB", (40, 30), (200, 20, 30))

    colours, pixels = colours_and_pixels(encoded(red, "JPEG"))

    assert colours == ("red",)
    assert (pixels.shape, pixels.dtype.name) == ((30, 40, 3), "uint8")
    assert np.abs(pixels[15, 20].astype(int) - (30, 20, 200)).max() <= 2


def test_a_grey_jpeg_has_three_channels_too() -> None:
    colours, pixels = colours_and_pixels(encoded(Image.new("L", (40, 30), 128), "JPEG"))

    assert (colours, pixels.shape) == (("grey",), (30, 40, 3))
