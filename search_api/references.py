"""How requests name an image: by its id, or by the SHA-256 of its file."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from indexer.catalog.store import Store
from indexer.errors import NotFoundError
from indexer.models import ImageId
from indexer.pipelines.naming import name_number

REFERENCE_RULE = "an image is named by its id or by the SHA-256 of its file."
REFERENCE = r"^([1-9]\d{0,17}|[0-9a-f]{64})$"


def _bare(value: object) -> object:
    """Take `image:17` and `sha256:…` as well as the id and the hash alone."""
    named = name_number(value)
    return named.removeprefix("image:").removeprefix("sha256:") if isinstance(named, str) else named


Reference = Annotated[
    str,
    BeforeValidator(_bare, json_schema_input_type=int | str),
    Field(pattern=REFERENCE, description="An image id, or the SHA-256 of its file.", examples=[17]),
]


def find_id(store: Store, reference: str) -> ImageId:
    """Return the id that a reference names, which need not exist; raises NotFoundError for an unknown SHA-256."""
    image_id = store.images.find_image_id(bytes.fromhex(reference)) if len(reference) == 64 else ImageId(int(reference))
    if image_id is None:
        raise NotFoundError("image", reference)
    return image_id
