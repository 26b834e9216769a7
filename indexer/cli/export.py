"""`indexer export`: what the catalogue holds, in files for other programs."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from indexer.cli.output import JsonFlag, print_json, say
from indexer.models import counted


def export(
    export_format: Annotated[
        Literal["dataflow"],
        typer.Option("--format", help="dataflow: the records of manifests as they came, with `caption` added."),
    ],
    manifest: Annotated[
        Path | None, typer.Argument(help="A manifest that was ingested; without it, all of them.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write: .json an array, else JSONL. Default: stdout.")
    ] = None,
    kind: Annotated[str, typer.Option(help="Which caption: retrieval, alt_text, …")] = "retrieval",
    as_json: JsonFlag = False,
) -> None:
    """Write records with their captions, in the order of their manifest."""
    from indexer.captioning.prompts import DEFAULT_FOLDER, get_prompt
    from indexer.catalog.opening import open_store
    from indexer.pipelines.exporting import Exported, export_dataflow, write_file, write_jsonl
    from indexer.settings import Settings
    from indexer.sources.manifests import manifest_name

    get_prompt(DEFAULT_FOLDER, kind)  # raises NotFoundError for a kind that nothing can have
    exported = Exported()
    name = manifest_name(manifest) if manifest else None
    with open_store(Settings.load()) as store:
        records = export_dataflow(store, kind, manifest=name, exported=exported)
        if output is None:
            write_jsonl(records, sys.stdout.buffer)
        else:
            write_file(records, output)
    if as_json and output is not None:
        print_json({"output": str(output), "format": export_format, **asdict(exported)})
    elif exported.without_caption or output is not None:
        say(
            f"{counted(exported.records, 'record', 'records')}, {exported.without_caption} of them without a caption "
            f"of kind {kind}."
        )
