"""`/generations`: the indexes beside each other."""

from fastapi import APIRouter

from indexer.pipelines.generations.switching import find_standings
from indexer.pipelines.presenting import StandingAnswer, present_standing
from search_api.parts import PartsDep

router = APIRouter(tags=["generations"])


@router.get("/generations", summary="All generations of the index")
def list_generations(parts: PartsDep) -> list[StandingAnswer]:
    """List every generation: the live one first, then the newest."""
    return [present_standing(standing) for standing in find_standings(parts.store)]
