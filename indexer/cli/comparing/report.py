"""What `indexer generations compare` prints: figures, queries with their hits side by side, captions, cost."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from indexer.cli.comparing.lines import comparison_lines
from indexer.cli.evaluate_report import COUNTS, TITLES, TOTAL
from indexer.cli.output import megabytes, print_json, print_table
from indexer.models import counted

if TYPE_CHECKING:
    from indexer.catalog.searching import Hit
    from indexer.catalog.store.comparisons import OwnCosts
    from indexer.pipelines.evaluating import Outcome
    from indexer.pipelines.generations.comparing import Comparison, Side
    from indexer.pipelines.generations.pairing import Change, Difference

_NAMED = 3


def show_comparison(comparison: "Comparison", *, as_json: bool) -> None:
    """Print all of it, as text or as one JSON object a line with the total last."""
    if as_json:
        for line in comparison_lines(comparison):
            print_json(line)
        return
    columns = ("", *titles(comparison))
    print_table(columns, [row for row in fact_rows(comparison) if any(row[1:])])
    for name, difference in measure_tables(comparison):
        print()
        print_table((name, *columns[1:], "change"), measure_rows(difference))
    for title, changes in query_lists(comparison):
        for number, change in enumerate(changes):
            print(f"\n{title}\n" if number == 0 else "")
            _print_change(change, columns[1:])
    for number, captions in enumerate(comparison.sample):
        print("\nCaptions that differ\n" if number == 0 else "")
        print(captions.location)
        print_table(columns[1:], zip_longest(captions.before, captions.after, fillvalue=""))
    print()
    for sentence in remarks(comparison):
        print(sentence)


def titles(comparison: "Comparison") -> tuple[str, str]:
    """Name both generations, the state of each beside its number."""
    before, after = comparison.before.generation, comparison.after.generation
    return f"{before.id} ({before.state})", f"{after.id} ({after.state})"


def fact_rows(comparison: "Comparison") -> list[tuple[str, str, str]]:
    """Return what each generation is, holds and cost, a row for each fact."""
    before, after = _facts(comparison.before), _facts(comparison.after)
    return [(title, before[title], after[title]) for title in before]


def measure_tables(comparison: "Comparison") -> list[tuple[str, "Difference"]]:
    """Return the figures of each query set, and of all where there are several sets."""
    tables = list(comparison.sets.items())
    return [*tables, (TOTAL, comparison.total)] if len(tables) > 1 else tables


def measure_rows(difference: "Difference") -> list[tuple[str, str, str, str]]:
    """Return a row for each measure that these queries can tell: before, after, and the change."""
    rows = []
    for field, title in TITLES.items():
        before, after = getattr(difference.before, field), getattr(difference.after, field)
        if before is None and after is None:
            continue
        change = "" if field in COUNTS or before is None or after is None else f"{after - before:+.3f}"
        if field == "recall10" and difference.recall10_error is not None:
            change += f" ± {difference.recall10_error:.3f}"
        rows.append((title, _figure(before), _figure(after), "" if field == "recall10_error" else change))
    return rows


def query_lists(comparison: "Comparison") -> list[tuple[str, list["Change"]]]:
    """Return the queries that changed most, under what is said of them."""
    return [("Queries that gained most", comparison.gained), ("Queries that lost most", comparison.worsened)]


def tell_change(change: "Change") -> str:
    """Say what became of one query, in a clause."""
    if change.golden.is_negative:
        before, after = (str(len(one.shown) or "none") for one in (change.before, change.after))
        return f"should find nothing: {before} shown, then {after}"
    before, after = (_place(one) for one in (change.before, change.after))
    wanted = change.golden.wanted
    more = f" and {len(wanted) - _NAMED} more" if len(wanted) > _NAMED else ""
    return f"{', '.join(wanted[:_NAMED])}{more}: {before}, then {after}"


def remarks(comparison: "Comparison") -> Iterator[str]:
    """Yield sentences on what no figure says, and on what the figures do not mean."""
    before, after = comparison.before.generation, comparison.after.generation
    captions = comparison.captions
    if comparison.lost:
        yield f"Images of generation {before.id} that generation {after.id} does not have: {comparison.lost:,}."
    if captions.shared:
        yield f"Images of both whose captions differ: {captions.differing:,} of {captions.shared:,}."
    if not comparison.total.before.queries:
        yield "Nothing was measured: there are no golden queries (--golden FILE) and no judgements."
    if comparison.agreement:
        sentences = counted(comparison.agreement.queries, "sentence", "sentences")
        yield (
            f"Asked {sentences} of the library that no captioner wrote, both have "
            f"{comparison.agreement.first10:.1%} of their first ten hits in common: "
            "how much the order changed, not which one is better."
        )
    if comparison.has_same_captions and comparison.before.costs.requests:
        yield "Both are made with the same prompt, captioner and model: these are the same requests, paid for once."
    if comparison.before.costs.combined or comparison.after.costs.combined:
        yield "Some requests asked for captions of other kinds, too; their cost is counted whole."


def tell_cost(costs: "OwnCosts") -> str:
    """Say what captions cost, and where that is not known."""
    if not costs.unpriced:
        return f"${costs.cost_usd:.4f}" if costs.requests else ""
    unknown = f"{counted(costs.unpriced, 'request', 'requests')} of unknown price"
    return f"${costs.cost_usd:.4f} and {unknown}" if costs.cost_usd else unknown


def _facts(side: "Side") -> dict[str, str]:
    generation, coverage, costs = side.generation, side.coverage, side.costs
    revision = "" if generation.prompt_revision is None else f", prompt revision {generation.prompt_revision}"
    tokens = f"{costs.input_tokens:,} in, {costs.output_tokens:,} out"
    return {
        "captions by": generation.captioner_name + revision,
        "embedder": generation.embedder,
        "images with an entry": f"{coverage.entries:,} of {coverage.images:,}",
        "entries of its own making": f"{coverage.fresh:,} of {coverage.entries:,}",
        "size": megabytes(side.size.size_bytes),
        "requests for its captions": f"{costs.requests:,}" if costs.requests else "",
        "tokens": tokens if costs.requests else "",
        "cost": tell_cost(costs),
        "what the gate said": generation.verdict or "",
    }


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def _place(outcome: "Outcome") -> str:
    return "not among the first 100" if outcome.rank is None else f"first at {outcome.rank}"


def _print_change(change: "Change", columns: Sequence[str]) -> None:
    print(f"“{change.golden.text}” ({tell_change(change)})")
    pairs = zip_longest(change.before.nearest, change.after.nearest)
    rows = [(_hit_cell(change.before, before), _hit_cell(change.after, after)) for before, after in pairs]
    print_table(columns, rows)


def _hit_cell(outcome: "Outcome", hit: "Hit | None") -> str:
    if hit is None:
        return ""
    mark = {"relevant": "✓ ", "irrelevant": "✗ ", None: ""}[outcome.golden.judge(hit.image_id)]
    return f"{mark}{hit.location}: {hit.caption}" + ("" if hit.image_id in outcome.shown else " (cut off)")
