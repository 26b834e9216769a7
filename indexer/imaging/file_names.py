"""Names of image files, made safe: they come from people and programs anywhere."""

import unicodedata
from pathlib import PurePosixPath

from indexer.imaging.decoding import SUFFIXES
from indexer.models import clean_text

_SUFFIXES = {"JPEG": "jpg", "MPO": "jpg", "HEIF": "heic"}
_LONGEST_BYTES = 150  # file systems allow 255, and some who copy files add to their names
_NAMELESS = "image"


def suffix_of(image_format: str) -> str:
    """Return the usual suffix of files of a format, without its dot."""
    return _SUFFIXES.get(image_format, image_format.lower())


def safe_name(called: str, image_format: str) -> str:
    """Return what a file may be called that was called so elsewhere: one visible name, with the suffix of an image.

    No folder of it is left, no control character, no dot at its beginning, and no more than 150 bytes.
    """
    last = called.replace("\\", "/").rpartition("/")[2]
    cleaned = unicodedata.normalize("NFC", " ".join(clean_text(last).split())).lstrip(". ")
    path = PurePosixPath(cleaned or _NAMELESS)
    has_suffix = path.suffix.lower() in SUFFIXES
    stem, suffix = (path.stem, path.suffix) if has_suffix else (path.name, f".{suffix_of(image_format)}")
    return f"{_shorten(stem, _LONGEST_BYTES - len(suffix))}{suffix}"


def _shorten(text: str, most_bytes: int) -> str:
    """Return the beginning of a text that has so many bytes as UTF-8 at the most."""
    return text.encode()[:most_bytes].decode(errors="ignore").rstrip(". ") or _NAMELESS
