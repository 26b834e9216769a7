"""`/images/{id}/captions`: read what is said of an image, and correct it by hand."""

from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from indexer.errors import QueryError
from indexer.models import RETRIEVAL, ImageId
from indexer.pipelines.correcting import LONGEST_SENTENCE, MOST_SENTENCES, correct, take_back
from indexer.pipelines.presenting_captions import CaptionAnswer, CorrectionAnswer, present_captions
from search_api.openapi.refusals import refusals
from search_api.parts import Parts, PartsDep
from search_api.references import find_id
from search_api.routes.images import UNKNOWN, ImageRef

router = APIRouter(prefix="/images/{ref}/captions", tags=["captions"])

Sentence = Annotated[str, Field(min_length=1, max_length=LONGEST_SENTENCE)]
TextKind = Annotated[Literal["retrieval", "alt_text", "ecommerce"], fastapi.Path(description="A kind made of text.")]


class CorrectionIn(BaseModel):
    """What an image shows, in a person's words: `sentences`, or `text` where it is one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": [{"required": ["sentences"]}, {"required": ["text"]}]}
    )

    sentences: list[Sentence] = Field(
        [], min_length=1, max_length=MOST_SENTENCES, examples=[["A red mug on a desk.", "My father's mug."]]
    )
    text: Sentence = Field("", examples=["A red mug on a desk."])


@router.get("", summary="All captions of an image", responses=UNKNOWN)
def list_captions(parts: PartsDep, ref: ImageRef) -> list[CaptionAnswer]:
    """List every caption of an image, by kind; the first of a kind is the one that serves."""
    image = parts.store.images.get_image(find_id(parts.store, ref))
    return present_captions(parts.store.captions.find_captions(image.image_id))


@router.put("/{kind}", summary="Correct a caption by hand", responses=UNKNOWN)
def correct_caption(parts: PartsDep, ref: ImageRef, kind: TextKind, said: CorrectionIn) -> CorrectionAnswer:
    """Put a person's words above every captioner's, for good; a search finds the image by them right away."""
    if bool(said.sentences) == bool(said.text):
        raise QueryError("A correction has either sentences or a text.")
    image_id = find_id(parts.store, ref)
    return _answer(parts, image_id, kind, correct(parts.store, image_id, kind, said.sentences or [said.text]))


@router.delete(
    "/{kind}",
    summary="Take a correction back",
    responses=refusals(s404="The image is not indexed, or has no correction of this kind."),
)
def undo_correction(parts: PartsDep, ref: ImageRef, kind: TextKind) -> CorrectionAnswer:
    """Take a person's words back: the captioner's serve again."""
    image_id = find_id(parts.store, ref)
    take_back(parts.store, image_id, kind)
    return _answer(parts, image_id, kind, [])


def _answer(parts: Parts, image_id: ImageId, kind: str, sentences: list[str]) -> CorrectionAnswer:
    indexed = kind == RETRIEVAL and parts.updates.index(image_id)
    return {"image_id": image_id, "kind": kind, "sentences": sentences, "indexed": indexed}
