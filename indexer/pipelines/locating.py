"""Find the file that still holds an image."""

import stat
from pathlib import Path

from indexer.catalog.store.images import StoredImage
from indexer.errors import NotFoundError
from indexer.imaging.hashing import sha256_of
from indexer.models import FoundFile

GONE = "file any more for image"


def find_file(image: StoredImage) -> Path:
    """Return a location that still has the image: same size and time, or else the same content.

    Raises NotFoundError where none has.
    """
    for location, modified_ns in zip(image.locations, image.modified_ns, strict=True):
        if holds(path := Path(location), image, modified_ns):
            return path
    raise NotFoundError(GONE, image.image_id)


def file_of(image: StoredImage, path: Path) -> FoundFile:
    """Return an indexed image's file as one that was found; raises NotFoundError where it is gone."""
    try:
        status = path.stat()
    except OSError as exc:
        raise NotFoundError(GONE, image.image_id) from exc
    at = dict(zip(image.locations, image.relative_paths, strict=True))
    return FoundFile(
        path=path,
        location=str(path),
        relative_path=at.get(str(path), path.name),
        size_bytes=status.st_size,
        modified_ns=status.st_mtime_ns,
    )


def holds(path: Path, image: StoredImage, modified_ns: int | None) -> bool:
    """Tell whether a file has an image: the size, and the time or else the content; without a time, the content."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != image.size_bytes:
            return False
        return found.st_mtime_ns == modified_ns or _has_content(path, image.sha256)
    except OSError:
        return False


def _has_content(path: Path, sha256: bytes) -> bool:
    with path.open("rb") as file:
        return sha256_of(file) == sha256
