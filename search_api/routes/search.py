"""`/search`: find images by what their captions say."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from indexer.catalog import searching
from indexer.models import Mode, Strictness, clean_text
from indexer.pipelines.presenting import SearchAnswer, present
from search_api.parts import Parts, PartsDep

router = APIRouter(tags=["search"])

LONGEST_QUERY, MOST_HITS = 1000, 100


class SearchIn(BaseModel):
    """A search for programs."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(min_length=1, max_length=LONGEST_QUERY, examples=["red mug on a desk"])]
    mode: Mode = "hybrid"
    limit: Annotated[int, Field(ge=1, le=MOST_HITS)] = 20
    strictness: Strictness = "normal"


@router.get("/search")
def search(
    parts: PartsDep,
    q: Annotated[str, Query(min_length=1, max_length=LONGEST_QUERY, examples=["red mug on a desk"])],
    mode: Mode = "hybrid",
    limit: Annotated[int, Query(ge=1, le=MOST_HITS)] = 20,
    strictness: Strictness = "normal",
) -> SearchAnswer:
    """Find images by describing them, for people and curl."""
    return _answer(parts, SearchIn(q=q, mode=mode, limit=limit, strictness=strictness), "query")


@router.post("/search")
def search_by_body(parts: PartsDep, wanted: SearchIn) -> SearchAnswer:
    """Find images by describing them, for programs."""
    return _answer(parts, wanted, "body")


def _answer(parts: Parts, wanted: SearchIn, where: str) -> SearchAnswer:
    text = clean_text(wanted.q)
    if not text:
        error = {"loc": (where, "q"), "msg": "The query has no words", "type": "value_error"}
        raise RequestValidationError([error])
    query = searching.Query(text=text, mode=wanted.mode, limit=wanted.limit, strictness=wanted.strictness)
    return present(parts.searcher.search(query))
