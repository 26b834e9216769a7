"""`indexer ingest`: its flags."""

from pathlib import Path
from typing import Annotated

import typer

from indexer.cli.output import JsonFlag, log_to_stderr
from indexer.cli.prompts import FolderOption
from indexer.models import CaptionerName


def ingest(
    sources: Annotated[
        list[Path], typer.Argument(help="Folders (with all below them), image files, and manifests (.json, .jsonl).")
    ],
    captioner: Annotated[
        CaptionerName | None,
        typer.Option(
            help="openai: any OpenAI-compatible endpoint; huggingface: an image-to-text endpoint; blip: a model on "
            "this machine; offline: no model. openai or offline by what is set."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="The model to ask, as the endpoint names it; for blip a name on the hub, or a folder."),
    ] = None,
    captions: Annotated[
        Path | None, typer.Option(help="Import captions from this JSON or JSONL file instead of asking a model.")
    ] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, max=1000, help="Requests in flight at once.")] = None,
    timeout: Annotated[float | None, typer.Option(min=0.001, help="Seconds to wait for one answer.")] = None,
    max_edge: Annotated[
        int | None, typer.Option(min=64, max=8192, help="Longest side of the picture sent, in pixels.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Look at no more than this many files.")] = None,
    budget: Annotated[
        float | None, typer.Option(min=0.000001, help="USD: stop cleanly before this run would cost more.")
    ] = None,
    batch: Annotated[
        bool, typer.Option("--batch", help="Ask by the endpoint's Batch API: half the price, answers within a day.")
    ] = False,
    kinds: Annotated[str, typer.Option(help="What to ask for, with commas: retrieval,alt_text,…")] = "retrieval",
    prompts: FolderOption = Path("prompts"),
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again what failed for good.")] = False,
    dry_run: Annotated[bool, typer.Option("-n", "--dry-run", help="Say what there is to do; send nothing.")] = False,
    verbose: Annotated[
        bool,
        typer.Option("-v", "--verbose", help="Log refusals, and how many requests may be in flight."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Caption, embed and index images; run it again at any time: it goes on where it was."""
    # Imported here, as in every command: `indexer --help` starts without the parts that do the work.
    from indexer.captioning.prompts import Wording
    from indexer.catalog.opening import open_store
    from indexer.cli.ingest_run import IngestRun
    from indexer.errors import SettingsError
    from indexer.models import RunId
    from indexer.pipelines.choosing import build_budget, build_captioner, choose_prompts, split_kinds
    from indexer.pipelines.run import Run
    from indexer.settings import Settings
    from indexer.sources.finding import check_sources, is_manifest

    if verbose:
        log_to_stderr()
    check_sources(sources)
    if batch and any(map(is_manifest, sources)):
        raise SettingsError("--batch takes images alone: ingest manifests without it.")
    settings = Settings.load(
        captioner=captioner, model=model, concurrency=concurrency, timeout_s=timeout, max_edge=max_edge, budget=budget
    )
    wanted = split_kinds(kinds)
    chosen = build_captioner(settings, captions=captions)
    allowed = build_budget(settings, chosen)
    with open_store(settings) as store:
        asked, said = choose_prompts(store, chosen, wanted, prompts, Wording.of(settings), dry_run=dry_run)
        run = Run(id=RunId(0), store=store, captioner=chosen, prompts=asked, budget=allowed, retry_failed=retry_failed)
        ingest_run = IngestRun(run, settings, sources, limit, batches=batch, as_json=as_json)
        ingest_run.announce(said)
        raise typer.Exit(ingest_run.plan() if dry_run else ingest_run.do())
