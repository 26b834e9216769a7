"""Small pictures inside a page."""

import base64

from indexer.catalog.store import Store
from indexer.errors import BadImageError, NotFoundError
from indexer.imaging.thumbnails import make_thumbnail
from indexer.models import ImageId
from indexer.pipelines.locating import find_file

# Sharp where five are beside each other on a wide screen.
_SIZE = 320


class Pictures:
    """Makes thumbnails as data URIs, each once; remembers the images whose file is gone, changed or damaged."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: dict[ImageId, str] = {}
        self.missing: set[ImageId] = set()

    def find(self, image_id: ImageId) -> str | None:
        """Return a small picture; None where it cannot be made."""
        if image_id in self.missing:
            return None
        if image_id not in self._made:
            try:
                content = make_thumbnail(find_file(self._store.images.get_image(image_id)), _SIZE)
            except (BadImageError, NotFoundError):
                self.missing.add(image_id)
                return None
            self._made[image_id] = "data:image/webp;base64," + base64.b64encode(content).decode()
        return self._made[image_id]
