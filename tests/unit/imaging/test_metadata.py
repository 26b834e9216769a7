import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from indexer.imaging.decoding import open_image
from indexer.imaging.metadata import read_metadata
from indexer.models import Metadata
from tests.images import image_bytes
from tests.unit.imaging.segments import APP13, iptc, raw_xmp, segment, with_segments, xmp

IMAGE_DESCRIPTION, MAKE, MODEL, DATE, XP_TITLE, XP_COMMENT, XP_KEYWORDS = (
    *(0x010E, 0x010F, 0x0110, 0x0132),
    *(0x9C9B, 0x9C9C, 0x9C9E),
)
MUNICH: dict[int, object] = {1: "N", 2: (48.0, 8.0, 15.0), 3: "E", 4: (11.0, 34.0, 30.0)}


def read(data: bytes) -> Metadata:
    return read_metadata(open_image(io.BytesIO(data)))


def read_exif(
    tags: Mapping[int, object],
    *,
    photo: Mapping[int, object] | None = None,
    gps: Mapping[int, object] | None = None,
    file_format: str = "JPEG",
) -> Metadata:
    exif: Any = Image.Exif()
    exif.update(tags)
    exif.update({0x8769: dict(photo or {}), 0x8825: dict(gps or {})})
    return read(image_bytes(1, file_format, exif=exif.tobytes()))


def read_segments(*segments: bytes) -> Metadata:
    return read(with_segments(image_bytes(1), *segments))


def windows_text(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF"])
def test_an_image_without_metadata_has_none(file_format: str) -> None:
    assert read(image_bytes(1, file_format)) == Metadata()


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_exif_is_read_from_every_format_that_carries_it(file_format: str) -> None:
    found = read_exif({IMAGE_DESCRIPTION: "A red mug"}, gps=MUNICH, file_format=file_format)

    assert found.description == "A red mug"
    assert found.latitude == pytest.approx(48.1375)


@pytest.mark.parametrize(
    ("tags", "photo", "taken_at"),
    [
        ({}, {0x9003: "2019:07:21 10:11:12"}, datetime(2019, 7, 21, 10, 11, 12)),  # noqa: DTZ001 - EXIF has no zone
        ({}, {0x9004: "2019:07:21 10:11:12"}, datetime(2019, 7, 21, 10, 11, 12)),  # noqa: DTZ001
        ({DATE: "2020:01:02 03:04:05"}, {}, datetime(2020, 1, 2, 3, 4, 5)),  # noqa: DTZ001
        ({DATE: "2020:01:02 03:04:05"}, {0x9003: "2019:07:21 10:11:12"}, datetime(2019, 7, 21, 10, 11, 12)),  # noqa: DTZ001
        ({DATE: "2020:01:02 03:04:05"}, {0x9003: "0000:00:00 00:00:00"}, datetime(2020, 1, 2, 3, 4, 5)),  # noqa: DTZ001
        ({DATE: "    :  :     :  :  "}, {}, None),
        ({DATE: "2019:02:30 10:11:12"}, {}, None),
        ({DATE: "yesterday"}, {}, None),
    ],
)
def test_the_date_is_the_first_that_can_be_one(
    tags: dict[int, str], photo: dict[int, str], taken_at: datetime | None
) -> None:
    assert read_exif(tags, photo=photo).taken_at == taken_at


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("Apple", "iPhone 15", "Apple iPhone 15"),
        ("Apple", "", "Apple"),
        ("", "X100", "X100"),
        ("", "", None),
    ],
)
def test_the_camera_is_make_and_model_without_saying_it_twice(make: str, model: str, camera: str | None) -> None:
    assert read_exif({MAKE: make, MODEL: model}).camera == camera


@pytest.mark.parametrize(
    ("hemispheres", "place"),
    [
        ({1: "N", 3: "E"}, (48.1375, 11.575)),
        ({1: "S", 3: "W"}, (-48.1375, -11.575)),
        ({1: "s", 3: "w"}, (-48.1375, -11.575)),
        ({1: "N", 3: "W"}, (48.1375, -11.575)),
    ],
)
def test_the_place_is_in_degrees_north_and_east(hemispheres: dict[int, object], place: tuple[float, float]) -> None:
    found = read_exif({}, gps=MUNICH | hemispheres)

    assert (found.latitude, found.longitude) == pytest.approx(place)


@pytest.mark.parametrize(
    "broken",
    [
        {2: (IFDRational(1, 0), 0.0, 0.0)},
        {4: (IFDRational(0, 0), IFDRational(0, 0), IFDRational(0, 0))},
        {2: (91.0, 0.0, 0.0)},
        {4: (181.0, 0.0, 0.0)},
        {2: (48.0, 8.0)},
        {2: 48.0},
    ],
)
def test_a_broken_place_is_none_at_all(broken: dict[int, object]) -> None:
    found = read_exif({}, gps=MUNICH | broken)

    assert (found.latitude, found.longitude) == (None, None)


def test_half_a_place_is_none_at_all() -> None:
    found = read_exif({}, gps={1: "N", 2: (48.0, 8.0, 15.0)})

    assert (found.latitude, found.longitude) == (None, None)


