"""Measure one ranking against what should be in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, arange, float32, tensor
from torchmetrics.functional.retrieval import retrieval_normalized_dcg, retrieval_recall, retrieval_reciprocal_rank

from indexer.models import ImageId

DEEPEST = 100  # places of a ranking that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well one query was answered, each figure from 0 to 1."""

    recall1: float
    recall5: float
    recall10: float
    reciprocal_rank: float
    ndcg10: float


def mark_relevant(ranked: Sequence[ImageId], references: Sequence[frozenset[ImageId]]) -> list[bool]:
    """Tell for each place of a ranking whether it satisfies a reference that no place above it does."""
    missing, marks = list(references), []
    for image_id in ranked:
        met = next((images for images in missing if image_id in images), None)
        marks.append(met is not None)
        if met is not None:
            missing.remove(met)
    return marks


def score_ranking(marks: Sequence[bool], relevant: int) -> Score:
    """Score a ranking whose places are marked, when there are so many (at least one) relevant references."""
    places = [*marks[:DEEPEST], *[False] * (DEEPEST - len(marks))]
    # What was not found comes after the deepest place: it is missed, and the best possible ranking still counts it.
    places += [True] * (relevant - sum(places))
    target, preds = tensor(places), arange(len(places), 0, -1, dtype=float32)
    return Score(
        recall1=_float(retrieval_recall(preds, target, top_k=1)),
        recall5=_float(retrieval_recall(preds, target, top_k=5)),
        recall10=_float(retrieval_recall(preds, target, top_k=10)),
        reciprocal_rank=_float(retrieval_reciprocal_rank(preds, target, top_k=DEEPEST)),
        ndcg10=_float(retrieval_normalized_dcg(preds, target, top_k=10)),
    )


def _float(figure: Tensor) -> float:
    """Return a figure without what float32 adds to it: a perfect ranking scores 1, not 1.0000002."""
    return round(float(figure), 6)
