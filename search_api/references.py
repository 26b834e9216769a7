"""How requests name an image: by its id, or by the SHA-256 of its file."""

from indexer.catalog.store import Store
from indexer.errors import NotFoundError
from indexer.models import ImageId

REFERENCE = r"^([1-9]\d{0,17}|[0-9a-f]{64})$"


def find_id(store: Store, reference: str) -> ImageId:
    """Return the id that a reference names, which need not exist; raises NotFoundError for an unknown SHA-256."""
    image_id = store.images.find_image_id(bytes.fromhex(reference)) if len(reference) == 64 else ImageId(int(reference))
    if image_id is None:
        raise NotFoundError("image", reference)
    return image_id