@pytest.mark.parametrize("text", ["OLYMPUS DIGITAL CAMERA", "OLYMPUS DIGITAL CAMERA      ", "SONY DSC", "   ", "\0"])
def test_what_cameras_write_by_themselves_is_no_description(text: str) -> None:
    assert read_exif({IMAGE_DESCRIPTION: text}).description is None


def test_control_characters_are_cleaned_away() -> None:
    assert read_exif({IMAGE_DESCRIPTION: "A red\0 mug\x07"}).description == "A red mug"


@pytest.mark.parametrize("text", ["Café", "海边日落", "Ærø"])
def test_a_description_in_utf_8_keeps_its_letters(text: str) -> None:
    assert read_exif({IMAGE_DESCRIPTION: text.encode()}).description == text


@pytest.mark.parametrize("text", ["Beach day", "Café", "Пляж", "海边日落", "北京"])
def test_the_title_of_windows_keeps_its_letters(text: str) -> None:
    assert read_exif({XP_TITLE: windows_text(text)}).title == text


@pytest.mark.parametrize(
    ("text", "keywords"), [("sun; sea;sun;", ("sun", "sea")), ("海滩;日落", ("海滩", "日落")), ("", ())]
)
def test_the_keywords_of_windows_are_cut_at_semicolons(text: str, keywords: tuple[str, ...]) -> None:
    assert read_exif({XP_KEYWORDS: windows_text(text)}).keywords == keywords


def test_the_comment_of_windows_is_a_description() -> None:
    assert read_exif({XP_COMMENT: windows_text("A red mug")}).description == "A red mug"


def test_iptc_has_headline_caption_and_keywords() -> None:
    found = read_segments(iptc((105, b"Breakfast"), (120, b"A red mug"), (25, b"mug"), (25, b"desk"), (25, b"mug")))

    assert (found.title, found.description, found.keywords) == ("Breakfast", "A red mug", ("mug", "desk"))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_iptc_is_read_in_either_encoding(encoding: str) -> None:
    assert read_segments(iptc((120, "Café crème".encode(encoding)))).description == "Café crème"


def test_xmp_has_title_description_and_subjects() -> None:
    found = read_segments(
        xmp(
            '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Frühstück</rdf:li></rdf:Alt></dc:title>'
            '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">A red mug</rdf:li>'
            '<rdf:li xml:lang="de">Eine rote Tasse</rdf:li></rdf:Alt></dc:description>'
            "<dc:subject><rdf:Bag><rdf:li>mug</rdf:li><rdf:li>desk</rdf:li></rdf:Bag></dc:subject>"
        )
    )

    assert (found.title, found.description, found.keywords) == ("Frühstück", "A red mug", ("mug", "desk"))


@pytest.mark.parametrize(
    ("properties", "keywords"),
    [
        ("<dc:subject><rdf:Bag><rdf:li>mug</rdf:li></rdf:Bag></dc:subject>", ("mug",)),
        ("<dc:subject><rdf:Seq><rdf:li>mug</rdf:li></rdf:Seq></dc:subject>", ("mug",)),
        ("<dc:subject>mug</dc:subject>", ("mug",)),
        ("<dc:subject><rdf:Bag/></dc:subject>", ()),
        ("<dc:subject/>", ()),
    ],
)
def test_xmp_subjects_are_read_in_every_form(properties: str, keywords: tuple[str, ...]) -> None:
    assert read_segments(xmp(properties)).keywords == keywords


def test_iptc_comes_before_xmp_and_xmp_before_exif() -> None:
    exif = Image.Exif()
    exif[IMAGE_DESCRIPTION] = "EXIF"
    with_exif = image_bytes(1, exif=exif.tobytes())
    with_xmp = with_segments(with_exif, xmp("<dc:description>XMP</dc:description>"))
    with_iptc = with_segments(with_xmp, iptc((120, b"IPTC")))

    assert [read(data).description for data in (with_exif, with_xmp, with_iptc)] == ["EXIF", "XMP", "IPTC"]


def test_keywords_of_all_kinds_are_joined_once_each() -> None:
    found = read_segments(iptc((25, b"mug"), (25, b"tea")), xmp("<dc:subject>mug</dc:subject>"))

    assert found.keywords == ("mug", "tea")


def test_a_description_without_end_is_cut() -> None:
    assert len(read_segments(iptc((120, b"mug " * 5000))).description or "") == 2000


@pytest.mark.parametrize(
    "damaged",
    [
        raw_xmp("<x:xmpmeta"),
        raw_xmp("no XML"),
        raw_xmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'),
        raw_xmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><other/></x:xmpmeta>'),
        raw_xmp('<!DOCTYPE x [<!ENTITY a "b">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&a;</x:xmpmeta>'),
        segment(APP13, b"Photoshop 3.0\0garbage"),
        segment(APP13, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\xff\xff\x1c\x02"),
        iptc((120, b""), (25, b"")),
    ],
)
def test_damaged_iptc_and_xmp_are_left_out(damaged: bytes) -> None:
    assert read_segments(damaged) == Metadata()


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage garbage garbage",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 50,
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0",
        b"\xff\xfe",
    ],
    ids=["garbage", "65,535 tags", "one tag cut short", "no such directory", "empty", "two bytes"],
)
def test_damaged_exif_is_left_out_in_silence(exif: bytes) -> None:
    assert read(image_bytes(1, exif=exif)) == Metadata()
