"""`/search`: find images by what their captions say."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from indexer.catalog import searching
from indexer.models import Mode, Strictness
from indexer.pipelines.presenting import SearchAnswer, present
from search_api.parts import Parts, PartsDep

router = APIRouter(tags=["search"])

MOST_HITS = 100


class SearchIn(BaseModel):
    """A search; what is not named here is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(min_length=1, max_length=searching.LONGEST_QUERY, examples=["red mug on a desk"])
    mode: Mode = "hybrid"
    limit: int = Field(20, ge=1, le=MOST_HITS)
    strictness: Strictness = "normal"


@router.get("/search")
def search(parts: PartsDep, wanted: Annotated[SearchIn, Query()]) -> SearchAnswer:
    """Find images by describing them, for people and curl."""
    return _answer(parts, wanted)


@router.post("/search")
def search_by_body(parts: PartsDep, wanted: SearchIn) -> SearchAnswer:
    """Find images by describing them, for programs."""
    return _answer(parts, wanted)


def _answer(parts: Parts, wanted: SearchIn) -> SearchAnswer:
    query = searching.Query(text=wanted.q, mode=wanted.mode, limit=wanted.limit, strictness=wanted.strictness)
    return present(parts.searcher.search(query))
