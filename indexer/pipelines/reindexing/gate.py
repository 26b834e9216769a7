"""Decide whether a new generation may take the place of the live one."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from indexer.catalog.store.generations import Coverage
from indexer.models import counted

# Shares and means are sums of fractions: what differs by less than this is the same.
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of the live generation and of the new one.

    `lost` are the images with an entry in the live one and none in the new one; `asked` tells whether captions were
    renewed (not when the embedder alone was changed). recall@10 and MRR are means over `queries`, those with relevant
    images; None where there are none. `gone` images could not be asked about: they are nowhere any more. A
    generation was `taken_back` by a rollback.
    """

    before: Coverage
    after: Coverage
    lost: int
    asked: bool
    recall_before: float | None = None
    recall_after: float | None = None
    mrr_before: float | None = None
    mrr_after: float | None = None
    queries: int
    gone: int = 0
    taken_back: bool = False

    @property
    def is_measured(self) -> bool:
        """Tell whether both were measured, and by queries that find anything at all."""
        return (self.recall_before or 0.0) + (self.recall_after or 0.0) > 0

    @property
    def fresh_share(self) -> float:
        """Return the fresh entries over all whose images could be asked about, 0 to 1."""
        askable = max(self.after.entries - self.gone, 0)
        return min(1.0, self.after.fresh / askable) if askable else self.after.fresh_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked of a new generation, 0 to 1; without `min_coverage` no image of the live one may be lost."""

    min_coverage: float | None = None
    tolerance: float = 0.0
    min_fresh: float = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a generation may be activated, why or why not, and whether its recall was measured."""

    passes: bool
    reason: str
    is_measured: bool


def decide(evidence: Evidence, terms: Terms) -> Verdict:
    """Return the verdict; its reason names everything that stands in the way, or what was measured."""
    worse = list(_recall_faults(evidence, terms))
    faults = [*_coverage_faults(evidence, terms), *_fresh_faults(evidence, terms), *worse, *_return_faults(evidence)]
    remarks = [*([] if worse else _measured(evidence)), *([] if faults else _merits(evidence)), *_gone(evidence)]
    return Verdict(
        passes=not faults,
        reason=" ".join([*faults, *remarks]),
        is_measured=evidence.is_measured,
    )


def _coverage_faults(evidence: Evidence, terms: Terms) -> Iterator[str]:
    if terms.min_coverage is None:
        if evidence.lost:
            yield _lost(evidence)
    elif evidence.after.share < terms.min_coverage - _SAME:
        covered = f"It covers {_percent(evidence.after.share)} of the images"
        yield f"{covered}; --min-coverage asks for {terms.min_coverage:g}."


def _fresh_faults(evidence: Evidence, terms: Terms) -> Iterator[str]:
    fresh = evidence.fresh_share
    wanted = terms.min_fresh if evidence.asked else min(terms.min_fresh, evidence.before.fresh_share)
    if fresh >= wanted - _SAME:
        return
    if not evidence.after.entries:
        yield "It has no entries."
    else:
        what = "of the new captions" if evidence.asked else "with its own prompt and model"
        hint = f"--min-fresh {_floor(fresh, 3):g} would accept that"
        yield f"Only {_percent(fresh)} of its entries are made {what}; {hint}."


def _recall_faults(evidence: Evidence, terms: Terms) -> Iterator[str]:
    before, after = evidence.recall_before, evidence.recall_after
    if before is not None and after is not None and after < before - terms.tolerance - _SAME:
        allowed = f", more than the tolerance of {terms.tolerance:g}" if terms.tolerance else ""
        queries = counted(evidence.queries, "query", "queries")
        yield f"{_compared('recall@10', before, after)} over {queries}{allowed}."


def _return_faults(evidence: Evidence) -> Iterator[str]:
    if evidence.taken_back and not evidence.is_measured:
        yield "It was live before and was taken back: --golden FILE would measure it, --activate switches all the same."


def _measured(evidence: Evidence) -> Iterator[str]:
    before, after = evidence.recall_before, evidence.recall_after
    if evidence.is_measured and before is not None and after is not None:
        queries = counted(evidence.queries, "query", "queries")
        yield f"{_compared('recall@10', before, after)}{_order(evidence)} over {queries}."


def _order(evidence: Evidence) -> str:
    """Tell how MRR changed where recall did not: what was found may be found further up."""
    recall, mrr = (evidence.recall_before, evidence.recall_after), (evidence.mrr_before, evidence.mrr_after)
    if recall[0] != recall[1] or mrr[0] is None or mrr[1] is None or mrr[0] == mrr[1]:
        return ""
    return f" and {_compared('MRR', mrr[0], mrr[1])}"


def _merits(evidence: Evidence) -> Iterator[str]:
    if not evidence.is_measured:
        what = "of the new captions" if evidence.asked else "with its own prompt and model"
        why = "no golden queries and no judgements with relevant images"
        if evidence.queries:
            why = f"none of {counted(evidence.queries, 'query', 'queries')} finds its images in either index"
        yield f"It was not measured: {why}; {_percent(evidence.fresh_share)} of its entries are made {what}."
    if evidence.lost:
        yield _lost(evidence)


def _gone(evidence: Evidence) -> Iterator[str]:
    if evidence.gone:
        images = counted(evidence.gone, "image is nowhere", "images are nowhere")
        yield f"{images} any more and could not be asked about: the older captions stay."


def _compared(measure: str, before: float, after: float) -> str:
    if abs(after - before) <= _SAME:
        return f"{measure} stayed at {after:.3f}"
    digits = 3 if f"{before:.3f}" != f"{after:.3f}" else 6
    return f"{measure} {'rose' if after > before else 'fell'} from {before:.{digits}f} to {after:.{digits}f}"


def _lost(evidence: Evidence) -> str:
    return f"{counted(evidence.lost, 'image', 'images')} of the live index would be lost."


def _percent(share: float) -> str:
    """Write a share as a percentage, never rounded up to one that was not reached."""
    return f"{_floor(share * 100, 1):.1f}%"


def _floor(number: float, digits: int) -> float:
    return math.floor(number * 10.0**digits + _SAME) / 10.0**digits
