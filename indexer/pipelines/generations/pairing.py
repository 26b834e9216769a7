"""Ask two generations the same queries, and pair what they found."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import stdev

from indexer.models import Generation, Mode, Strictness
from indexer.pipelines.evaluating import Measures, Outcome, Search, evaluate, summarise
from indexer.pipelines.golden import GoldenQuery

_NEAREST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How to ask, and how much to show; `asked` is called after each query that a generation answered."""

    mode: Mode = "hybrid"
    strictness: Strictness = "normal"
    show: int = 5
    sample: int = 5
    asked: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What two generations found for one query."""

    before: Outcome
    after: Outcome

    @property
    def golden(self) -> GoldenQuery:
        """Return the query."""
        return self.before.golden

    @property
    def gain(self) -> tuple[float, float]:
        """Return how much better the second one answered, from -1 to 1: nDCG@10, then the reciprocal rank.

        Of queries that should find nothing: whether they do. Nothing where only irrelevant images are known.
        """
        if not (self.golden.relevant or self.golden.is_negative):
            return 0.0, 0.0
        (ndcg10, reciprocal_rank), (old_ndcg10, old_rank) = self.after.goodness, self.before.goodness
        return ndcg10 - old_ndcg10, reciprocal_rank - old_rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The figures of both generations over the same queries, and the standard error of the mean change of recall@10."""

    before: Measures
    after: Measures
    recall10_error: float | None


def ask_both(
    search: Search, before: Generation, after: Generation, queries: Sequence[GoldenQuery], scope: Scope | None = None
) -> list[Change]:
    """Ask both generations every query, one generation after the other: each may want an embedder of its own."""
    scope = scope or Scope()
    first, second = _ask(search, before, queries, scope), _ask(search, after, queries, scope)
    return [Change(before=old, after=new) for old, new in zip(first, second, strict=True)]


def find_difference(changes: Sequence[Change]) -> Difference:
    """Return the figures of both generations over these queries."""
    paired = [
        change.after.score.recall10 - change.before.score.recall10
        for change in changes
        if change.before.score is not None and change.after.score is not None
    ]
    return Difference(
        before=summarise([change.before for change in changes]),
        after=summarise([change.after for change in changes]),
        recall10_error=stdev(paired) / math.sqrt(len(paired)) if len(paired) > 1 else None,
    )


def find_gained(changes: Iterable[Change], count: int) -> list[Change]:
    """Return at most so many queries that the second generation answers better, the greatest gain first."""
    gained = (change for change in changes if change.gain > (0.0, 0.0))
    return sorted(gained, key=lambda change: change.gain, reverse=True)[:count]


def find_worsened(changes: Iterable[Change], count: int) -> list[Change]:
    """Return at most so many queries that the second generation answers worse, the greatest loss first."""
    return sorted((change for change in changes if change.gain < (0.0, 0.0)), key=lambda change: change.gain)[:count]


def group_changes(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Return the changes of each query set, in the order in which the sets first come."""
    sets: dict[str, list[Change]] = {}
    for change in changes:
        sets.setdefault(change.golden.query_set, []).append(change)
    return sets


def _ask(search: Search, generation: Generation, queries: Sequence[GoldenQuery], scope: Scope) -> list[Outcome]:
    outcomes = []
    for outcome in evaluate(
        search, generation, queries, mode=scope.mode, strictness=scope.strictness, nearest=_NEAREST
    ):
        outcomes.append(outcome)
        scope.asked()
    return outcomes
