import pytest
from PIL import Image

from indexer.imaging.colours import dominant_colours


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "grey"),
        ((200, 20, 30), "red"),
        ((40, 90, 190), "blue"),
        ((60, 150, 60), "green"),
        ((250, 220, 60), "yellow"),
        ((100, 65, 40), "brown"),
    ],
)
def test_one_colour_has_its_name(rgb: tuple[int, int, int], name: str) -> None:
    assert dominant_colours(Image.new("RGB", (100, 80), rgb)) == (name,)


def test_the_greatest_colour_comes_first() -> None:
    image = Image.new("RGB", (100, 100), (200, 20, 30))
    image.paste((40, 90, 190), (0, 0, 100, 70))

    assert dominant_colours(image) == ("blue", "red")


def test_a_colour_of_a_small_part_is_not_dominant() -> None:
    image = Image.new("RGB", (100, 100), (200, 20, 30))
    image.paste((40, 90, 190), (0, 0, 100, 10))

    assert dominant_colours(image) == ("red",)


def test_there_are_at_most_as_many_as_asked_for() -> None:
    image = Image.new("RGB", (96, 96), (200, 20, 30))
    image.paste((40, 90, 190), (0, 0, 96, 40))

    assert dominant_colours(image, most=1) == ("red",)


def test_an_image_of_one_pixel_has_a_colour() -> None:
    assert dominant_colours(Image.new("RGB", (1, 1), (255, 255, 255))) == ("white",)
