"""`indexer prompts`: look at prompt revisions, and copy the shipped ones for editing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from indexer.cli.output import JsonFlag, print_json, print_table, say
from indexer.models import RETRIEVAL, Prompt, PromptId

app = typer.Typer(help="Versioned prompts.", no_args_is_help=True)

_COLUMNS = ("kind", "revision", "sha256", "in force", "live")

FolderOption = Annotated[Path, typer.Option("--prompts", help="Folder with prompt files of your own.")]


@app.command("list")
def list_prompts(prompts: FolderOption = Path("prompts"), as_json: JsonFlag = False) -> None:
    """List every revision that was used, and the ones in force."""
    from indexer.captioning.prompts import Wording, load_prompts
    from indexer.catalog.opening import open_store
    from indexer.settings import Settings

    settings = Settings.load()
    in_force = load_prompts(prompts, Wording.of(settings))
    with open_store(settings) as store:
        stored, live = store.prompts.find_prompts(), store.generations.get_live()
    known = {(prompt.kind, prompt.sha256) for prompt in stored}
    served = live.prompt_id if live else None
    unused = [prompt for kind, prompt in in_force.items() if (kind, prompt.sha256) not in known]
    rows = [_row(prompt, in_force.get(prompt.kind), served) for prompt in [*unused, *stored]]
    if as_json:
        for row in rows:
            print_json(row)
    else:
        print_table(_COLUMNS, map(_cells, rows))
        if served and any(row["kind"] == RETRIEVAL and row["in_force"] and not row["live"] for row in rows):
            say(
                "The retrieval prompt in force waits for `indexer reindex`; until then `ingest` asks with the live one."
            )


def _row(prompt: Prompt, in_force: Prompt | None, served: PromptId | None) -> dict[str, object]:
    return {
        "kind": prompt.kind,
        "revision": prompt.revision,
        "sha256": prompt.sha256.hex(),
        "in_force": in_force is not None and in_force.sha256 == prompt.sha256,
        "live": served is not None and served == prompt.id,
    }


def _cells(row: Mapping[str, object]) -> tuple[object, ...]:
    shown = ("yes" if row[name] else "" for name in ("in_force", "live"))
    return (row["kind"], row["revision"] or "not used yet", str(row["sha256"])[:12], *shown)


@app.command("show")
def show_prompt(kind: str, prompts: FolderOption = Path("prompts"), as_json: JsonFlag = False) -> None:
    """Print the prompt in force of one kind."""
    from indexer.captioning.prompts import Wording, get_prompt
    from indexer.settings import Settings

    prompt = get_prompt(prompts, kind, Wording.of(Settings.load()))
    if as_json:
        settings = {"schema": prompt.schema, "max_tokens": prompt.max_tokens, "image_detail": prompt.image_detail}
        print_json({"kind": kind, "sha256": prompt.sha256.hex(), "text": prompt.text, **settings})
    else:
        print(prompt.text)


@app.command("diff")
def diff_prompts(
    kind: str,
    first: Annotated[int, typer.Argument(metavar="A", help="A revision's number.")],
    second: Annotated[
        int | None, typer.Argument(metavar="B", help="Another's; without it, the prompt in force.")
    ] = None,
    prompts: FolderOption = Path("prompts"),
    as_json: JsonFlag = False,
) -> None:
    """Show how two revisions of a prompt differ."""
    from indexer.captioning.prompts import Wording, get_prompt, unified_diff
    from indexer.catalog.opening import open_store
    from indexer.settings import Settings

    settings = Settings.load()
    with open_store(settings) as store:
        before = store.prompts.get_revision(kind, first)
        if second is None:
            after = get_prompt(prompts, kind, Wording.of(settings))
        else:
            after = store.prompts.get_revision(kind, second)
    lines = unified_diff(before, after)
    if as_json:
        print_json({"kind": kind, "a": first, "b": second, "diff": lines})
    else:
        print("\n".join(lines) or "They are the same.")


@app.command("init")
def init_prompts(prompts: FolderOption = Path("prompts"), as_json: JsonFlag = False) -> None:
    """Copy the shipped prompts to ./prompts for editing; files that are there stay as they are."""
    from indexer.captioning.prompts import copy_shipped

    written = copy_shipped(prompts)
    if as_json:
        print_json({"written": [str(path) for path in written]})
    else:
        print("\n".join(str(path) for path in written) or f"{prompts} has every prompt already.")
    say(f"Edit {prompts / 'retrieval.toml'}, then look at what `indexer reindex --dry-run` would do.")
