import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from indexer.imaging.profiles import is_srgb
from indexer.imaging.sending import read_for_editing
from tests.images import make_picture
from tests.unit.imaging.pictures import difference

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def wide_profile() -> bytes:
    """Return sRGB's profile with its red and green primaries swapped: no colour but grey is what it was."""
    profile = bytearray(SRGB.tobytes())
    count = int.from_bytes(profile[128:132], "big")
    places = {bytes(profile[132 + 12 * n : 136 + 12 * n]): 132 + 12 * n for n in range(count)}
    red, green = places[b"rXYZ"], places[b"gXYZ"]
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


WIDE = wide_profile()
INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC


def in_wide_numbers(picture: Image.Image) -> Image.Image:
    """Return the numbers that show the same colours when they are read by the other profile."""
    other = ImageCms.ImageCmsProfile(io.BytesIO(WIDE))
    written = ImageCms.profileToProfile(picture, SRGB, other, renderingIntent=INTENT)
    assert written is not None
    return written


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_colours_of_another_profile_do_not_shift(file_format: str, tmp_path: Path) -> None:
    meant = make_picture(1, (128, 96))
    options = {"quality": 95} if file_format in ("JPEG", "WEBP") else {}
    in_wide_numbers(meant).save(tmp_path / "wide", file_format, icc_profile=WIDE, **options)

    sent = read_for_editing(tmp_path / "wide")

    seen = Image.open(io.BytesIO(sent.data))
    assert "icc_profile" not in seen.info
    assert difference(seen, meant) < 8
    assert difference(Image.open(tmp_path / "wide"), meant) > 30


def test_what_is_transparent_stays_so_in_other_colours(tmp_path: Path) -> None:
    picture = in_wide_numbers(make_picture(1))
    picture.putalpha(100)
    picture.save(tmp_path / "wide.png", icc_profile=WIDE)

    sent = read_for_editing(tmp_path / "wide.png")

    seen = Image.open(io.BytesIO(sent.data))
    assert seen.getchannel("A").getextrema() == (100, 100)
    assert difference(seen, make_picture(1)) < 3


def test_a_picture_of_srgb_keeps_its_own_pixels(tmp_path: Path) -> None:
    make_picture(1).save(tmp_path / "usual.png", icc_profile=SRGB.tobytes())

    sent = read_for_editing(tmp_path / "usual.png")

    assert np.array_equal(np.asarray(Image.open(io.BytesIO(sent.data))), np.asarray(make_picture(1)))
    assert b"iCCP" not in sent.data


@pytest.mark.parametrize("profile", [b"", b"no profile", SRGB.tobytes()], ids=["none", "broken", "sRGB"])
def test_a_profile_that_changes_nothing_is_srgb(profile: bytes) -> None:
    picture = make_picture(1)
    picture.info["icc_profile"] = profile

    assert is_srgb(picture)


def test_a_profile_that_changes_colours_is_another() -> None:
    picture = make_picture(1)
    picture.info["icc_profile"] = WIDE

    assert not is_srgb(picture)


def test_a_profile_of_the_wrong_colours_is_left_out(tmp_path: Path) -> None:
    make_picture(1, mode="L").save(tmp_path / "grey.png", icc_profile=WIDE)

    sent = read_for_editing(tmp_path / "grey.png")

    assert difference(Image.open(io.BytesIO(sent.data)), make_picture(1, mode="L")) < 3
