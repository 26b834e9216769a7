"""Where the service has an image and its thumbnail: by its id, never by a path."""

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11

from indexer.models import ImageId


class Addresses(TypedDict):
    """The addresses of an image."""

    image_url: str
    thumbnail_url: str


class AddressesIfAny(TypedDict):
    """The addresses of an image; null where no file of it is left."""

    image_url: str | None
    thumbnail_url: str | None


def addresses_of(image_id: ImageId) -> Addresses:
    """Return where an image is served."""
    return {"image_url": f"/images/{image_id}/file", "thumbnail_url": f"/images/{image_id}/thumbnail"}


def addresses_if(image_id: ImageId, *, is_lost: bool) -> AddressesIfAny:
    """Return where an image is served, nowhere where it is lost."""
    if is_lost:
        return {"image_url": None, "thumbnail_url": None}
    return {**addresses_of(image_id)}
