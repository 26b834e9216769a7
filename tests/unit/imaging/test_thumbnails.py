import io
from pathlib import Path

import pytest
from PIL import Image

from indexer.errors import BadImageError
from indexer.imaging.thumbnails import SIZES, as_jpeg, make_thumbnail
from tests.images import image_bytes, make_picture
from tests.unit.imaging.pictures import FAITHFUL, difference, encoded, oriented_exif


def thumbnail(folder: Path, data: bytes, size: int = 160) -> Image.Image:
    path = folder / "picture"
    path.write_bytes(data)
    return Image.open(io.BytesIO(make_thumbnail(path, size)))


@pytest.mark.parametrize("file_format", FAITHFUL)
def test_a_thumbnail_of_every_format_is_a_small_webp_of_it(file_format: str, tmp_path: Path) -> None:
    source = make_picture(1, (320, 240))

    image = thumbnail(tmp_path, encoded(source, file_format))

    assert (image.format, image.size) == ("WEBP", (160, 120))
    assert difference(image, source.resize((160, 120))) < 10


@pytest.mark.parametrize("size", SIZES)
def test_the_longer_side_is_the_size_asked_for(size: int, tmp_path: Path) -> None:
    assert thumbnail(tmp_path, image_bytes(1, size=(900, 1800)), size).size == (size // 2, size)


def test_a_small_image_is_not_enlarged(tmp_path: Path) -> None:
    assert thumbnail(tmp_path, image_bytes(1, size=(64, 48))).size == (64, 48)


def test_a_thumbnail_is_upright(tmp_path: Path) -> None:
    source = make_picture(1, (320, 240))

    image = thumbnail(tmp_path, encoded(source, "JPEG", exif=oriented_exif(6)))

    assert difference(image, source.transpose(Image.Transpose.ROTATE_270).resize((120, 160))) < 10


def test_a_thumbnail_carries_no_metadata(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET"

    image = thumbnail(tmp_path, image_bytes(1, exif=exif, comment=b"SECRET", xmp=b"SECRET"))

    assert {"exif", "xmp", "icc_profile", "comment"}.isdisjoint(image.info)
    assert b"SECRET" not in make_thumbnail(tmp_path / "picture", 160)


@pytest.mark.parametrize("data", [b"", b"no image", image_bytes(1)[:-100]])
def test_what_cannot_be_decoded_has_no_thumbnail(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadImageError):
        thumbnail(tmp_path, data)


def test_a_file_that_is_gone_has_no_thumbnail(tmp_path: Path) -> None:
    with pytest.raises(BadImageError, match=r"^cannot be read: No such file or directory$"):
        make_thumbnail(tmp_path / "gone.jpg", 160)


def test_a_thumbnail_is_also_had_as_a_jpeg_that_looks_the_same(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(image_bytes(1, size=(800, 600)))
    webp = make_thumbnail(path, 320)

    with Image.open(io.BytesIO(as_jpeg(webp))) as jpeg, Image.open(io.BytesIO(webp)) as original:
        assert (jpeg.format, jpeg.size) == ("JPEG", (320, 240))
        assert difference(jpeg, original) < 10
