"""`/metrics`: what the service does and how the index stands, for Prometheus."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from search_api.parts import PartsDep

router = APIRouter(tags=["stats"])


_EXAMPLE = {"text/plain": {"example": "caption_search_images 200.0\n"}}


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=PlainTextResponse,
    responses={200: {"content": _EXAMPLE}},
)
def get_metrics(parts: PartsDep) -> PlainTextResponse:
    """Tell latencies, costs, coverage and more; those of the index are ten seconds old at most."""
    return PlainTextResponse(parts.metrics.write(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
