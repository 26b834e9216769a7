import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from indexer.errors import BadImageError
from indexer.imaging import sending
from indexer.imaging.sending import media_type_of, read_for_editing
from indexer.models import SentPicture
from tests.images import image_bytes, make_picture
from tests.odd_files import BAD, GOOD, write_odd_files
from tests.unit.imaging.pictures import TURNS, difference, encoded, oriented_exif, pixels
from tests.unit.imaging.segments import COM, METADATA_MARKERS, iptc, markers, segment, with_segments, xmp

SECRET = b"SECRET"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
OWN = ("JPEG", "PNG", "WEBP")


def secret_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)}
    return exif.tobytes()


def see_through() -> Image.Image:
    picture = make_picture(1)
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return picture


def read(folder: Path, data: bytes, **options: Any) -> SentPicture:
    path = folder / "picture"
    path.write_bytes(data)
    return read_for_editing(path, **options)


def shown(sent: SentPicture) -> Image.Image:
    return Image.open(io.BytesIO(sent.data))


def no_decoding(*_: object, **__: object) -> Image.Image:
    raise AssertionError("a picture was decoded that need not be")


@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("JPEG", {"quality": 60}),
        ("JPEG", {"progressive": True, "mode": "L"}),
        ("PNG", {}),
        ("PNG", {"mode": "RGBA"}),
        ("PNG", {"mode": "P"}),
        ("WEBP", {"quality": 60}),
        ("WEBP", {"mode": "RGBA", "lossless": True}),
    ],
)
def test_a_picture_that_needs_nothing_is_sent_as_it_is(
    file_format: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "decode", no_decoding)
    data = image_bytes(1, file_format, **options)

    sent = read(tmp_path, data)

    assert sent.data == data
    assert (sent.media_type, sent.width, sent.height) == (f"image/{file_format.lower()}", 64, 48)


def test_a_jpeg_keeps_its_pixels_and_loses_its_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "decode", no_decoding)
    data = with_segments(
        image_bytes(1, exif=secret_exif(), icc_profile=SRGB), xmp(SECRET.decode()), iptc((120, SECRET)),
        segment(COM, SECRET),
    )  # fmt: skip

    sent = read(tmp_path, data)

    assert np.array_equal(pixels(shown(sent)), pixels(Image.open(io.BytesIO(data))))
    assert markers(sent.data).isdisjoint(METADATA_MARKERS)
    assert SECRET not in sent.data


