"""Measure two generations against each other: the same queries, the same images, what each cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from indexer.catalog.searching import Likeness, Query
from indexer.catalog.store import Store
from indexer.catalog.store.comparisons import DifferingCaptions, OwnCosts, Shared, Size
from indexer.catalog.store.generations import Coverage
from indexer.models import Generation, ImageId
from indexer.pipelines.evaluating import Search
from indexer.pipelines.generations.pairing import (
    Change,
    Difference,
    Scope,
    ask_both,
    find_difference,
    find_gained,
    find_worsened,
    group_changes,
)
from indexer.pipelines.golden import GoldenQuery

_FIRST, _OWN_QUERIES = 10, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: what it is, how much it holds, and what its own captions cost."""

    generation: Generation
    coverage: Coverage
    size: Size
    costs: OwnCosts


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Which share of the first ten hits both have, mean over so many captions that people wrote or imported."""

    queries: int
    first10: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that tells two generations apart.

    `sets` are the figures of each query set, `total` those of all; `agreement` stands in where no query was given.
    """

    before: Side
    after: Side
    lost: int
    captions: Shared
    sample: list[DifferingCaptions]
    sets: dict[str, Difference]
    total: Difference
    gained: list[Change]
    worsened: list[Change]
    agreement: Agreement | None

    @property
    def has_same_captions(self) -> bool:
        """Tell whether both are made with the same prompt, captioner and model."""
        before, after = self.before.generation, self.after.generation
        return (before.prompt_id, before.captioner, before.model) == (after.prompt_id, after.captioner, after.model)


def compare(
    store: Store,
    search: Search,
    before: Generation,
    after: Generation,
    queries: Sequence[GoldenQuery],
    scope: Scope,
) -> Comparison:
    """Return what tells two generations apart; asks each of them every query."""
    changes = ask_both(search, before, after, queries, scope)
    return Comparison(
        before=_describe(store, before),
        after=_describe(store, after),
        lost=store.comparisons.count_lost(before.id, after.id),
        captions=store.comparisons.count_differing(before.id, after.id),
        sample=store.comparisons.find_differing(before.id, after.id, limit=scope.sample),
        sets={name: find_difference(of_set) for name, of_set in group_changes(changes).items()},
        total=find_difference(changes),
        gained=find_gained(changes, scope.show),
        worsened=find_worsened(changes, scope.show),
        agreement=None if queries else _find_agreement(store, search, before, after, scope),
    )


def _describe(store: Store, generation: Generation) -> Side:
    return Side(
        generation=generation,
        coverage=store.generations.count_coverage(generation.id),
        size=store.comparisons.get_size(generation.id),
        costs=store.comparisons.sum_own_costs(generation.id),
    )


def _find_agreement(
    store: Store, search: Search, before: Generation, after: Generation, scope: Scope
) -> Agreement | None:
    """Ask both what the library's own people would say; None where they said nothing, and for other modes."""
    if scope.mode != "hybrid":
        return None
    sentences = store.comparisons.find_own_captions(before.id, after.id, limit=_OWN_QUERIES)
    first, second = (_find_first(search, generation, sentences, scope) for generation in (before, after))
    shares = [len(old & new) / max(len(old), len(new)) for old, new in zip(first, second, strict=True) if old or new]
    return Agreement(queries=len(shares), first10=fmean(shares)) if shares else None


def _find_first(
    search: Search, generation: Generation, sentences: Sequence[str], scope: Scope
) -> list[frozenset[ImageId]]:
    """Return the first hits for each sentence, taken as it is: it may hold what a search box reads as a filter."""
    found = []
    for sentence in sentences:
        query = Query(like=Likeness(captions=(sentence,)), limit=_FIRST, strictness="low")
        found.append(frozenset(hit.image_id for hit in search(query, generation=generation).hits))
        scope.asked()
    return found
