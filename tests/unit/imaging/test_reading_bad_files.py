"""Files that are no usable images: each is refused by itself, with a reason that reads as a clause."""

import os
import struct
from pathlib import Path

import pytest

from indexer.errors import BadImageError
from indexer.imaging.reading import read_image
from tests.images import image_bytes, write_images
from tests.unit.imaging.pictures import FAITHFUL

# Follows on "cannot be used: ", so it begins small, is one line, and has no full stop.
A_CLAUSE = r"\A[a-z0-9][^\n]*[^\s.]\Z"
JPEG, PROGRESSIVE = image_bytes(1, size=(200, 150)), image_bytes(1, size=(200, 150), progressive=True)
PNG, AVIF, HEIF = image_bytes(1, "PNG"), image_bytes(1, "AVIF"), image_bytes(1, "HEIF")


def overwritten(data: bytes, box: bytes, offset: int, value: bytes) -> bytes:
    """Write over a file at so many bytes behind the first mention of a box or chunk."""
    position = data.index(box) + len(box) + offset
    return data[:position] + value + data[position + len(value) :]


def refusal(folder: Path, data: bytes, *, name: str = "bad.jpg", max_edge: int = 768) -> str:
    path = folder / name
    path.write_bytes(data)
    with pytest.raises(BadImageError, match=A_CLAUSE) as raised:
        read_image(path, max_edge=max_edge)
    return raised.value.reason


def test_an_empty_file_is_refused_with_a_reason(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"") == "the file is empty"


def test_text_with_the_name_of_an_image_is_refused_with_a_reason(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"Dear diary,\n") == "not an image of a supported format, or damaged at its start"


@pytest.mark.parametrize("jpeg", [JPEG, PROGRESSIVE], ids=["baseline", "progressive"])
@pytest.mark.parametrize("cut", [2, 10, 100, 300, 2000, -100, -2, -1])
@pytest.mark.parametrize("max_edge", [50, 768], ids=["shrunk", "passed on"])
def test_a_truncated_jpeg_is_refused_with_a_reason(jpeg: bytes, cut: int, max_edge: int, tmp_path: Path) -> None:
    assert refusal(tmp_path, jpeg[:cut], max_edge=max_edge)


@pytest.mark.parametrize("cut", [8, 20, 33, 50, 100, len(PNG) // 2])
def test_a_truncated_png_is_refused_with_a_reason(cut: int, tmp_path: Path) -> None:
    assert refusal(tmp_path, PNG[:cut], name="bad.png")


@pytest.mark.parametrize("file_format", FAITHFUL)
def test_half_a_file_of_any_format_is_refused_with_a_reason(file_format: str, tmp_path: Path) -> None:
    data = image_bytes(1, file_format, size=(200, 150))

    assert refusal(tmp_path, data[: len(data) // 2])


@pytest.mark.parametrize("file_format", FAITHFUL)
def test_a_file_of_any_format_that_ends_in_its_header_is_refused_with_a_reason(
    file_format: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, image_bytes(1, file_format)[:12])


@pytest.mark.parametrize(
    "data",
    [
        overwritten(PNG, b"IDAT", 4, bytes(40)),
        overwritten(AVIF, b"mdat", 0, bytes(60)),
        overwritten(AVIF, b"pitm", 4, b"\0\x63"),
        overwritten(AVIF, b"av1C", -4, b"xxxx"),
        overwritten(HEIF, b"mdat", 0, bytes(60)),
        overwritten(HEIF, b"pitm", 4, b"\0\x63"),
        overwritten(HEIF, b"hvcC", -4, b"xxxx"),
    ],
    ids=["PNG data", "AVIF data", "AVIF item", "AVIF codec", "HEIF data", "HEIF item", "HEIF codec"],
)
def test_damaged_content_is_refused_with_a_reason(data: bytes, tmp_path: Path) -> None:
    assert refusal(tmp_path, data)


@pytest.mark.parametrize(
    "data",
    [
        overwritten(PNG, b"IHDR", 0, struct.pack(">II", 20_000, 20_000)),
        overwritten(JPEG, b"\xff\xc0", 3, b"\xff\xff\xff\xff"),
        overwritten(image_bytes(1, "GIF"), b"GIF", 3, b"\xff\xff\xff\xff"),
        overwritten(image_bytes(1, "BMP"), b"BM", 16, struct.pack("<ii", 50_000, 50_000)),
        overwritten(image_bytes(1, "WEBP", lossless=True), b"VP8L", 5, b"\xff\xff\xff\x0f"),
        overwritten(HEIF, b"ispe", 4, struct.pack(">II", 20_000, 20_000)),
        overwritten(HEIF, b"ispe", 4, struct.pack(">II", 50_000, 50_000)),
        overwritten(AVIF, b"ispe", 4, struct.pack(">II", 50_000, 50_000)),
    ],
    ids=["PNG", "JPEG", "GIF", "BMP", "WEBP", "HEIF", "HEIF over its library's limit", "AVIF"],
)
def test_a_bomb_is_refused_with_a_reason(data: bytes, tmp_path: Path) -> None:
    assert refusal(tmp_path, data)


def test_a_missing_file_is_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(BadImageError, match=r"^cannot be read: No such file or directory$"):
        read_image(tmp_path / "gone.jpg", max_edge=768)


def test_a_folder_with_the_name_of_an_image_is_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(BadImageError, match=r"^a folder that cannot be listed$"):
        read_image(tmp_path, max_edge=768)


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")

    with pytest.raises(BadImageError, match=r"^not a regular file$"):
        read_image(tmp_path / "pipe.jpg", max_edge=768)


def test_a_link_to_itself_is_refused_with_a_reason(tmp_path: Path) -> None:
    link = tmp_path / "loop.jpg"
    link.symlink_to(link)

    with pytest.raises(BadImageError, match=r"^cannot be read: "):
        read_image(link, max_edge=768)


def test_an_unreadable_file_is_refused_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    [path] = write_images(tmp_path, 1)
    monkeypatch.setattr(Path, "open", refuse)  # root may read everything: file modes would not do
    with pytest.raises(BadImageError, match=r"^cannot be read: Permission denied$") as caught:
        read_image(path, max_edge=768)

    assert caught.value.is_retryable
