"""What ranks come to: how often the image asked for is found, and how sure the figure is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.vectors import Vectors

DEPTH = 10  # an image further down counts as not found, as on a first page


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Percentages over the queries of one row; `error` is the standard error of the MRR."""

    queries: int
    recall_1: float
    recall_5: float
    recall_10: float
    mrr_10: float
    ndcg_10: float
    error: float

    def cells(self) -> list[object]:
        """Return the figures as a table shows them."""
        shares = (self.recall_1, self.recall_5, self.recall_10, self.mrr_10, self.ndcg_10, self.error)
        return [self.queries, *(f"{share:.1f}" for share in shares)]


def make_figures(ranks: Sequence[int]) -> Figures:
    """Return what ranks (0 is best, DEPTH not found) come to; every query has one image that is right."""
    found = np.asarray(ranks)
    reciprocal = np.where(found < DEPTH, 1 / (found + 1), 0)
    gain = np.where(found < DEPTH, 1 / np.log2(found + 2), 0)
    return Figures(
        queries=len(found),
        recall_1=100 * float((found < 1).mean()),
        recall_5=100 * float((found < 5).mean()),
        recall_10=100 * float((found < DEPTH).mean()),
        mrr_10=100 * float(reciprocal.mean()),
        ndcg_10=100 * float(gain.mean()),
        error=100 * float(reciprocal.std() / np.sqrt(len(found))),
    )


def exact_ranks(queries: Vectors, documents: Vectors, right: NDArray[np.int64]) -> list[int]:
    """Return the ranks of the right documents by cosine alone, each query against every document."""
    ranks: list[int] = []
    for start in range(0, len(queries), 500):
        part = slice(start, start + 500)
        scores = queries[part] @ documents.T
        own = np.take_along_axis(scores, right[part, None], axis=1)
        ranks += np.minimum((scores > own).sum(axis=1), DEPTH).tolist()
    return ranks
