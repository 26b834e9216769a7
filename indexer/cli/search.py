"""`indexer search`: search from the terminal."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from indexer.cli.output import JsonFlag, print_json, print_table, say

if TYPE_CHECKING:
    from indexer.catalog.searching import Query


def search(
    words: Annotated[list[str], typer.Argument(metavar="QUERY", help="What the image shows, in your own words.")],
    limit: Annotated[int, typer.Option("-l", "--limit", min=1, max=100, help="Show at most this many hits.")] = 10,
    mode: Annotated[Literal["hybrid", "dense", "text"], typer.Option(help="What to rank by.")] = "hybrid",
    strictness: Annotated[
        Literal["low", "normal", "high"], typer.Option(help="low shows weak hits too, high only strong ones.")
    ] = "normal",
    collapse: Annotated[
        Literal["none", "duplicates", "family"], typer.Option(help="Fold near-duplicates, or the edits of one image.")
    ] = "none",
    cursor: Annotated[str | None, typer.Option(help="Show the page that next_cursor of --json named.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="With --json: the arithmetic of every score.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Find images by describing them.

    The query may also hold "a phrase", -without, folder:holiday, tag:sea, is:edit, is:portrait, format:png,
    after:2024-05 and before:2024. Quotes need '…' around them; -- goes before a query that begins with a minus.
    """
    from indexer.catalog.embedding import Embedders
    from indexer.catalog.opening import open_store
    from indexer.catalog.searching import Query, Searcher
    from indexer.pipelines.presenting import present
    from indexer.settings import Settings

    settings = Settings.load()
    with open_store(settings) as store:
        searcher = Searcher(store, Embedders(settings).for_queries)
        asked = Query(
            text=" ".join(words),
            mode=mode,
            limit=limit,
            strictness=strictness,
            collapse=collapse,
            cursor=cursor,
            explain=explain,
        )
        results = searcher.search(asked)
    if as_json:
        print_json(present(results))
        return
    if results.generation is None:
        say("Nothing is indexed yet: run `indexer ingest FOLDER` first.")
    elif results.no_match:
        say(_nothing_fits(asked))
    else:
        rows = [
            (*((hit.score, hit.band) if hit.is_ranked else (None, None)), hit.image_id, hit.name, hit.caption)
            for hit in results.hits
        ]
        print_table(("score", "band", "id", "image", "caption"), rows)


def _nothing_fits(asked: "Query") -> str:
    nothing = f"Nothing in the index fits “{asked.text}”."
    wish = asked.wish
    if not asked.is_ranked or asked.strictness == "low":
        return nothing
    if wish.filters or wish.phrases or wish.excluded:
        return f"{nothing} `--strictness low` shows the nearest of what its filters let through."
    return f"{nothing} `--strictness low` shows the nearest all the same."
