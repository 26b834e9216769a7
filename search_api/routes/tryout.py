"""`/captions`: have an image captioned and nothing indexed; `/captioners`: by whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from indexer.errors import QueryError
from indexer.models import RETRIEVAL, CaptionerName, FoundFile
from indexer.pipelines.choosing import split_kinds
from indexer.pipelines.locating import file_of, find_file
from indexer.pipelines.presenting_tried import CaptionerAnswer, TriedAnswer, present_offer
from search_api.kinds import KINDS
from search_api.model_calls import one_of
from search_api.openapi.refusals import refusals
from search_api.parts import Parts, PartsDep
from search_api.references import REFERENCE, find_id
from search_api.uploads import kept

router = APIRouter(tags=["captions"])

_REFUSALS = refusals(
    s404="The image of image_id is not indexed, or its file is gone.",
    s502="The captioner refused the image, or cannot be used.",
    s503="The captioner is busy or not set up, the budget is spent, or too much is asked at once.",
)


class TryOutParameters(BaseModel):
    """What to ask, whom, and about which image where no file is sent."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, KINDS] = RETRIEVAL
    captioner: CaptionerName | None = Field(None, description="see GET /captioners; the usual one by default")
    model: str | None = Field(None, min_length=1, max_length=200, description="a model of the openai endpoint")
    image_id: str | None = Field(None, pattern=REFERENCE, description="an indexed image in place of a file")


@router.post("/captions", summary="Caption an image, and index nothing", responses=_REFUSALS)
def try_captioner(
    parts: PartsDep,
    wanted: Annotated[TryOutParameters, Query()],
    file: Annotated[UploadFile | None, File(description="A JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF or HEIC.")] = None,
) -> TriedAnswer:
    """Have an uploaded or an indexed image captioned, to try a captioner or a prompt.

    What a paid captioner is asked is paid, and in the ledger. Nothing is indexed, and the file is not kept.
    """
    kinds = split_kinds(wanted.kind)
    captioner = parts.tryouts.offering.choose(wanted.captioner, wanted.model, kinds)
    with one_of(parts.model_calls), _found(parts, file, wanted.image_id) as found:
        return parts.tryouts.caption(captioner, found, kinds)


@router.get("/captioners", summary="Who can be asked for captions")
def list_captioners(parts: PartsDep) -> list[CaptionerAnswer]:
    """List the captioners that POST /captions can be asked for, and what those lack that cannot be used."""
    return [present_offer(offer) for offer in parts.tryouts.offering.find_offers()]


@contextmanager
def _found(parts: Parts, upload: UploadFile | None, reference: str | None) -> Iterator[FoundFile]:
    """Give the file that is meant: the one sent, or that of an indexed image."""
    if (upload is None) == (reference is None):
        raise QueryError("Either a file or an image_id.")
    if upload is not None:
        with kept(upload) as found:
            yield found
    elif reference is not None:
        image = parts.store.images.get_image(find_id(parts.store, reference))
        yield file_of(image, find_file(image))
