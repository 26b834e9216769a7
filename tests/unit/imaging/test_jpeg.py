from typing import Any

import numpy as np
import pytest

from indexer.errors import BadImageError
from indexer.imaging.jpeg import without_metadata
from tests.images import image_bytes
from tests.unit.imaging.pictures import jpeg_pixels, oriented_exif
from tests.unit.imaging.segments import (
    APP0,
    APP1,
    APP2,
    APP13,
    COM,
    METADATA_MARKERS,
    before_last_scan,
    iptc,
    markers,
    segment,
    with_segments,
    xmp,
)

THUMBNAIL = image_bytes(9, size=(16, 16))
METADATA = {
    "EXIF": segment(APP1, b"Exif\0\0" + oriented_exif(1)),
    "XMP": xmp("<dc:title>SECRET</dc:title>"),
    "IPTC": iptc((120, b"SECRET")),
    "ICC": segment(APP2, b"ICC_PROFILE\0\1\1SECRET"),
    "comment": segment(COM, b"SECRET"),
    "Photoshop": segment(APP13, b"Photoshop 3.0\0SECRET"),
    "thumbnail": segment(APP1, b"Exif\0\0" + THUMBNAIL),
    "unknown": segment(0xEF, b"SECRET"),
}
VARIANTS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "grey": {"mode": "L"},
    "not subsampled": {"subsampling": 0},
    "RGB inside": {"keep_rgb": True, "subsampling": 0},
    "CMYK": {"mode": "CMYK"},
    "restart markers": {"restart_marker_blocks": 1},
    "many scans": {"progressive": True, "restart_marker_rows": 1},
}


@pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA)
def test_metadata_is_taken_out_and_the_rest_stays_byte_for_byte(metadata: bytes) -> None:
    jpeg = image_bytes(1)

    assert without_metadata(with_segments(jpeg, metadata)) == jpeg


def test_all_metadata_is_taken_out_at_once() -> None:
    jpeg = image_bytes(1)

    stripped = without_metadata(with_segments(jpeg, *METADATA.values()))

    assert stripped == jpeg
    assert markers(stripped).isdisjoint(METADATA_MARKERS)


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_the_pixels_are_those_of_the_source(options: dict[str, Any]) -> None:
    jpeg = image_bytes(1, size=(120, 90), **options)

    stripped = without_metadata(with_segments(jpeg, *METADATA.values()))

    assert np.array_equal(jpeg_pixels(stripped), jpeg_pixels(jpeg))


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("trail", [b"SECRET" + bytes(100), image_bytes(2)])
def test_what_trails_the_picture_is_dropped(options: dict[str, Any], trail: bytes) -> None:
    jpeg = image_bytes(1, **options)

    assert without_metadata(jpeg + trail) == jpeg


def test_the_end_marker_of_a_thumbnail_does_not_cut_the_picture() -> None:
    jpeg = image_bytes(1)

    stripped = without_metadata(with_segments(jpeg, segment(APP1, b"Exif\0\0" + THUMBNAIL)))

    assert THUMBNAIL.endswith(b"\xff\xd9")
    assert np.array_equal(jpeg_pixels(stripped), jpeg_pixels(jpeg))


@pytest.mark.parametrize("fill", [b"\xff", b"\xff" * 7])
def test_fill_bytes_in_front_of_a_marker_are_skipped(fill: bytes) -> None:
    jpeg = image_bytes(1)

    assert without_metadata(with_segments(jpeg, fill)) == jpeg


def test_a_comment_between_two_scans_is_taken_out() -> None:
    jpeg = image_bytes(1, progressive=True)

    assert without_metadata(before_last_scan(jpeg, METADATA["comment"])) == jpeg


def test_an_end_marker_in_a_comment_between_two_scans_does_not_cut_the_picture() -> None:
    jpeg = image_bytes(1, progressive=True)

    stripped = without_metadata(before_last_scan(jpeg, segment(COM, b"\xff\xd9")))

    assert np.array_equal(jpeg_pixels(stripped), jpeg_pixels(jpeg))


def test_a_preview_in_a_jfif_extension_is_taken_out() -> None:
    preview = segment(APP0, b"JFXX\0\x10" + THUMBNAIL)

    assert THUMBNAIL not in without_metadata(with_segments(image_bytes(1), preview))


def test_the_colour_transform_of_adobe_stays() -> None:
    jpeg = image_bytes(1, mode="CMYK")

    assert b"Adobe" in jpeg
    assert b"Adobe" in without_metadata(jpeg)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff\xe0\0\0",
        b"\xff\xd8" + b"\xff" * 1000,
        b"\xff\xd8" + b"\xff\xd0" * 1000,
        b"\xff\xd8" + segment(COM, b"only a comment"),
        segment(0xD8, b"nonsense"),
    ],
)
def test_what_has_no_picture_in_it_is_refused(data: bytes) -> None:
    with pytest.raises(BadImageError, match=r"^damaged: "):
        without_metadata(data)


def test_a_picture_without_its_end_marker_is_kept_to_the_last_byte() -> None:
    jpeg = image_bytes(1)

    assert without_metadata(jpeg[:-2]) == jpeg[:-2]


def test_what_is_left_still_opens_as_a_jpeg_of_that_size() -> None:
    jpeg = with_segments(image_bytes(1, size=(40, 30)), *METADATA.values())

    assert jpeg_pixels(without_metadata(jpeg)).shape == (30, 40, 3)
