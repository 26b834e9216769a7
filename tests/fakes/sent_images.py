"""A picture that was sent to a fake editor: what it is, and what it gives away."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ExifTags, Image

MEDIA_TYPES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
_PNG_CHUNKS = {b"tEXt": "text", b"zTXt": "text", b"iTXt": "text", b"eXIf": "exif", b"tIME": "time"}
_WEBP_CHUNKS = {b"EXIF": "exif", b"XMP ": "xmp"}
_JPEG_SEGMENTS = {"APP13": "iptc", "COM": "text"}
_XMP = (b"http://ns.adobe.com/xap", b"XML:com.adobe.xmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentImage:
    """Its bytes, as they came; `metadata` names what it holds of `exif`, `gps`, `xmp`, `iptc`, `text` and `time`."""

    raw: bytes
    media_type: str
    mode: str
    size: tuple[int, int]
    transparent: bool
    metadata: tuple[str, ...]

    @classmethod
    def read(cls, raw: bytes, media_type: str, *, decodes: bool = True) -> "SentImage":
        """Raises ValueError if these bytes are no picture of this type; without `decodes`, looks at its header only."""
        try:
            with Image.open(io.BytesIO(raw), formats=[MEDIA_TYPES[media_type]]) as image:
                metadata = tuple(sorted(set(_metadata(raw, image))))
                transparent = _may_be_transparent(image) if not decodes else _is_transparent(image)
                return cls(
                    raw=raw,
                    media_type=media_type,
                    mode=image.mode,
                    size=image.size,
                    transparent=transparent,
                    metadata=metadata,
                )
        except (KeyError, OSError, SyntaxError, struct.error) as exc:
            raise ValueError(f"not a readable {media_type}") from exc


def _may_be_transparent(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA") or "transparency" in image.info


def _is_transparent(image: Image.Image) -> bool:
    image.load()
    if not _may_be_transparent(image):
        return False
    return image.convert("RGBA").getchannel("A").getextrema()[0] == 0


def _metadata(raw: bytes, image: Image.Image) -> Iterator[str]:
    if image.getexif().get_ifd(ExifTags.IFD.GPSInfo):
        yield "gps"
    if image.format == "PNG":
        yield from _in_chunks(_png_chunks(raw), _PNG_CHUNKS)
    elif image.format == "WEBP":
        yield from _in_chunks(_webp_chunks(raw), _WEBP_CHUNKS)
    else:
        yield from _in_segments(getattr(image, "applist", []))


def _in_chunks(chunks: Iterator[tuple[bytes, bytes]], names: dict[bytes, str]) -> Iterator[str]:
    for kind, data in chunks:
        if kind in names:
            yield "xmp" if data.startswith(_XMP) else names[kind]


def _in_segments(segments: list[tuple[str, bytes]]) -> Iterator[str]:
    for kind, data in segments:
        if kind == "APP1":
            yield "xmp" if data.startswith(_XMP) else "exif"
        elif kind in _JPEG_SEGMENTS:
            yield _JPEG_SEGMENTS[kind]


def _png_chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(raw):
        (length,) = struct.unpack_from(">I", raw, at)
        yield raw[at + 4 : at + 8], raw[at + 8 : at + 8 + min(length, 32)]
        at += 12 + length


def _webp_chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at < len(raw):
        (length,) = struct.unpack_from("<I", raw, at + 4)
        yield raw[at : at + 4], raw[at + 8 : at + 8 + min(length, 32)]
        at += 8 + length + length % 2
