"""`/images/{id}`: what is known of an image, the image itself, and its thumbnail."""

from datetime import datetime
from typing import Annotated

import fastapi
from fastapi import APIRouter, Query

from indexer.catalog.store import Store
from indexer.catalog.store.images import StoredImage
from indexer.imaging.thumbnails import SIZES
from indexer.models import ImageId, Origin
from indexer.pipelines.addresses import Addresses, addresses_of
from indexer.pipelines.locating import find_file
from indexer.pipelines.presenting_captions import CaptionAnswer, present_captions
from search_api.openapi.refusals import refusals
from search_api.parts import PartsDep
from search_api.references import REFERENCE, find_id
from search_api.sending import SentFile, sent_as
from search_api.thumbnails import keep_thumbnail, step_of

router = APIRouter(prefix="/images", tags=["images"])

ImageRef = Annotated[str, fastapi.Path(pattern=REFERENCE, description="An image id, or the SHA-256 of its file.")]
ThumbnailSize = Annotated[int, Query(ge=16, le=SIZES[-1], description="Longest side in pixels, rounded up to a step.")]

# Content never changes under an id: it is the SHA-256 of these bytes.
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
UNKNOWN = refusals(s404="The image is not indexed.")
_FILE = sent_as(*(f"image/{name}" for name in ("jpeg", "png", "webp", "gif", "tiff", "bmp", "avif", "heic")))
_THUMBNAIL = sent_as("image/webp")
_MEDIA_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "HEIF": "image/heic"}


class ImageAnswer(Addresses):
    """One image; width and height in pixels as seen."""

    image_id: ImageId
    sha256: str
    origin: Origin
    format: str
    width: int
    height: int
    size_bytes: int
    taken_at: datetime | None
    camera: str | None
    latitude: float | None
    longitude: float | None
    added_at: datetime
    locations: list[str]
    captions: list[CaptionAnswer]


@router.get("/{ref}", summary="What is known of an image", responses=UNKNOWN)
def get_image(parts: PartsDep, ref: ImageRef) -> ImageAnswer:
    """Tell what is known of an image."""
    image = _get(parts.store, ref)
    captions = parts.store.captions.find_captions(image.image_id)
    return {
        "image_id": image.image_id,
        "sha256": image.sha256.hex(),
        "origin": image.origin,
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "size_bytes": image.size_bytes,
        "taken_at": image.taken_at,
        "camera": image.camera,
        "latitude": image.latitude,
        "longitude": image.longitude,
        "added_at": image.added_at,
        "locations": image.relative_paths,
        "captions": present_captions(captions),
        **addresses_of(image.image_id),
    }


@router.get("/{ref}/file", summary="The image's own file", response_class=SentFile, status_code=200, responses=_FILE)
def get_file(parts: PartsDep, ref: ImageRef) -> SentFile:
    """Send the image's own file, whole or in part."""
    image = _get(parts.store, ref)
    path = find_file(image)
    media_type = _MEDIA_TYPES.get(image.format, f"image/{image.format.lower()}")
    headers = {**_FOR_EVER, "Content-Security-Policy": "sandbox; default-src 'none'"}
    return SentFile(path, media_type=media_type, etag=image.sha256.hex(), headers=headers, name=path.name)


@router.get(
    "/{ref}/thumbnail",
    summary="A small copy of an image",
    response_class=SentFile,
    status_code=200,
    responses=_THUMBNAIL,
)
def get_thumbnail(parts: PartsDep, ref: ImageRef, size: ThumbnailSize = 320) -> SentFile:
    """Send a small WebP of the image, made once and kept."""
    image, step = _get(parts.store, ref), step_of(size)
    kept = keep_thumbnail(parts.thumbnails, image, step)
    return SentFile(kept, media_type="image/webp", etag=f"{image.sha256.hex()}-{step}", headers=_FOR_EVER)


def _get(store: Store, ref: str) -> StoredImage:
    return store.images.get_image(find_id(store, ref))
