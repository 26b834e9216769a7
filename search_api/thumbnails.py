"""Small copies of images, made once and kept."""

import tempfile
from pathlib import Path

from indexer.catalog.store.images import StoredImage
from indexer.errors import BadImageError, NotFoundError
from indexer.imaging.thumbnails import SIZES, make_thumbnail
from indexer.pipelines.locating import find_file


def step_of(size: int) -> int:
    """Return the step that a size is rounded up to."""
    return next(step for step in SIZES if step >= size)


def keep_thumbnail(folder: Path, image: StoredImage, step: int) -> Path:
    """Return the file of a WebP whose longer side has at most `step` pixels; raises NotFoundError."""
    name = image.sha256.hex()
    kept = folder / name[:2] / f"{name}-{step}.webp"
    if not kept.exists():
        _keep(kept, _make(image, step))
    return kept


def _make(image: StoredImage, size: int) -> bytes:
    try:
        return make_thumbnail(find_file(image), size)
    except BadImageError as exc:
        raise NotFoundError("readable file any more for image", image.image_id) from exc


def _keep(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
