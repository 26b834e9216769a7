"""`indexer similar`: search by image from the terminal."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from indexer.cli.output import JsonFlag, print_json, print_table, say

if TYPE_CHECKING:
    from indexer.catalog.searching import Hit, Query
    from indexer.catalog.store import Store
    from indexer.models import Strictness
    from indexer.pipelines.matching import Matched
    from indexer.settings import Settings


def similar(
    image: Annotated[str, typer.Argument(help="A path, an image id, or a SHA-256.")],
    limit: Annotated[int, typer.Option("-l", "--limit", min=1, max=100, help="Show at most this many hits.")] = 10,
    strictness: Annotated[
        Literal["low", "normal", "high"] | None,
        typer.Option(help="low shows weak hits too, high only strong ones; as a rule low, for unknown files normal."),
    ] = None,
    collapse: Annotated[
        Literal["none", "duplicates", "family"], typer.Option(help="Fold near-duplicates, or the edits of one image.")
    ] = "none",
    cursor: Annotated[str | None, typer.Option(help="Show the page that next_cursor of --json named.")] = None,
    caption: Annotated[
        bool, typer.Option("--caption/--no-caption", help="Caption a file that is unknown; a model may cost money.")
    ] = True,
    as_json: JsonFlag = False,
) -> None:
    """Find images that are like one.

    An indexed image is looked for by what its captions say. A file that is not indexed is recognised by its looks, else
    captioned as the index was, and not indexed.
    """
    from indexer.catalog.opening import open_store
    from indexer.catalog.searching import Likeness, Query
    from indexer.pipelines.presenting import present_matched
    from indexer.settings import Settings

    settings = Settings.load()
    query = Query(limit=limit, strictness=strictness or "low", collapse=collapse, cursor=cursor, like=Likeness())
    with open_store(settings) as store:
        matched = _search(settings, store, image, query, strictness or "normal", may_caption=caption)
    if as_json:
        print_json(present_matched(matched))
    else:
        _show(matched)


def _search(
    settings: "Settings", store: "Store", image: str, query: "Query", of_files: "Strictness", *, may_caption: bool
) -> "Matched":
    from indexer.catalog.embedding import Embedders
    from indexer.catalog.searching import Searcher
    from indexer.errors import BadImageError, NotFoundError, SettingsError
    from indexer.pipelines.choosing import build_captioner_of, prompts_of
    from indexer.pipelines.matching import Matching
    from indexer.pipelines.naming import find_image
    from indexer.sources.folders import find_files

    matching = Matching(
        store=store,
        searcher=Searcher(store, Embedders(settings).for_queries),
        captioner_of=partial(build_captioner_of, settings),
        prompts_of=partial(prompts_of, store, settings),
    )
    try:
        image_id = find_image(store, image)
    except NotFoundError:
        if not Path(image).is_file():
            raise
    else:
        return matching.find_similar(image_id, query)
    try:
        file = next(find_files([Path(image)]))
        return matching.search(file, replace(query, strictness=of_files), may_caption=may_caption)
    except BadImageError as exc:
        raise SettingsError(f"{image} cannot be searched by: {exc.reason}.") from exc


def _show(matched: "Matched") -> None:
    results = matched.results
    if matched.caption:
        say(f"It is not indexed; its caption: {' '.join(matched.caption)}")
    if results.generation is None:
        say("Nothing is indexed yet: run `indexer ingest FOLDER` first.")
    elif results.no_match:
        say("Nothing in the index is like it. `--strictness low` shows the nearest all the same.")
    else:
        rows = [(hit.score, _kind(hit), hit.image_id, hit.name, hit.caption) for hit in results.hits]
        print_table(("score", "band", "id", "image", "caption"), rows)


def _kind(hit: "Hit") -> str:
    return f"{hit.band}, duplicate" if hit.why.near_duplicate else hit.band
