import hashlib
import io
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from indexer.errors import BadImageError
from indexer.imaging import decoding, reading
from indexer.imaging.reading import ReadImage, read_image
from tests.images import image_bytes, make_picture
from tests.unit.imaging.pictures import FAITHFUL, difference, encoded, jpeg_pixels, oriented_exif
from tests.unit.imaging.segments import COM, METADATA_MARKERS, iptc, markers, segment, with_segments, xmp

SECRET = b"SECRET"
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def read(folder: Path, data: bytes, *, max_edge: int = 768, name: str = "picture") -> ReadImage:
    path = folder / name
    path.write_bytes(data)
    return read_image(path, max_edge=max_edge)


def secret_exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)}
    return exif.tobytes()


def jpeg_with_everything(orientation: int = 1) -> bytes:
    jpeg = image_bytes(1, exif=secret_exif(orientation), icc_profile=ICC)
    return with_segments(jpeg, xmp("<dc:title>SECRET</dc:title>"), iptc((120, SECRET)), segment(COM, SECRET))


def test_the_facts_are_those_of_the_file(tmp_path: Path) -> None:
    data = image_bytes(1, "PNG")

    found = read(tmp_path, data)

    assert found.facts.sha256 == hashlib.sha256(data).digest()
    assert (found.facts.format, found.facts.width, found.facts.height) == ("PNG", 64, 48)
    assert (found.facts.size_bytes, found.facts.origin) == (len(data), "original")
    assert found.modified_ns == (tmp_path / "picture").stat().st_mtime_ns


@pytest.mark.parametrize("file_format", FAITHFUL)
def test_every_format_becomes_a_jpeg_of_the_same_picture(file_format: str, tmp_path: Path) -> None:
    source = make_picture(1, (128, 96))

    found = read(tmp_path, encoded(source, file_format))

    assert found.facts.format == file_format
    assert (found.picture.width, found.picture.height) == (128, 96)
    assert difference(Image.open(io.BytesIO(found.picture.jpeg)), source) < 8


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"mode": "L"}, {"keep_rgb": True, "subsampling": 0}])
def test_a_small_jpeg_is_passed_on_without_encoding_it_again(options: dict[str, Any], tmp_path: Path) -> None:
    data = image_bytes(1, quality=60, **options)

    found = read(tmp_path, data)

    assert found.picture.jpeg == data
    assert (found.picture.width, found.picture.height) == (64, 48)


def test_a_jpeg_passed_on_has_the_pixels_and_no_metadata(tmp_path: Path) -> None:
    data = jpeg_with_everything()

    found = read(tmp_path, data)

    assert np.array_equal(jpeg_pixels(found.picture.jpeg), jpeg_pixels(data))
    assert markers(data) > {0xE1, 0xE2, 0xED, 0xFE}
    assert markers(found.picture.jpeg).isdisjoint(METADATA_MARKERS)
    assert SECRET not in found.picture.jpeg


def test_a_jpeg_of_exactly_the_longest_edge_is_passed_on(tmp_path: Path) -> None:
    data = image_bytes(1, size=(64, 48))

    assert read(tmp_path, data, max_edge=64).picture.jpeg == data


def test_a_cmyk_jpeg_is_encoded_again_as_rgb(tmp_path: Path) -> None:
    found = read(tmp_path, image_bytes(1, mode="CMYK"))

    assert Image.open(io.BytesIO(found.picture.jpeg)).mode == "RGB"


@pytest.mark.parametrize("stray", [b"\0\0", b"\xff\0"])
def test_stray_bytes_between_segments_do_not_refuse_a_picture_that_decodes(stray: bytes, tmp_path: Path) -> None:
    data = with_segments(image_bytes(1), stray)

    found = read(tmp_path, data)

    assert np.abs(jpeg_pixels(found.picture.jpeg) - jpeg_pixels(data)).mean() < 8


@pytest.mark.parametrize("max_edge", [32, 768], ids=["shrunk", "turned"])
def test_a_jpeg_encoded_again_carries_no_metadata(max_edge: int, tmp_path: Path) -> None:
    found = read(tmp_path, jpeg_with_everything(orientation=6), max_edge=max_edge)

    assert markers(found.picture.jpeg).isdisjoint(METADATA_MARKERS)
    assert SECRET not in found.picture.jpeg


@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("PNG", {"exif": secret_exif(), "icc_profile": ICC}),
        ("WEBP", {"exif": secret_exif(), "icc_profile": ICC, "xmp": SECRET}),
        ("TIFF", {"exif": secret_exif(), "icc_profile": ICC}),
        ("AVIF", {"exif": secret_exif(), "icc_profile": ICC, "xmp": SECRET}),
        ("HEIF", {"exif": secret_exif(), "icc_profile": ICC, "xmp": SECRET}),
        ("GIF", {"comment": SECRET}),
    ],
)
@pytest.mark.parametrize("max_edge", [32, 768])
def test_other_formats_leave_no_metadata_in_the_picture(
    file_format: str, options: dict[str, Any], max_edge: int, tmp_path: Path
) -> None:
    found = read(tmp_path, image_bytes(1, file_format, **options), max_edge=max_edge)

    assert markers(found.picture.jpeg).isdisjoint(METADATA_MARKERS)
    assert SECRET not in found.picture.jpeg


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_facts_and_picture_of_a_turned_image_are_as_seen(file_format: str, tmp_path: Path) -> None:
    data = encoded(make_picture(1), file_format, exif=oriented_exif(6))

    found = read(tmp_path, data)

    assert (found.facts.width, found.facts.height) == (48, 64)
    assert (found.picture.width, found.picture.height) == (48, 64)


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (65, 64), (3000, 2), (2, 3000), (513, 511)])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_the_longer_side_is_never_over_the_longest_edge(
    file_format: str, size: tuple[int, int], tmp_path: Path
) -> None:
    found = read(tmp_path, image_bytes(1, file_format, size=size), max_edge=64)

    assert max(found.picture.width, found.picture.height) == 64
    assert Image.open(io.BytesIO(found.picture.jpeg)).size == (found.picture.width, found.picture.height)
    assert (found.facts.width, found.facts.height) == size


def test_the_metadata_is_read_although_it_is_not_passed_on(tmp_path: Path) -> None:
    found = read(tmp_path, jpeg_with_everything())

    assert found.facts.metadata.description == "SECRET"
    assert found.facts.metadata.latitude == pytest.approx(48.1333, abs=0.001)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "growing.jpg"

    def hash_while_it_grows(_: object) -> bytes:
        path.write_bytes(path.read_bytes() + b"more")
        return bytes(32)

    monkeypatch.setattr(reading, "sha256_of", hash_while_it_grows)
    with pytest.raises(BadImageError, match="changed while it was read"):
        read(tmp_path, image_bytes(1), name="growing.jpg")


def test_large_images_wait_for_each_other_before_any_of_their_pixels_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoding_now, most = 0, 0

    def load_slowly(_: Image.Image) -> None:
        nonlocal decoding_now, most
        decoding_now += 1
        most = max(most, decoding_now)
        time.sleep(0.05)
        decoding_now -= 1

    monkeypatch.setattr(decoding, "_LARGE_PIXELS", 1000)
    monkeypatch.setattr(reading, "load_png", load_slowly)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda n: read(tmp_path, image_bytes(n, "PNG"), name=f"{n}.png"), range(4)))

    assert [each.facts.width for each in found] == [64] * 4
    assert most == 1
