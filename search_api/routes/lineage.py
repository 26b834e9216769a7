"""`/images/{id}/lineage`: what an image was made of, and what was made of it."""

from fastapi import APIRouter

from indexer.pipelines.lineage import find_lineage
from indexer.pipelines.presenting_lineage import LineageAnswer, present_lineage
from search_api.parts import PartsDep
from search_api.references import find_id
from search_api.routes.images import UNKNOWN, ImageRef

router = APIRouter(tags=["images"])


@router.get("/images/{ref}/lineage", summary="What an image was made of, and what of it", responses=UNKNOWN)
def get_lineage(parts: PartsDep, ref: ImageRef) -> LineageAnswer:
    """Tell what an image was made of, up to its first ancestors, and what was made of it; the lost are there, too."""
    return present_lineage(find_lineage(parts.store, find_id(parts.store, ref)))
