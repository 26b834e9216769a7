"""`indexer edit`: its flags."""

from pathlib import Path
from typing import Annotated

import typer

from indexer.cli.output import JsonFlag, log_to_stderr
from indexer.cli.prompts import FolderOption
from indexer.editing.editor import TIMEOUT_S
from indexer.models import ApiFormat

# DataFlow's pipeline writes its flags with underscores: its command lines work as they are.
UNDERSCORES = {"token_normalize_func": lambda token: token.replace("_", "-")}


def edit(
    requests: Annotated[
        Path | None,
        typer.Argument(help='A JSONL file: {"images": …, "conversations": [{"role": "user", "content": …}]}.'),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(help="Edit this image instead: a path, image:17, or sha256:…; more than one are references."),
    ] = None,
    instruction: Annotated[
        list[str] | None, typer.Option(help="What to change; more than one are turns. Without, a variation.")
    ] = None,
    mask: Annotated[
        str | None, typer.Option(help="Edit only where this picture is transparent, or white where nothing is.")
    ] = None,
    api_format: Annotated[ApiFormat, typer.Option(help="The protocol that the endpoint speaks.")] = "gemini",
    model_name: Annotated[
        str | None,
        typer.Option(help="The model to ask. gemini: gemini-3-pro-image-preview; openai: gpt-image-2.5-flare."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=1000, help="Edits in flight at once.")] = 4,
    output: Annotated[Path, typer.Option(help="Where the images and edits.jsonl go.")] = Path("edits"),
    size: Annotated[str | None, typer.Option(help="openai: 1024x1024, …; gemini: 1K, 2K or 4K.")] = None,
    quality: Annotated[str | None, typer.Option(help="openai: low, medium, high or auto.")] = None,
    background: Annotated[str | None, typer.Option(help="openai: transparent, opaque or auto.")] = None,
    aspect_ratio: Annotated[str | None, typer.Option(help="gemini: 1:1, 3:2, 16:9, …")] = None,
    n: Annotated[
        int | None, typer.Option("--n", min=1, max=10, help="openai: images of each turn; the next edits the first.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds to wait for one answer.")] = TIMEOUT_S,
    limit: Annotated[int | None, typer.Option(min=1, help="Do no more than the first so many requests.")] = None,
    budget: Annotated[
        float | None, typer.Option(min=0.000001, help="USD: stop cleanly before this run would cost more.")
    ] = None,
    prompts: FolderOption = Path("prompts"),
    force: Annotated[bool, typer.Option("--force", help="Make another of what is done already.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again what was refused.")] = False,
    dry_run: Annotated[bool, typer.Option("-n", "--dry-run", help="Say what there is to do; send nothing.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Log refusals, and what is sent again.")] = False,
    as_json: JsonFlag = False,
    first_entry_file_name: Annotated[Path | None, typer.Option(hidden=True)] = None,
    cache_path: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Make new images of indexed ones, and index them with their lineage; run it again to go on where it was.

    Images that are not indexed yet are indexed first. Paths in a file are relative to it.
    """
    from indexer.catalog.opening import open_store
    from indexer.cli.edit_requests import Requests, check_output, find_requests
    from indexer.cli.edit_run import EditRun
    from indexer.pipelines.assembling import make_editing_run
    from indexer.pipelines.choosing_editors import build_editor
    from indexer.settings import Settings

    # The last two flags are what DataFlow's pipeline calls the file and the folder.
    requests, output = requests or first_entry_file_name, cache_path or output
    if verbose:
        log_to_stderr()
    settings = Settings.load(budget=budget)
    flags = {"size": size, "quality": quality, "background": background, "aspect_ratio": aspect_ratio, "n": n}
    given = {name: value for name, value in flags.items() if value is not None}
    check_output(requests, output)
    load = find_requests(requests, image or [], instruction or [], mask, given, limit)
    editor = build_editor(settings, api_format=api_format, model=model_name, timeout_s=timeout)
    found = Requests(load, editor, is_file=requests is not None)
    with open_store(settings) as store:
        run, said = make_editing_run(store, settings, editor, prompts, retry_failed=retry_failed, dry_run=dry_run)
        edit_run = EditRun(run, settings, editor, found, output, concurrency=batch_size, force=force, as_json=as_json)
        edit_run.announce(said)
        raise typer.Exit(edit_run.plan() if dry_run else edit_run.do())
