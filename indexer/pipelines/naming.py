"""Find the image that somebody means."""

import os
from collections.abc import Iterable
from pathlib import Path

import regex

from indexer.catalog.store import Store
from indexer.errors import NotFoundError
from indexer.imaging.hashing import sha256_of
from indexer.models import ImageId

_SHA256 = regex.compile(r"[0-9a-fA-F]{64}")
_PREFIXES = ("image:", "sha256:")


def name_image(image_id: ImageId) -> str:
    """Return the reference that means an indexed image."""
    return f"{_PREFIXES[0]}{image_id}"


def is_reference(name: str) -> bool:
    """Tell whether a name is `image:17` or `sha256:…`, which never means a file."""
    return name.startswith(_PREFIXES)


def find_image(store: Store, name: str) -> ImageId:
    """Return the indexed image of a path (also where it was moved to), an id or a SHA-256; raises NotFoundError.

    `image:17` and `sha256:…` are never paths.
    """
    if is_reference(name):
        image_id = _find_referenced(store, name.removeprefix("image:").removeprefix("sha256:"))
    else:
        image_id = store.images.find_image_at(str(Path(name).absolute())) or _find_content(store, name)
    if image_id is None:
        raise NotFoundError("indexed image", name)
    return image_id


def _find_content(store: Store, name: str) -> ImageId | None:
    """Return the image with a file's content, or where there is no such file, the one that a name refers to."""
    path = Path(name)
    if not path.is_file():
        return _find_referenced(store, name)
    with path.open("rb") as file:
        return store.images.find_image_id(sha256_of(file))


def _find_referenced(store: Store, reference: str) -> ImageId | None:
    if _SHA256.fullmatch(reference):
        return store.images.find_image_id(bytes.fromhex(reference))
    if reference.isascii() and reference.isdecimal():
        return store.images.get_image(ImageId(int(reference))).image_id
    return None


def name_number(value: object) -> object:
    """Return an id that JSON has as a number as the name it is, and anything else as it came."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def find_images(store: Store, names: Iterable[str], folder: Path) -> dict[str, frozenset[ImageId]]:
    """Return the images that each name may mean, none where there is none.

    An id, a SHA-256, and a path from `folder` mean one image; a file name, or a path below an ingested folder, may be
    that of several.
    """
    found = {name: _find_exactly(store, name, folder) for name in names}
    named = store.images.find_images_named([name for name, image_ids in found.items() if not image_ids])
    return {name: image_ids or frozenset(named.get(name, ())) for name, image_ids in found.items()}


def _find_exactly(store: Store, name: str, folder: Path) -> frozenset[ImageId]:
    is_path = not (_SHA256.fullmatch(name) or name.isdecimal())
    try:
        return frozenset([find_image(store, os.path.abspath(folder / name) if is_path else name)])  # noqa: PTH100 - as sources do
    except (NotFoundError, OSError):  # OSError: a name that no file can have
        return frozenset()
