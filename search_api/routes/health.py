"""`/health`: for whoever starts and watches the service."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response
from typing_extensions import TypedDict

from search_api.openapi.refusals import refusals
from search_api.parts import PartsDep
from search_api.problems import problem

router = APIRouter(prefix="/health", tags=["health"])


class HealthAnswer(TypedDict):
    """All is well."""

    status: Literal["ok"]


@router.get("/live", summary="Whether the process runs")
async def check_live() -> HealthAnswer:
    """Answer as long as the process runs, also while all its threads wait for the database."""
    return {"status": "ok"}


@router.get(
    "/ready",
    summary="Whether searches can be answered",
    response_model=HealthAnswer,
    responses=refusals(s503="Not yet, or not any more: the detail says why."),
)
def check_ready(parts: PartsDep) -> HealthAnswer | Response:
    """Answer once searches can be answered: the database is there and the embedder is loaded."""
    if not parts.warmed_up.is_set():
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "The embedder is being loaded.")
    if parts.trouble is not None:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, parts.trouble)
    parts.store.generations.get_live()
    return {"status": "ok"}
