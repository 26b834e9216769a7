"""Measure how well a generation answers golden queries: what it ranks, and when it says that nothing fits."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Protocol

from indexer.catalog.searching import Hit, Query, Results
from indexer.models import Generation, ImageId, Mode, Strictness
from indexer.pipelines.golden import GoldenQuery
from indexer.pipelines.measuring import DEEPEST, Score, mark_relevant, score_ranking

_SHOWN, _NEAREST = 10, 3


class Search(Protocol):
    """What answers a query from a generation, as `Searcher.search` does."""

    def __call__(self, query: Query, *, generation: Generation) -> Results:
        """Return the hits for a query, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one golden query found.

    `nearest` are the best hits before the cut-off, `rank` the first relevant place there, from 1; `shown` the first ten
    images after it; `score` is of the ranking before the cut-off, where there are relevant images.
    """

    golden: GoldenQuery
    nearest: list[Hit]
    rank: int | None
    shown: list[ImageId]
    score: Score | None
    recall10_shown: float | None

    @property
    def goodness(self) -> tuple[float, float]:
        """Return how well the query was answered, each number from 0 to 1, to find those that were answered worst."""
        if self.score is None:
            return (float(not self.shown),) * 2
        return self.score.ndcg10, self.score.reciprocal_rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The figures of a set of queries, 0 to 1; None where no query of the set can tell.

    The first six are means over the queries with relevant images, of the ranking before the cut-off;
    `recall10_error` is the standard error of recall10, `recall10_shown` what the cut-off leaves of it.
    `no_match_precision` is how many of the queries that found nothing should have found nothing, `no_match_recall` how
    many of those that should have found nothing did. `irrelevant10` is how many of the images that people called not
    relevant are still among the first ten shown.
    """

    queries: int
    negative: int
    recall1: float | None
    recall5: float | None
    recall10: float | None
    recall10_error: float | None
    mrr: float | None
    ndcg10: float | None
    recall10_shown: float | None
    no_match_precision: float | None
    no_match_recall: float | None
    irrelevant10: float | None


def evaluate(
    search: Search,
    generation: Generation,
    queries: Iterable[GoldenQuery],
    *,
    mode: Mode = "hybrid",
    strictness: Strictness = "normal",
    nearest: int = _NEAREST,
) -> Iterator[Outcome]:
    """Ask a generation every query, once for its whole ranking and once as a person would, and yield what came."""
    for golden in queries:
        whole = Query(text=golden.text, mode=mode, limit=DEEPEST, strictness="low")
        asked = Query(text=golden.text, mode=mode, limit=_SHOWN, strictness=strictness)
        ranking, shown = (search(query, generation=generation).hits for query in (whole, asked))
        yield _judge(golden, ranking, shown, nearest)


def summarise(outcomes: Sequence[Outcome]) -> Measures:
    """Return the figures of these queries together."""
    scores = [outcome.score for outcome in outcomes if outcome.score is not None]
    empty = [outcome for outcome in outcomes if not outcome.shown]
    negative = [outcome for outcome in outcomes if outcome.golden.is_negative]
    recall10 = [score.recall10 for score in scores]
    return Measures(
        queries=len(outcomes),
        negative=len(negative),
        recall1=_mean(score.recall1 for score in scores),
        recall5=_mean(score.recall5 for score in scores),
        recall10=_mean(recall10),
        recall10_error=stdev(recall10) / math.sqrt(len(recall10)) if len(recall10) > 1 else None,
        mrr=_mean(score.reciprocal_rank for score in scores),
        ndcg10=_mean(score.ndcg10 for score in scores),
        recall10_shown=_mean(o.recall10_shown for o in outcomes if o.recall10_shown is not None),
        no_match_precision=_mean(o.golden.is_negative for o in empty),
        no_match_recall=_mean(not o.shown for o in negative),
        irrelevant10=_mean(image_id in outcome.shown for outcome in outcomes for image_id in outcome.golden.irrelevant),
    )


def group_by_set(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes of each query set, in the order in which the sets first come."""
    sets: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        sets.setdefault(outcome.golden.query_set, []).append(outcome)
    return sets


def find_worst(outcomes: Iterable[Outcome], count: int) -> list[Outcome]:
    """Return at most so many queries that were not answered as well as can be, the worst first."""
    imperfect = (o for o in outcomes if min(o.goodness) < 1 and (o.golden.relevant or o.golden.is_negative))
    return sorted(imperfect, key=lambda outcome: outcome.goodness)[:count]


def _judge(golden: GoldenQuery, ranking: Sequence[Hit], shown: Sequence[Hit], nearest: int) -> Outcome:
    marks = mark_relevant([hit.image_id for hit in ranking], golden.relevant)
    shown_ids = [hit.image_id for hit in shown]
    wanted = len(golden.relevant)
    return Outcome(
        golden=golden,
        nearest=list(ranking[:nearest]),
        rank=marks.index(True) + 1 if True in marks else None,
        shown=shown_ids,
        score=score_ranking(marks, wanted) if wanted else None,
        recall10_shown=sum(mark_relevant(shown_ids, golden.relevant)) / wanted if wanted else None,
    )


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return fmean(known) if known else None