@pytest.mark.parametrize(
    ("file_format", "options"),
    [("PNG", {"exif": secret_exif()}), ("WEBP", {"exif": secret_exif(), "xmp": SECRET, "lossless": True})],
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_png_or_webp_keeps_its_pixels_and_loses_its_metadata(
    file_format: str, options: dict[str, Any], mode: str, tmp_path: Path
) -> None:
    data = image_bytes(1, file_format, mode=mode, icc_profile=SRGB, **options)

    sent = read(tmp_path, data)

    assert SECRET in data
    assert SECRET not in sent.data
    assert b"IC" not in sent.data[:200]
    assert sent.media_type == f"image/{file_format.lower()}"
    assert np.array_equal(pixels(shown(sent)), pixels(Image.open(io.BytesIO(data))))
    assert shown(sent).getexif() == {}


def test_texts_in_a_png_are_not_sent(tmp_path: Path) -> None:
    texts = PngInfo()
    texts.add_text("Comment", "SECRET")
    texts.add_itxt("XML:com.adobe.xmp", "SECRET")
    data = image_bytes(1, "PNG", pnginfo=texts)

    sent = read(tmp_path, data)

    assert SECRET not in sent.data
    assert np.array_equal(pixels(shown(sent)), pixels(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_a_turned_picture_is_sent_upright(file_format: str, orientation: int, tmp_path: Path) -> None:
    upright = make_picture(1, (96, 64))
    turned_back = {6: 8, 8: 6}.get(orientation, orientation)
    data = encoded(upright.transpose(TURNS[turned_back]), file_format, exif=oriented_exif(orientation))

    sent = read(tmp_path, data)

    assert (sent.width, sent.height) == (96, 64) == shown(sent).size
    assert difference(shown(sent), upright) < 12
    assert 0x0112 not in shown(sent).getexif()


@pytest.mark.parametrize("file_format", ["GIF", "TIFF", "BMP", "AVIF", "HEIF"])
def test_formats_that_no_endpoint_takes_become_jpeg(file_format: str, tmp_path: Path) -> None:
    source = make_picture(1, (128, 96))

    sent = read(tmp_path, encoded(source, file_format))

    assert (sent.media_type, sent.width, sent.height) == ("image/jpeg", 128, 96)
    assert difference(shown(sent), source) < 8


@pytest.mark.parametrize("file_format", ["TIFF", "AVIF"])
def test_what_is_transparent_stays_so(file_format: str, tmp_path: Path) -> None:
    source = make_picture(1, mode="RGBA")
    source.paste((10, 20, 30, 0), (0, 0, 32, 48))

    sent = read(tmp_path, encoded(source, file_format))

    assert sent.media_type == "image/png"
    assert shown(sent).mode == "RGBA"
    assert shown(sent).getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize(
    ("picture", "file_format"),
    [(make_picture(1), "JPEG"), (make_picture(1), "PNG"), (see_through(), "PNG"), (see_through(), "WEBP")],
)
def test_a_larger_picture_is_shrunk(picture: Image.Image, file_format: str, tmp_path: Path) -> None:
    sent = read(tmp_path, encoded(picture, file_format), max_edge=32)

    assert (sent.width, sent.height) == (32, 24) == shown(sent).size
    assert shown(sent).mode == picture.mode


@pytest.mark.parametrize("file_format", ["WEBP", "PNG", "GIF", "TIFF"])
def test_of_several_frames_the_first_is_sent(file_format: str, tmp_path: Path) -> None:
    first, second = make_picture(1), make_picture(2)
    data = encoded(first, file_format, save_all=True, append_images=[second])

    sent = read(tmp_path, data)

    assert getattr(Image.open(io.BytesIO(data)), "n_frames", 1) == 2
    assert difference(shown(sent), first) < 8
    assert getattr(shown(sent), "n_frames", 1) == 1


@pytest.mark.parametrize(
    ("picture", "file_format", "options"),
    [
        (make_picture(1, mode="P"), "PNG", {"transparency": 0}),
        (make_picture(1), "PNG", {"transparency": (1, 2, 3)}),
        (see_through(), "WEBP", {"quality": 80}),
    ],
    ids=["palette", "one colour", "lossy WebP"],
)
def test_a_transparent_picture_that_is_sent_as_it_is_stays_transparent(
    picture: Image.Image, file_format: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "decode", no_decoding)
    out = io.BytesIO()
    picture.save(out, file_format, exif=secret_exif(), **options)

    sent = read(tmp_path, out.getvalue())

    before = Image.open(io.BytesIO(out.getvalue())).convert("RGBA")
    assert np.array_equal(np.asarray(shown(sent).convert("RGBA")), np.asarray(before))
    assert shown(sent).has_transparency_data
    assert SECRET not in sent.data


def test_a_webp_does_not_announce_what_was_taken_out(tmp_path: Path) -> None:
    sent = read(tmp_path, image_bytes(1, "WEBP", mode="RGBA", exif=secret_exif(), xmp=SECRET, icc_profile=SRGB))

    assert sent.data[12:16] == b"VP8X"
    assert sent.data[20] & 0b0010_1100 == 0


def test_a_jpeg_with_others_behind_it_is_sent_alone(tmp_path: Path) -> None:
    first, second = make_picture(1), make_picture(2)
    out = io.BytesIO()
    first.save(out, "MPO", save_all=True, append_images=[second], quality=95)

    sent = read(tmp_path, out.getvalue())

    assert sent.media_type == "image/jpeg"
    assert len(sent.data) < 0.7 * len(out.getvalue())
    assert np.array_equal(pixels(shown(sent)), pixels(Image.open(io.BytesIO(out.getvalue()))))


@pytest.mark.parametrize("file_format", OWN)
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_picture_that_is_cut_short_is_refused(file_format: str, share: float, tmp_path: Path) -> None:
    data = image_bytes(1, file_format, size=(400, 300))

    with pytest.raises(BadImageError):
        read(tmp_path, data[: int(len(data) * share)])


def test_a_png_with_a_wrong_bit_is_refused(tmp_path: Path) -> None:
    data = bytearray(image_bytes(1, "PNG", size=(400, 300)))
    data[len(data) // 2] ^= 0x10

    with pytest.raises(BadImageError):
        read(tmp_path, bytes(data))


@pytest.mark.parametrize("name", sorted(GOOD))
def test_odd_files_are_sent(name: str, tmp_path: Path) -> None:
    write_odd_files(tmp_path / "odd")

    sent = read_for_editing(tmp_path / "odd" / name)

    assert sent.media_type == media_type_of(sent.data)
    assert shown(sent).size == (sent.width, sent.height)
    shown(sent).load()


@pytest.mark.parametrize(("name", "reason"), sorted(BAD.items()))
def test_bad_files_are_refused(name: str, reason: str, tmp_path: Path) -> None:
    write_odd_files(tmp_path / "odd")

    with pytest.raises(BadImageError, match=reason):
        read_for_editing(tmp_path / "odd" / name)
