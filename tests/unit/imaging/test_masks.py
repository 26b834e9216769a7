import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from indexer.errors import BadImageError
from indexer.imaging.sending import read_for_editing, read_mask
from indexer.models import SentPicture
from tests.images import make_picture, write_images

SIZE = (64, 48)
LEFT_HALF = (0, 0, 32, 48)


@pytest.fixture
def picture(tmp_path: Path) -> SentPicture:
    return read_for_editing(write_images(tmp_path, 1)[0])


def painted(mode: str = "L", size: tuple[int, int] = SIZE) -> Image.Image:
    """Return black with a white left half."""
    mask = Image.new("RGB", size)
    mask.paste((255, 255, 255), (0, 0, size[0] // 2, size[1]))
    return mask.convert(mode)


def erased() -> Image.Image:
    """Return a picture whose left half is transparent."""
    mask = make_picture(1, mode="RGBA")
    mask.paste((0, 0, 0, 0), LEFT_HALF)
    return mask


def alpha_of(mask: SentPicture) -> NDArray[np.uint8]:
    opened = Image.open(io.BytesIO(mask.data))
    assert (opened.format, opened.mode, opened.size) == ("PNG", "RGBA", (mask.width, mask.height))
    return np.asarray(opened.getchannel("A"))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "RGBA"])
def test_white_is_to_be_edited_and_black_stays(mode: str, picture: SentPicture, tmp_path: Path) -> None:
    painted(mode).save(tmp_path / "mask.png")

    alpha = alpha_of(read_mask(tmp_path / "mask.png", like=picture, original_size=SIZE))

    assert (alpha[:, :32] == 0).all()
    assert (alpha[:, 32:] == 255).all()


def test_grey_is_edited_in_part(picture: SentPicture, tmp_path: Path) -> None:
    Image.new("L", SIZE, 100).save(tmp_path / "mask.png")

    alpha = alpha_of(read_mask(tmp_path / "mask.png", like=picture, original_size=SIZE))

    assert (alpha == 155).all()


def test_what_a_jpeg_leaves_of_white_is_white(picture: SentPicture, tmp_path: Path) -> None:
    Image.new("L", SIZE, 250).save(tmp_path / "mask.jpg")

    alpha = alpha_of(read_mask(tmp_path / "mask.jpg", like=picture, original_size=SIZE))

    assert (alpha == 0).all()


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff"])
def test_where_a_mask_is_transparent_its_colours_say_nothing(suffix: str, picture: SentPicture, tmp_path: Path) -> None:
    erased().save(tmp_path / f"mask.{suffix}")

    alpha = alpha_of(read_mask(tmp_path / f"mask.{suffix}", like=picture, original_size=SIZE))

    assert (alpha[:, :32] == 0).all()
    assert (alpha[:, 32:] == 255).all()


@pytest.mark.parametrize("size", [(128, 96), (32, 24), (65, 48), (1000, 750)])
def test_a_mask_of_the_same_proportions_becomes_as_large_as_the_picture(
    size: tuple[int, int], picture: SentPicture, tmp_path: Path
) -> None:
    painted(size=size).save(tmp_path / "mask.png")

    mask = read_mask(tmp_path / "mask.png", like=picture, original_size=SIZE)

    assert (mask.width, mask.height) == SIZE
    assert abs(int((alpha_of(mask) == 0).sum()) - 32 * 48) < 100


def test_a_mask_of_the_file_fits_a_picture_that_is_sent_smaller(tmp_path: Path) -> None:
    make_picture(1, (201, 100)).save(tmp_path / "large.png")
    painted(size=(201, 100)).save(tmp_path / "mask.png")
    small = read_for_editing(tmp_path / "large.png", max_edge=64)

    mask = read_mask(tmp_path / "mask.png", like=small, original_size=(201, 100))

    assert alpha_of(mask).shape == (small.height, small.width)


def test_a_mask_of_other_proportions_is_refused_with_both_sizes(picture: SentPicture, tmp_path: Path) -> None:
    painted(size=(48, 64)).save(tmp_path / "mask.png")

    with pytest.raises(BadImageError, match="a mask of 48 x 64 pixels for a picture of 64 x 48"):
        read_mask(tmp_path / "mask.png", like=picture, original_size=SIZE)


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_a_mask_that_opens_nothing_is_refused(mode: str, picture: SentPicture, tmp_path: Path) -> None:
    Image.new("RGB", SIZE).convert(mode).save(tmp_path / "mask.png")

    with pytest.raises(BadImageError, match="leaves nothing to be edited"):
        read_mask(tmp_path / "mask.png", like=picture, original_size=SIZE)


def test_a_mask_that_is_no_image_is_refused(picture: SentPicture, tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_text("no mask")

    with pytest.raises(BadImageError, match="not an image"):
        read_mask(tmp_path / "mask.png", like=picture, original_size=SIZE)
