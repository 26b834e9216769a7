"""Decide whether a new generation may take the place of the live one."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from indexer.catalog.store.generations import Coverage

# Shares and means are sums of fractions: what differs by less than this is the same.
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of the live generation and of the new one.

    `lost` are the images with an entry in the live one and none in the new one; `asked` tells whether captions were
    renewed (not when the embedder alone was changed). recall@10 is the mean over `queries`, those with relevant images;
    None where there are none.
    """

    before: Coverage
    after: Coverage
    lost: int
    asked: bool
    recall_before: float | None
    recall_after: float | None
    queries: int


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
    faults = [*_coverage_faults(evidence, terms), *_fresh_faults(evidence, terms), *_recall_faults(evidence, terms)]
    return Verdict(
        passes=not faults,
        reason=" ".join(faults or _merits(evidence)),
        is_measured=evidence.recall_before is not None and evidence.recall_after is not None,
    )


def _coverage_faults(evidence: Evidence, terms: Terms) -> Iterator[str]:
    if terms.min_coverage is None:
        if evidence.lost:
            yield _lost(evidence)
    elif evidence.after.share < terms.min_coverage - _SAME:
        covered = f"It covers {_percent(evidence.after.share)} of the images"
        yield f"{covered}; --min-coverage asks for {terms.min_coverage:g}."


def _fresh_faults(evidence: Evidence, terms: Terms) -> Iterator[str]:
    fresh = evidence.after.fresh_share
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
        yield f"{_compared(before, after)} over {_counted(evidence.queries, 'query', 'queries')}{allowed}."


def _merits(evidence: Evidence) -> Iterator[str]:
    before, after = evidence.recall_before, evidence.recall_after
    if before is not None and after is not None:
        yield f"{_compared(before, after)} over {_counted(evidence.queries, 'query', 'queries')}."
    else:
        what = "of the new captions" if evidence.asked else "with its own prompt and model"
        made = f"{_percent(evidence.after.fresh_share)} of its entries are made {what}"
        yield f"It was not measured: no golden queries and no judgements with relevant images; {made}."
    if evidence.lost:
        yield _lost(evidence)


def _compared(before: float, after: float) -> str:
    if abs(after - before) <= _SAME:
        return f"recall@10 stayed at {after:.3f}"
    digits = 3 if f"{before:.3f}" != f"{after:.3f}" else 6
    return f"recall@10 {'rose' if after > before else 'fell'} from {before:.{digits}f} to {after:.{digits}f}"


def _lost(evidence: Evidence) -> str:
    return f"{_counted(evidence.lost, 'image', 'images')} of the live index would be lost."


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _percent(share: float) -> str:
    """Write a share as a percentage, never rounded up to one that was not reached."""
    return f"{_floor(share * 100, 1):.1f}%"


def _floor(number: float, digits: int) -> float:
    return math.floor(number * 10.0**digits + _SAME) / 10.0**digits
