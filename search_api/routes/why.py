"""`/images/{id}/why`: why a search shows an image, or does not."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from indexer.catalog import searching
from indexer.models import Mode, Strictness
from indexer.pipelines.explaining import explain_hit
from indexer.pipelines.presenting_explained import ExplainedAnswer, present_explained
from search_api.filter_parameters import FilterParameters, filters_in
from search_api.parts import PartsDep
from search_api.references import find_id
from search_api.routes.images import UNKNOWN, ImageRef

router = APIRouter(tags=["search"])


class WhyParameters(FilterParameters):
    """The search that the image is, or is not, a hit of."""

    q: str = Field("", max_length=searching.LONGEST_QUERY, examples=["red mug on a desk"])
    mode: Mode = "hybrid"
    strictness: Strictness = Field("normal", description="how strict the search is that would show it")


@router.get("/images/{ref}/why", summary="Why a search shows an image, or does not", responses=UNKNOWN)
def explain(
    parts: PartsDep, request: Request, ref: ImageRef, wanted: Annotated[WhyParameters, Query()]
) -> ExplainedAnswer:
    """Tell whether a search would show an image, at which place, and what decides that: a sentence, and numbers."""
    query = searching.Query(
        text=wanted.q,
        mode=wanted.mode,
        strictness=wanted.strictness,
        filters=filters_in(request.query_params, {"q", "mode", "strictness"}),
    )
    return present_explained(explain_hit(parts.searcher, parts.store, query, find_id(parts.store, ref)))
