"""`indexer generations compare`: what tells two generations apart."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from indexer.cli.comparing.report import show_comparison
from indexer.cli.golden_queries import load_queries, say_faults
from indexer.cli.output import JsonFlag, say
from indexer.errors import NotFoundError, SettingsError
from indexer.models import Generation, Mode, Strictness, counted

if TYPE_CHECKING:
    from indexer.catalog.store import Store
    from indexer.pipelines.generations.comparing import Comparison
    from indexer.pipelines.generations.pairing import Scope
    from indexer.pipelines.golden import GoldenQuery
    from indexer.settings import Settings

# So few entries are read fast enough for every query, without an index of their vectors.
_FEW = 5000


def compare(
    first: Annotated[
        int | None,
        typer.Argument(metavar="A", help="A generation by its number; alone, it is compared with the live one."),
    ] = None,
    second: Annotated[
        int | None,
        typer.Argument(
            metavar="B",
            help="Against which; without any, the live one and the newest that is ready or being built, else the one "
            "before it.",
        ),
    ] = None,
    golden: Annotated[
        Path | None, typer.Option(help="Golden queries to ask, beside those that people judged; as for `indexer eval`.")
    ] = None,
    mode: Annotated[Mode, typer.Option(help="What to rank by.")] = "hybrid",
    strictness: Annotated[Strictness, typer.Option(help="The cut-off that no-match is measured at.")] = "normal",
    show: Annotated[int, typer.Option(min=0, help="So many of the queries that gained most, and that lost most.")] = 5,
    sample: Annotated[int, typer.Option(min=0, help="So many of the images whose captions differ.")] = 5,
    as_json: JsonFlag = False,
    html: Annotated[
        Path | None, typer.Option(help="Write it with pictures, too, as one page that needs no other file.")
    ] = None,
) -> None:
    """Measure two generations against each other: quality, hits side by side, captions, cost."""
    from indexer.catalog.opening import open_store
    from indexer.settings import Settings

    _check(first, second, html)
    settings = Settings.load()
    with open_store(settings) as store:
        pair = choose_pair(store.generations.find_generations(), first, second)
        queries, faults = load_queries(store, golden, judgements=True)
        _warn_of_unfinished(store, *pair)
        # Imported here: torch takes seconds to load, and by now there is something to compare.
        from indexer.pipelines.generations.pairing import Scope

        scope = Scope(mode=mode, strictness=strictness, show=show, sample=sample)
        comparison = _measure(store, settings, pair, queries, scope)
        show_comparison(comparison, as_json=as_json)
        if html:
            _write_page(store, comparison, html)
    raise typer.Exit(say_faults(faults))


def _check(first: int | None, second: int | None, html: Path | None) -> None:
    if first is not None and first == second:
        raise typer.BadParameter(f"generation {first} is compared with another one, not with itself: name two.")
    if html and not html.absolute().parent.is_dir():
        raise SettingsError(f"The page cannot be written to {html}: there is no such folder.")


def choose_pair(
    generations: Sequence[Generation], first: int | None, second: int | None
) -> tuple[Generation, Generation]:
    """Return the generations to compare: the live one first, unless two are named or none is to take its place.

    Raises NotFoundError where there are not two, and SettingsError where one cannot be compared.
    """
    live = next((generation for generation in generations if generation.state == "live"), None)
    if first is not None and second is not None:
        before, after = _find(generations, first), _find(generations, second)
    elif live is None:
        raise NotFoundError("live generation", "to compare with: run `indexer ingest FOLDER` first, or name two")
    elif first is not None and first != live.id:
        before, after = live, _find(generations, first)
    else:
        before, after = _find_neighbours(generations, live)
    for generation in (before, after):
        if generation.state == "dropping":
            raise SettingsError(f"Generation {generation.id} is being dropped: it cannot be compared any more.")
    return before, after


def _find(generations: Sequence[Generation], number: int) -> Generation:
    found = next((generation for generation in generations if generation.id == number), None)
    if found is None:
        raise NotFoundError("generation", number)
    return found


def _find_neighbours(generations: Sequence[Generation], live: Generation) -> tuple[Generation, Generation]:
    """Return the live generation and the one that may take its place, else the one it replaced and itself."""
    from indexer.pipelines.generations.switching import find_previous

    waiting = [generation for generation in generations if generation.is_waiting]
    if waiting:
        return live, max(waiting, key=lambda generation: generation.id)
    previous = find_previous(generations)
    if previous is None:
        why = "it is the only one; `indexer reindex` builds another"
        raise NotFoundError("generation", f"to compare with the live one, {live.id}: {why}")
    return previous, live


def _measure(
    store: "Store",
    settings: "Settings",
    pair: tuple[Generation, Generation],
    queries: Sequence["GoldenQuery"],
    scope: "Scope",
) -> "Comparison":
    from indexer.catalog.embedding import Embedders
    from indexer.catalog.searching import Searcher
    from indexer.pipelines.generations.comparing import compare as measure

    search = Searcher(store, Embedders(settings).for_queries).search
    with _shown(scope, 2 * len(queries)) as shown:
        return measure(store, search, *pair, queries, shown)


def _warn_of_unfinished(store: "Store", *generations: Generation) -> None:
    for generation in generations:
        if generation.state != "building":
            continue
        entries = store.generations.count_coverage(generation.id).entries
        say(f"Generation {generation.id} is still being built: it may lack entries.")
        if entries > _FEW and not store.comparisons.get_size(generation.id).is_indexed:
            say(f"Its vectors are not indexed yet: each query reads all {entries:,} entries, which takes long.")


@contextmanager
def _shown(scope: "Scope", total: int) -> Iterator["Scope"]:
    """Show on a terminal how many queries were asked."""
    from dataclasses import replace

    from rich.console import Console
    from rich.progress import Progress

    stderr = Console(stderr=True)
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task("Asking", total=total or None)
        yield replace(scope, asked=lambda: bar.advance(task))


def _write_page(store: "Store", comparison: "Comparison", path: Path) -> None:
    from indexer.cli.comparing.page import make_page
    from indexer.cli.comparing.pictures import Pictures
    from indexer.pipelines.exporting import write_whole

    pictures = Pictures(store)
    page = make_page(comparison, pictures)
    write_whole(path, lambda out: out.write(page.encode()), "The page")
    say(f"The page is written to {path}.")
    if missing := len(pictures.missing):
        left_out = counted(missing, "picture is left out: its file is", "pictures are left out: their files are")
        say(f"{left_out} gone, changed or damaged.")
