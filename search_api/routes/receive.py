"""`POST /images`: upload an image and have it indexed."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Response, UploadFile
from typing_extensions import TypedDict

from indexer.models import RETRIEVAL, ImageId
from indexer.pipelines.choosing import split_kinds
from indexer.pipelines.presenting_captions import CaptionAnswer, present_captions
from indexer.pipelines.presenting_tried import UsageAnswer, present_usage
from indexer.pipelines.updating import is_up_to_date
from search_api.kinds import KINDS
from search_api.model_calls import one_of
from search_api.openapi.refusals import Responses, refusals
from search_api.parts import PartsDep
from search_api.uploads import kept

router = APIRouter(prefix="/images", tags=["images"])

_REFUSALS = refusals(
    s502="The captioner refused the image, or cannot be used; the image is kept.",
    s503="The captioner is busy or not set up, the budget is spent, or too much is asked at once.",
)
_LOCATION = {"Location": {"description": "The image.", "schema": {"type": "string"}}}


class ReceivedAnswer(TypedDict):
    """An image of the library; `usage` is what its captions cost now, nothing where they were there."""

    image_id: ImageId
    new: bool
    indexed: bool
    captions: list[CaptionAnswer]
    usage: UsageAnswer


_ANSWERS: Responses = {
    200: {"model": ReceivedAnswer, "description": "The library had the image.", "headers": _LOCATION},
    201: {"description": "The image is new.", "headers": _LOCATION},
    **_REFUSALS,
}


@router.post("", summary="Upload an image and have it indexed", status_code=HTTPStatus.CREATED, responses=_ANSWERS)
def upload_image(
    parts: PartsDep,
    response: Response,
    file: Annotated[UploadFile, File(description="A JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF or HEIC.")],
    kinds: Annotated[str, KINDS] = RETRIEVAL,
) -> ReceivedAnswer:
    """Keep an image, have it captioned as an ingest would, which may cost money, and find it from now on.

    A known image is answered with 200, is not kept twice, and is asked only for kinds of caption that it lacks.
    """
    wanted = list(dict.fromkeys([RETRIEVAL, *split_kinds(kinds)]))
    captioner = parts.tryouts.offering.choose(None, None, wanted)
    with one_of(parts.model_calls), kept(file) as found:
        received = parts.receiving.receive(found, captioner, wanted)
    response.status_code = HTTPStatus.CREATED if received.is_new else HTTPStatus.OK
    response.headers["Location"] = f"/images/{received.image_id}"
    return {
        "image_id": received.image_id,
        "new": received.is_new,
        "indexed": is_up_to_date(parts.store, received.image_id),
        "captions": present_captions(parts.store.captions.find_captions(received.image_id)),
        "usage": present_usage(received.usage),
    }
