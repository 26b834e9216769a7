"""`/images/{id}/similar` and `/search/image`: find images by an image."""

from typing import Annotated

from fastapi import APIRouter, File, Query, Request, UploadFile
from pydantic import Field

from indexer.catalog import searching
from indexer.catalog.searching import Likeness
from indexer.models import Collapse, Strictness
from indexer.pipelines.presenting import MatchedAnswer, SearchAnswer, present, present_matched
from search_api.filter_parameters import FilterParameters, filters_in
from search_api.model_calls import one_of
from search_api.openapi.refusals import refusals
from search_api.parts import PartsDep
from search_api.references import find_id
from search_api.routes.images import ImageRef
from search_api.routes.search import LONGEST_CURSOR, MOST_HITS
from search_api.uploads import kept

router = APIRouter(tags=["search"])

_REFUSALS = refusals(
    s502="The captioner made no caption of the image.",
    s503="The captioner, or this service, has too much to do; Retry-After says for how long.",
)


class LikeParameters(FilterParameters):
    """What every search by image takes."""

    limit: int = Field(20, ge=1, le=MOST_HITS)
    collapse: Collapse = Field("none", description="fold near-duplicates, or the edits of one image")


class SimilarParameters(LikeParameters):
    """A search by an indexed image; nothing is cut off unless `strictness` asks for it."""

    strictness: Strictness = Field("low", description="normal leaves weak hits out, high likely ones, too")
    cursor: str | None = Field(None, min_length=1, max_length=LONGEST_CURSOR, description="next_cursor of a page")


class UploadParameters(LikeParameters):
    """A search by a file: one page, of as many hits as `limit` allows."""

    strictness: Strictness = Field("normal", description="low cuts nothing off, high leaves likely hits out, too")
    caption: bool = Field(True, description="caption an unknown image, which may cost money; false: only recognise it")


@router.get(
    "/images/{ref}/similar",
    summary="Images like one of the index",
    responses=refusals(s404="The image is not indexed, or has no caption that serves."),
)
def find_similar(
    parts: PartsDep, request: Request, ref: ImageRef, wanted: Annotated[SimilarParameters, Query()]
) -> SearchAnswer:
    """Find images whose captions are like an image's, by its stored vector: no model is asked.

    `similarity` is the cosine of the mean vectors of what is said of both; a near-duplicate looks the same.
    """
    query = _query(request, wanted, wanted.strictness, wanted.cursor)
    return present(parts.matching.find_similar(find_id(parts.store, ref), query).results)


@router.post("/search/image", summary="Search by a file", responses=_REFUSALS)
def search_by_file(
    parts: PartsDep,
    request: Request,
    file: Annotated[UploadFile, File(description="A JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF or HEIC.")],
    wanted: Annotated[UploadParameters, Query()],
) -> MatchedAnswer:
    """Find an image's file, its near-duplicates and what is like it.

    It is recognised by its SHA-256, else by what it looks like; else it is captioned as the index was, and searched
    by that. Nothing is indexed, and the file is not kept.
    """
    with one_of(parts.model_calls), kept(file) as found:
        query = _query(request, wanted, wanted.strictness)
        return present_matched(parts.matching.search(found, query, may_caption=wanted.caption))


def _query(
    request: Request, wanted: LikeParameters, strictness: Strictness, cursor: str | None = None
) -> searching.Query:
    others = {"limit", "strictness", "collapse", "cursor", "caption"}
    return searching.Query(
        limit=wanted.limit,
        strictness=strictness,
        collapse=wanted.collapse,
        filters=filters_in(request.query_params, others),
        cursor=cursor,
        like=Likeness(),
    )
