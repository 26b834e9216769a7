"""`/stats`: what is indexed, what failed, what it cost, what was done, and what there is to filter by."""

from typing import Annotated

from fastapi import APIRouter, Query

from indexer.pipelines.counting import FacetsAnswer
from indexer.pipelines.presenting_status import (
    CostAnswer,
    FailureAnswer,
    RunAnswer,
    StatusAnswer,
    present_cost,
    present_failure,
    present_run,
)
from search_api.parts import PartsDep

router = APIRouter(prefix="/stats", tags=["stats"])

Limit = Annotated[int, Query(ge=1, le=1000, description="The latest so many.")]


@router.get("", summary="What is indexed, and what it cost")
def get_stats(parts: PartsDep) -> StatusAnswer:
    """Count images, captions, entries, failures and requests, and tell how the index stands, seconds ago at most."""
    return parts.status.get()


@router.get("/costs", summary="What was paid, by day, model and prompt revision")
def list_costs(parts: PartsDep) -> list[CostAnswer]:
    """List what was paid: a row for each day, model and set of prompt revisions, the latest day first."""
    return [present_cost(cost) for cost in parts.store.status.sum_costs()]


@router.get("/failures", summary="What could not be done, and why")
def list_failures(parts: PartsDep, limit: Limit = 100) -> list[FailureAnswer]:
    """List the images and lines that could not be done, the latest first."""
    return [present_failure(failure) for failure in parts.store.failures.find_failures(limit=limit)]


@router.get("/runs", summary="What was done lately")
def list_runs(parts: PartsDep, limit: Limit = 20) -> list[RunAnswer]:
    """List the executions of commands, and of what the service did itself, the latest first."""
    return [present_run(run) for run in parts.store.status.find_runs(limit=limit)]


@router.get("/facets", summary="What there is to filter by")
def get_facets(parts: PartsDep) -> FacetsAnswer:
    """Count the images that each filter would leave: by folder, year, origin, keyword, text and people.

    The counts are half a minute old at the most.
    """
    return parts.facets.get()
