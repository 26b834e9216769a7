"""The contract's JSON for why an image is, or is not, a hit."""

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11

from indexer.models import ImageId
from indexer.pipelines.explaining import ExplainedHit
from indexer.pipelines.presenting import HitAnswer, present_hit


class ExplainedAnswer(TypedDict):
    """Whether a search shows an image, and why.

    `rank` is its place among what was ranked, from 1; null where it is not among it, or nothing is ranked. `hit` is
    null where the image has nothing of the query, or is not in the live index.
    """

    query: str
    image_id: ImageId
    shown: bool
    rank: int | None
    reason: str
    hit: HitAnswer | None


def present_explained(explained: ExplainedHit) -> ExplainedAnswer:
    """Return why an image is, or is not, a hit as the contract spells it."""
    return {
        "query": explained.query.text,
        "image_id": explained.image_id,
        "shown": explained.is_shown,
        "rank": explained.rank,
        "reason": explained.reason,
        "hit": None if explained.hit is None else present_hit(explained.hit),
    }
