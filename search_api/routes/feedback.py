"""`/feedback`: what people say of search results."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from typing_extensions import TypedDict

from indexer.catalog.searching import LONGEST_QUERY
from indexer.models import ImageId
from indexer.pipelines.judging import judge, normal_query
from indexer.pipelines.naming import name_number
from search_api.parts import PartsDep
from search_api.references import REFERENCE, find_id
from search_api.routes.images import UNKNOWN

router = APIRouter(prefix="/feedback", tags=["feedback"])


class FeedbackIn(BaseModel):
    """What a person says of one image as an answer to a query; `relevant` null takes it back."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, max_length=LONGEST_QUERY, examples=["red mug on a desk"])
    image_id: Annotated[str, BeforeValidator(name_number, json_schema_input_type=int | str)] = Field(
        pattern=REFERENCE, description="An image id, or the SHA-256 of its file.", examples=[17]
    )
    relevant: StrictBool | None


class JudgementAnswer(TypedDict):
    """What was said of one image."""

    image_id: ImageId
    relevant: bool


class FeedbackAnswer(TypedDict):
    """What was said of the images of one query."""

    query: str
    judgements: list[JudgementAnswer]


@router.post("", summary="Judge an image for a query", status_code=HTTPStatus.NO_CONTENT, responses=UNKNOWN)
def give_feedback(parts: PartsDep, said: FeedbackIn) -> None:
    """Keep whether an image is relevant to a query, in place of what was said before."""
    judge(parts.store, said.query, find_id(parts.store, said.image_id), relevant=said.relevant)


@router.get("", summary="The judgements of a query")
def get_feedback(
    parts: PartsDep, query: Annotated[str, Query(min_length=1, max_length=LONGEST_QUERY)]
) -> FeedbackAnswer:
    """Tell what was said of the images of a query."""
    asked = normal_query(query)
    found = parts.store.judgements.find_judgements(asked)
    return {"query": asked, "judgements": [{"image_id": j.image_id, "relevant": j.relevant} for j in found]}
