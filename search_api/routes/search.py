"""`/search`: find images by what their captions say."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from indexer.catalog import searching
from indexer.catalog.searching.filters import MOST_FILTERS, Filter, read_filters
from indexer.models import Collapse, Mode, Strictness
from indexer.pipelines.presenting import SearchAnswer, present
from search_api.filter_parameters import FilterParameters, filters_in
from search_api.parts import Parts, PartsDep

router = APIRouter(tags=["search"])

MOST_HITS = 100
LONGEST_CURSOR = 20_000


class _Search(BaseModel):
    """What every search may say; `q` may be left out where there are filters."""

    q: str = Field("", max_length=searching.LONGEST_QUERY, examples=["red mug on a desk"])
    mode: Mode = "hybrid"
    limit: int = Field(20, ge=1, le=MOST_HITS)
    cursor: str | None = Field(None, min_length=1, max_length=LONGEST_CURSOR, description="next_cursor of a page")
    strictness: Strictness = Field("normal", description="low cuts nothing off, high leaves likely hits out, too")
    collapse: Collapse = Field(
        "none", description="fold near-duplicates, or the edits of one image; a list without words is never folded"
    )
    explain: bool = Field(False, description="add the arithmetic of every score")


class SearchParameters(_Search, FilterParameters):
    """A search in an address: each filter is a parameter, several values of one mean any of them."""


class SearchBody(_Search):
    """A search as JSON; what is not named here is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")

    filters: dict[str, Any] = Field(
        default_factory=dict, max_length=MOST_FILTERS, examples=[{"taken": {"gte": "2024-01-01"}}]
    )


@router.get("/search", summary="Search, with filters in the address")
def search_images(parts: PartsDep, request: Request, wanted: Annotated[SearchParameters, Query()]) -> SearchAnswer:
    """Find images by describing them, for people and curl."""
    return _answer(parts, wanted, filters_in(request.query_params, _Search.model_fields))


@router.post("/search", summary="Search, with filters as JSON")
def search_by_body(parts: PartsDep, wanted: SearchBody) -> SearchAnswer:
    """Find images by describing them, for programs."""
    return _answer(parts, wanted, read_filters(wanted.filters))


def _answer(parts: Parts, wanted: _Search, filters: tuple[Filter, ...]) -> SearchAnswer:
    query = searching.Query(
        text=wanted.q,
        mode=wanted.mode,
        limit=wanted.limit,
        strictness=wanted.strictness,
        collapse=wanted.collapse,
        filters=filters,
        cursor=wanted.cursor,
        explain=wanted.explain,
    )
    return present(parts.searcher.search(query))
