"""A comparison as JSON lines, each saying what it is."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from indexer.cli.evaluate_report import COUNTS, TOTAL, rounded

if TYPE_CHECKING:
    from indexer.pipelines.evaluating import Outcome
    from indexer.pipelines.generations.comparing import Comparison, Side
    from indexer.pipelines.generations.pairing import Change, Difference


def comparison_lines(comparison: "Comparison") -> Iterator[dict[str, object]]:
    """Yield a comparison as objects that say what they are."""
    for name in ("before", "after"):
        yield {"what": "generation", "side": name, **_side_as_json(getattr(comparison, name))}
    for captions in comparison.sample:
        yield {"what": "caption", **asdict(captions)}
    for change_name, changes in (("gained", comparison.gained), ("lost", comparison.worsened)):
        yield from ({"what": "query", "change": change_name, **_change_as_json(change)} for change in changes)
    for name, difference in comparison.sets.items():
        yield {"what": "measures", "set": name, **_difference_as_json(difference)}
    agreement = asdict(comparison.agreement) if comparison.agreement else None
    yield {
        "what": "measures",
        "set": TOTAL,
        **_difference_as_json(comparison.total),
        "lost": comparison.lost,
        **asdict(comparison.captions),
        "agreement": rounded(agreement) if agreement else None,
    }


def _side_as_json(side: "Side") -> dict[str, object]:
    # Imported here: `indexer --help` starts without what searches.
    from indexer.pipelines.presenting import present_generation

    generation, coverage = side.generation, side.coverage
    return {
        **present_generation(generation, coverage),
        "state": generation.state,
        "verdict": generation.verdict,
        "images": coverage.images,
        "entries": coverage.entries,
        **asdict(side.size),
        **rounded(asdict(side.costs)),
    }


def _difference_as_json(difference: "Difference") -> dict[str, object]:
    before, after = asdict(difference.before), asdict(difference.after)
    delta = {
        name: after[name] - before[name]
        for name in before
        if name not in (*COUNTS, "recall10_error") and before[name] is not None and after[name] is not None
    }
    if difference.recall10_error is not None:
        delta["recall10_error"] = difference.recall10_error
    return {"before": rounded(before), "after": rounded(after), "delta": rounded(delta)}


def _change_as_json(change: "Change") -> dict[str, object]:
    golden = change.golden
    return {
        "query": golden.text,
        "set": golden.query_set,
        "wanted": golden.wanted,
        "gain": [round(number, 4) for number in change.gain],
        "before": _outcome_as_json(change.before),
        "after": _outcome_as_json(change.after),
    }


def _outcome_as_json(outcome: "Outcome") -> dict[str, object]:
    names = ("image_id", "location", "score", "band", "caption")
    hits = [
        {
            **rounded({name: getattr(hit, name) for name in names}),
            "shown": hit.image_id in outcome.shown,
            "judged": outcome.golden.judge(hit.image_id),
        }
        for hit in outcome.nearest
    ]
    return {"rank": outcome.rank, "shown": len(outcome.shown), "hits": hits}
