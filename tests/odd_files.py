"""A folder of broken and odd files, as real libraries have them."""

import os
import struct
import zlib
from pathlib import Path

import pillow_heif
from PIL import Image

from tests.images import image_bytes, make_picture

GOOD = {
    "cmyk.jpg",
    "grey.png",
    "sixteen-bit.png",
    "palette.gif",
    "alpha.webp",
    "scan.tiff",
    "plain.bmp",
    "modern.avif",
    "phone.heic",
    "rotated.jpg",
    "UPPER.JPG",
    "Fotos für Oma/größe 100%.jpg",
}
BAD = {
    "empty.jpg": "the file is empty",
    "truncated.jpg": "cut short",
    "truncated.png": "cut short",
    "text.jpg": "not an image",
    "page.html.png": "not an image",
    "bomb.png": "megapixels",
    "dead-link.jpg": "cannot be read",
    "pipe.jpg": "not a regular file",
}


def write_odd_files(folder: Path) -> None:
    """Write 20 files: those of GOOD and those of BAD."""
    (folder / "Fotos für Oma").mkdir(parents=True)
    _write_good(folder)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "truncated.jpg").write_bytes(image_bytes(20, size=(400, 300))[:-4000])
    (folder / "truncated.png").write_bytes(image_bytes(21, "PNG", size=(400, 300))[:300])
    (folder / "text.jpg").write_text("This is no picture.\n" * 50)
    (folder / "page.html.png").write_text("<!doctype html><title>404 Not Found</title>")
    (folder / "bomb.png").write_bytes(_png_bomb(50_000, 50_000))
    (folder / "dead-link.jpg").symlink_to(folder / "gone.jpg")
    os.mkfifo(folder / "pipe.jpg")


def _write_good(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (folder / "cmyk.jpg").write_bytes(image_bytes(1, mode="CMYK"))
    (folder / "grey.png").write_bytes(image_bytes(2, "PNG", mode="L"))
    make_picture(3, mode="I").point(lambda value: value * 256).convert("I;16").save(folder / "sixteen-bit.png")
    (folder / "palette.gif").write_bytes(image_bytes(4, "GIF", mode="P"))
    (folder / "alpha.webp").write_bytes(image_bytes(5, "WEBP", mode="RGBA"))
    (folder / "scan.tiff").write_bytes(image_bytes(6, "TIFF", mode="1"))
    (folder / "plain.bmp").write_bytes(image_bytes(7, "BMP"))
    (folder / "modern.avif").write_bytes(image_bytes(8, "AVIF"))
    pillow_heif.from_pillow(make_picture(9)).save(folder / "phone.heic")
    (folder / "rotated.jpg").write_bytes(image_bytes(10, exif=exif))
    (folder / "UPPER.JPG").write_bytes(image_bytes(11))
    (folder / "Fotos für Oma" / "größe 100%.jpg").write_bytes(image_bytes(12))


def _png_bomb(width: int, height: int) -> bytes:
    """Return a small PNG that says it is very large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
