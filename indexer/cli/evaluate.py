"""`indexer eval`: how well golden queries, and those that people judged, are answered."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from indexer.cli.evaluate_report import show_outcomes
from indexer.cli.golden_queries import load_queries, say_faults
from indexer.cli.output import REFUSED, JsonFlag, say

if TYPE_CHECKING:
    from indexer.catalog.store import Store
    from indexer.pipelines.evaluating import Outcome
    from indexer.pipelines.golden import GoldenQuery
    from indexer.settings import Settings


def evaluate(
    golden: Annotated[
        Path | None,
        typer.Argument(help='Lines {"query": …, "relevant": [image, …]}; an empty list where nothing should be found.'),
    ] = None,
    judgements: Annotated[bool, typer.Option("--judgements", help="Ask the queries that people judged, too.")] = False,
    write: Annotated[
        Path | None, typer.Option(help="With --judgements: write them as a golden file, and ask nothing.")
    ] = None,
    mode: Annotated[Literal["hybrid", "dense", "text"], typer.Option(help="What to rank by.")] = "hybrid",
    strictness: Annotated[
        Literal["low", "normal", "high"], typer.Option(help="The cut-off that no-match is measured at.")
    ] = "normal",
    generation: Annotated[int | None, typer.Option(help="Another generation than the live one, by its number.")] = None,
    min_recall10: Annotated[
        float | None, typer.Option(min=0, max=1, help="Exit with 4 when recall@10 of all queries is below this.")
    ] = None,
    show: Annotated[int, typer.Option(min=0, help="Show so many of the worst queries and what they found.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Measure search quality: recall@1/5/10, MRR, nDCG@10 before the cut-off, and no-match behind it."""
    from indexer.catalog.opening import open_store
    from indexer.settings import Settings

    if golden is None and not judgements:
        raise typer.BadParameter("name a golden file, or give --judgements.")
    if write and (golden or not judgements):
        raise typer.BadParameter("--write goes with --judgements alone.")
    settings = Settings.load()
    with open_store(settings) as store:
        if write:
            _write_judgements(store, write)
            return
        queries, faults = load_queries(store, golden, judgements=judgements)
        outcomes = _ask(store, settings, queries, generation, mode, strictness)
    show_outcomes(outcomes, show, as_json=as_json)
    raise typer.Exit(_decide(outcomes, min_recall10, faults))


def _ask(
    store: "Store",
    settings: "Settings",
    queries: Sequence["GoldenQuery"],
    generation_id: int | None,
    mode: Literal["hybrid", "dense", "text"],
    strictness: Literal["low", "normal", "high"],
) -> list["Outcome"]:
    from rich.console import Console
    from rich.progress import track

    from indexer.catalog.embedding import Embedders
    from indexer.catalog.searching import Searcher
    from indexer.errors import NotFoundError
    from indexer.models import GenerationId

    if not queries:
        raise NotFoundError("query", "to ask")
    given = GenerationId(generation_id) if generation_id is not None else None
    generation = store.generations.get_live() if given is None else store.generations.get_generation(given)
    if generation is None:
        raise NotFoundError("generation", "yet: run `indexer ingest FOLDER` first")
    # Imported here: torch takes seconds to load, and by now there is something to measure.
    from indexer.pipelines.evaluating import evaluate as measure

    searcher = Searcher(store, Embedders(settings).for_queries)
    outcomes = measure(searcher.search, generation, queries, mode=mode, strictness=strictness)
    stderr = Console(stderr=True)
    return list(
        track(outcomes, "Asking", total=len(queries), console=stderr, transient=True, disable=not stderr.is_terminal)
    )


def _decide(outcomes: Sequence["Outcome"], min_recall10: float | None, faults: int) -> int:
    """Return the exit code, and say why it is not 0."""
    from indexer.pipelines.evaluating import summarise

    recall10 = summarise(outcomes).recall10
    if min_recall10 is not None and (recall10 is None or recall10 < min_recall10):
        found = "cannot be measured: no query has a relevant image" if recall10 is None else f"is {recall10:.4f}"
        say(f"Refused: recall@10 {found}; --min-recall10 asks for {min_recall10:g}.")
        return REFUSED
    return say_faults(faults)


def _write_judgements(store: "Store", path: Path) -> None:
    from indexer.pipelines.exporting import write_file
    from indexer.pipelines.golden import golden_lines

    lines = list(golden_lines(store.judgements.find_judgements()))
    write_file(lines, path)
    say(f"Queries that people judged, written to {path}: {len(lines)}.")
