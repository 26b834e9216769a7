"""What lies inside an image file beside its pixels: EXIF, IPTC and XMP."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image, IptcImagePlugin
from PIL.ImageFile import ImageFile

from indexer.imaging.decoding import BROKEN
from indexer.models import Metadata, clean_text

_IPTC_HEADLINE, _IPTC_CAPTION, _IPTC_KEYWORDS = (2, 105), (2, 120), (2, 25)
_XP_TITLE, _XP_COMMENT, _XP_KEYWORDS, _XP_SUBJECT = 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F
# Cameras that write their own name where a description belongs.
_NO_DESCRIPTION = {"olympus digital camera", "sony dsc", "minolta digital camera", "digital camera", "default"}
_LONGEST = 2000


def read_metadata(image: Image.Image) -> Metadata:
    """Read dates, camera, place and words; what is broken is left out, for it is no reason to refuse a picture."""
    exif, iptc, xmp = _exif(image), _iptc(image), _xmp(image)
    latitude, longitude = _place(exif)
    keywords = [
        *_texts(iptc.get(_IPTC_KEYWORDS)),
        *_xmp_texts(xmp, "subject"),
        *(word for text in _xp_texts(exif.get(_XP_KEYWORDS)) for word in text.split(";")),
    ]
    return Metadata(
        taken_at=_taken_at(exif),
        camera=_camera(exif),
        latitude=latitude,
        longitude=longitude,
        title=_first([*_texts(iptc.get(_IPTC_HEADLINE)), *_xmp_texts(xmp, "title"), *_xp_texts(exif.get(_XP_TITLE))]),
        description=_first(
            [
                *_texts(iptc.get(_IPTC_CAPTION)),
                *_xmp_texts(xmp, "description"),
                *_texts(exif.get(ExifTags.Base.ImageDescription)),
                *_xp_texts(exif.get(_XP_COMMENT)),
                *_xp_texts(exif.get(_XP_SUBJECT)),
            ]
        ),
        keywords=tuple(dict.fromkeys(text for word in keywords if (text := word.strip()))),
    )


def _exif(image: Image.Image) -> dict[int, Any]:
    """Return the main, EXIF and GPS directories in one mapping; GPS tags are offset by 0x10000."""
    try:
        exif = image.getexif()
        gps = {0x10000 + tag: value for tag, value in exif.get_ifd(ExifTags.IFD.GPSInfo).items()}
        return {**exif, **exif.get_ifd(ExifTags.IFD.Exif), **gps}
    except BROKEN:
        return {}


def _iptc(image: Image.Image) -> Mapping[tuple[int, int], Any]:
    try:
        return (isinstance(image, ImageFile) and IptcImagePlugin.getiptcinfo(image)) or {}
    except BROKEN:
        return {}


def _xmp(image: Image.Image) -> dict[str, Any]:
    """Return the properties of every rdf:Description, their namespaces dropped."""
    try:
        described: Any = image.getxmp()["xmpmeta"]["RDF"]["Description"]
    except BROKEN:
        return {}
    merged: dict[str, Any] = {}
    for part in described if isinstance(described, list) else [described]:
        merged |= part if isinstance(part, dict) else {}
    return merged


def _xmp_texts(xmp: Mapping[str, Any], name: str) -> list[str]:
    """Return the texts of a bag, sequence, language alternative or plain property."""
    value = xmp.get(name)
    if isinstance(value, dict):
        container = next((value[key] for key in ("Bag", "Seq", "Alt") if key in value), None)
        value = container.get("li") if isinstance(container, dict) else container
    items = value if isinstance(value, list) else [value]
    return _texts([item.get("text") if isinstance(item, dict) else item for item in items])


def _texts(value: object) -> list[str]:
    """Return a tag's value, or values, as clean texts; what is not text is left out."""
    values: Iterable[object] = value if isinstance(value, list) else [value]
    return _clean(_decode(item) for item in values if isinstance(item, (str, bytes)))


def _xp_texts(value: object) -> list[str]:
    """Return a tag of Windows' own, UTF-16 as bytes or as a tuple of them."""
    try:
        raw = bytes(value) if isinstance(value, (bytes, tuple)) else b""
    except (TypeError, ValueError):
        raw = b""
    return _clean([raw.decode("utf-16-le", "replace")])


def _clean(texts: Iterable[str]) -> list[str]:
    cleaned = (clean_text(text)[:_LONGEST] for text in texts)
    return [text for text in cleaned if text and text.lower() not in _NO_DESCRIPTION]


def _decode(value: str | bytes) -> str:
    """Read text as UTF-8 where it is that, else as Latin-1; Pillow gives EXIF's text as Latin-1."""
    try:
        raw = value.encode("latin-1") if isinstance(value, str) else value
    except UnicodeEncodeError:
        return str(value)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _first(texts: list[str]) -> str | None:
    return texts[0] if texts else None


def _taken_at(exif: Mapping[int, Any]) -> datetime | None:
    for tag in (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized, ExifTags.Base.DateTime):
        for text in _texts(exif.get(tag)):
            try:
                return datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - EXIF has no zone
            except ValueError:
                continue
    return None


def _camera(exif: Mapping[int, Any]) -> str | None:
    make = _first(_texts(exif.get(ExifTags.Base.Make))) or ""
    model = _first(_texts(exif.get(ExifTags.Base.Model))) or ""
    named = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return named.strip() or None


def _place(exif: Mapping[int, Any]) -> tuple[float | None, float | None]:
    """Return latitude and longitude in degrees, north and east positive."""
    latitude = _degrees(exif.get(0x10002), str(exif.get(0x10001, "")), negative="S", limit=90)
    longitude = _degrees(exif.get(0x10004), str(exif.get(0x10003, "")), negative="W", limit=180)
    return (latitude, longitude) if latitude is not None and longitude is not None else (None, None)


def _degrees(value: object, hemisphere: str, *, negative: str, limit: float) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    total = (degrees + minutes / 60 + seconds / 3600) * (-1 if hemisphere.upper().startswith(negative) else 1)
    return total if -limit <= total <= limit else None  # NaN fails both
