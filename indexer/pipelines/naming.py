"""Find the image that somebody means."""

from pathlib import Path

import regex

from indexer.catalog.store import Store
from indexer.errors import NotFoundError
from indexer.imaging.hashing import sha256_of
from indexer.models import ImageId

_SHA256 = regex.compile(r"[0-9a-fA-F]{64}")


def find_image(store: Store, name: str) -> ImageId:
    """Return the indexed image of a path (also where it was moved to), an id or a SHA-256; raises NotFoundError."""
    path = Path(name)
    image_id = store.images.find_image_at(str(path.absolute()))
    if image_id is None and path.is_file():
        with path.open("rb") as file:
            image_id = store.images.find_image_id(sha256_of(file))
    elif image_id is None and _SHA256.fullmatch(name):
        image_id = store.images.find_image_id(bytes.fromhex(name))
    elif image_id is None and name.isascii() and name.isdecimal():
        return store.images.get_image(ImageId(int(name))).image_id
    if image_id is None:
        raise NotFoundError("indexed image", name)
    return image_id
