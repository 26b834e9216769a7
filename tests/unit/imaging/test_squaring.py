import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from indexer.errors import BadImageError
from indexer.imaging.squaring import make_square
from indexer.models import SentPicture
from tests.images import make_picture
from tests.unit.imaging.pictures import difference, encoded

MEGABYTE = 1_000_000


def sent(picture: Image.Image, file_format: str = "PNG") -> SentPicture:
    data = encoded(picture, file_format)
    return SentPicture(data=data, media_type=f"image/{file_format.lower()}", width=picture.width, height=picture.height)


def shown(picture: SentPicture | None) -> Image.Image:
    assert picture is not None
    opened = Image.open(io.BytesIO(picture.data))
    assert (opened.format, opened.size) == ("PNG", (picture.width, picture.height))
    return opened


def alpha_of(picture: SentPicture | None) -> NDArray[np.uint8]:
    return np.asarray(shown(picture).getchannel("A"))


def with_hole(size: tuple[int, int]) -> Image.Image:
    picture = make_picture(1, size, "RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 10, 10))
    return picture


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(96, 64), (64, 96), (64, 64)])
def test_the_whole_picture_lies_on_a_square(size: tuple[int, int], file_format: str) -> None:
    picture = make_picture(1, size)

    square, _ = make_square(sent(picture, file_format), None, opens=True)

    edge = max(size)
    left, top = (edge - size[0]) // 2, (edge - size[1]) // 2
    assert shown(square).size == (edge, edge)
    assert shown(square).mode == "RGBA"
    assert difference(shown(square).crop((left, top, left + size[0], top + size[1])), picture) < 8


def test_without_a_mask_the_picture_is_open_and_what_was_added_is_kept() -> None:
    square, mask = make_square(sent(make_picture(1, (96, 64))), None, opens=True)

    alpha = alpha_of(mask)
    assert (alpha[16:80] == 0).all()
    assert (alpha[:16] == 255).all()
    assert (alpha[80:] == 255).all()
    assert (alpha_of(square) == 255).all()


def test_a_picture_that_is_transparent_somewhere_needs_no_mask() -> None:
    square, mask = make_square(sent(with_hole((96, 64))), None, opens=True)

    assert mask is None
    assert (alpha_of(square)[16:26, :10] == 0).all()
    assert (alpha_of(square)[:16] == 255).all()


def test_a_users_mask_is_padded_alike() -> None:
    square, mask = make_square(sent(make_picture(1, (96, 64))), sent(with_hole((96, 64))), opens=True)

    alpha = alpha_of(mask)
    assert (mask and (mask.width, mask.height)) == (square.width, square.height)
    assert (alpha[16:26, :10] == 0).all()
    assert (alpha == 0).sum() == 100


def test_a_variation_has_no_mask() -> None:
    square, mask = make_square(sent(make_picture(1, (96, 64))), None, opens=False)

    assert mask is None
    assert shown(square).size == (96, 96)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_square_png_of_a_mode_that_is_taken_is_sent_as_it_is(mode: str) -> None:
    picture = sent(with_hole((64, 64)).convert(mode))

    square, mask = make_square(picture, None, opens=True)

    assert square == picture
    assert mask is None


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_a_square_png_of_another_mode_is_made_anew(mode: str) -> None:
    picture = make_picture(1, (64, 64), mode)

    square, _ = make_square(sent(picture), None, opens=True)

    assert shown(square).mode == "RGBA"
    assert difference(shown(square), picture) == 0


def test_a_larger_picture_and_its_mask_are_shrunk_alike() -> None:
    picture, mask = make_picture(1, (2000, 1000)), with_hole((2000, 1000))

    square, sent_mask = make_square(sent(picture), sent(mask), opens=True)

    assert (square.width, square.height) == (1024, 1024)
    assert alpha_of(sent_mask).shape == (1024, 1024)


def test_even_noise_takes_less_than_four_megabytes() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1024, 1024, 4), dtype=np.uint8)

    square, mask = make_square(sent(Image.fromarray(noise)), None, opens=True)

    assert len(square.data) < 4 * MEGABYTE
    assert mask is None


def test_a_damaged_picture_is_refused() -> None:
    whole = sent(make_picture(1, (96, 64)))
    broken = SentPicture(data=whole.data[:200], media_type="image/png", width=96, height=64)

    with pytest.raises(BadImageError, match="cut short or damaged"):
        make_square(broken, None, opens=True)
