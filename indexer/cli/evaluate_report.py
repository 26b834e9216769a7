"""What `indexer eval` prints: the figures of each query set, and the queries that were answered worst."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from indexer.cli.output import print_json, print_table

if TYPE_CHECKING:
    from indexer.pipelines.evaluating import Measures, Outcome

TOTAL = "total"
COUNTS = ("queries", "negative")
TITLES = {
    "queries": "queries",
    "negative": "of them negative",
    "recall1": "recall@1",
    "recall5": "recall@5",
    "recall10": "recall@10",
    "recall10_error": "± standard error",
    "mrr": "MRR",
    "ndcg10": "nDCG@10",
    "recall10_shown": "recall@10 of what is shown",
    "no_match_precision": "no-match precision",
    "no_match_recall": "no-match recall",
    "irrelevant10": "judged irrelevant, in the first 10",
}


def show_outcomes(outcomes: Sequence["Outcome"], worst: int, *, as_json: bool) -> None:
    """Print a table of all figures and so many of the worst queries; as JSON these first and the total last."""
    from indexer.pipelines.evaluating import find_worst, group_by_set, summarise

    measures = {name: summarise(of_set) for name, of_set in group_by_set(outcomes).items()}
    measures[TOTAL] = summarise(outcomes)
    if as_json:
        for outcome in find_worst(outcomes, worst):
            print_json(_worst_as_json(outcome))
        for name, figures in measures.items():
            print_json({"set": name, **rounded(asdict(figures))})
        return
    _print_measures(measures)
    for outcome in find_worst(outcomes, worst):
        _print_worst(outcome)


def _print_measures(measures: Mapping[str, "Measures"]) -> None:
    """Print sets as columns, so that the measures keep their names."""
    shown = [name for name in measures if name != TOTAL or len(measures) != 2]
    rows = [(title, *(getattr(measures[name], field) for name in shown)) for field, title in TITLES.items()]
    print_table(("", *shown), [row for row in rows if any(value is not None for value in row[1:])])


def _print_worst(outcome: "Outcome") -> None:
    golden = outcome.golden
    if golden.is_negative:
        verdict = "should find nothing"
    else:
        place = "not among the first 100" if outcome.rank is None else f"first at {outcome.rank}"
        verdict = f"{', '.join(golden.wanted)}: {place}"
    print(f"\n“{golden.text}” ({verdict})")
    for hit in outcome.nearest:
        print(f"    {hit.score:.3f} {hit.band:6}  {hit.location}  {hit.caption}")


def _worst_as_json(outcome: "Outcome") -> dict[str, object]:
    fields = ("image_id", "location", "score", "band", "caption")
    return {
        "query": outcome.golden.text,
        "set": outcome.golden.query_set,
        "wanted": outcome.golden.wanted,
        "rank": outcome.rank,
        "nearest": [rounded({field: getattr(hit, field) for field in fields}) for hit in outcome.nearest],
    }


def rounded(values: Mapping[str, object]) -> dict[str, object]:
    """Return figures as they are printed as JSON: four digits are enough."""
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}
