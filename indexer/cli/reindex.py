"""`indexer reindex`: its flags."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from indexer.cli.output import JsonFlag, log_to_stderr
from indexer.cli.prompts import FolderOption
from indexer.models import RETRIEVAL, CaptionerName

# What stands beside a kind that is in no index, and beside an embedder, which no captioner is asked for.
_OF_AN_INDEX = ("embedder", "golden", "tolerance", "min_coverage", "min_fresh", "activate")
_OF_A_CAPTIONER = ("captioner", "model", "batch")


def reindex(
    context: typer.Context,
    kind: Annotated[
        str, typer.Option(help="Renew captions of this kind; any but retrieval has no index to be switched.")
    ] = RETRIEVAL,
    embedder: Annotated[
        str | None, typer.Option(help="Embed the captions that are there with another model; nothing is captioned.")
    ] = None,
    captioner: Annotated[
        CaptionerName | None, typer.Option(help="Who captions; without it, the live index's own.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model to ask; without it, the live index's own.")] = None,
    prompts: FolderOption = Path("prompts"),
    golden: Annotated[
        Path | None, typer.Option(help="Measure both indexes by these queries too, as `indexer eval` does.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="How much worse recall@10 may be for the switch all the same.")
    ] = 0.0,
    min_coverage: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="The share of images that must be covered; without it, all that the live index has."
        ),
    ] = None,
    min_fresh: Annotated[
        float, typer.Option(min=0, max=1, help="The share of entries that must be made of the new captions.")
    ] = 0.99,
    activate: Annotated[
        bool | None,
        typer.Option(
            "--activate/--no-activate",
            help="Switch whatever was measured, or never; without either, if nothing is lost and nothing is worse.",
        ),
    ] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, max=1000, help="Requests in flight at once.")] = None,
    timeout: Annotated[float | None, typer.Option(min=0.001, help="Seconds to wait for one answer.")] = None,
    max_edge: Annotated[
        int | None, typer.Option(min=64, max=8192, help="Longest side of the picture sent, in pixels.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option(min=0.000001, help="USD: stop cleanly before this run would cost more.")
    ] = None,
    batch: Annotated[
        bool, typer.Option("--batch", help="Ask by the endpoint's Batch API: half the price, answers within a day.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again what failed for good.")] = False,
    dry_run: Annotated[bool, typer.Option("-n", "--dry-run", help="Say what there is to do; send nothing.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Log refusals, and how many requests may be in flight.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Renew captions after a prompt was revised: a new index is built beside the live one, measured, and switched."""
    from indexer.catalog.opening import open_store
    from indexer.cli.reindex_run import ReindexRun
    from indexer.pipelines.reindexing.gate import Terms
    from indexer.pipelines.reindexing.targets import choose_embedder, choose_target
    from indexer.settings import Settings

    if verbose:
        log_to_stderr()
    if kind != RETRIEVAL:
        _refuse(context, _OF_AN_INDEX, f"--kind {kind}: its captions are in no index to be measured or switched.")
    if embedder:
        _refuse(
            context, _OF_A_CAPTIONER, "--embedder, which asks for no captions: renew those by a reindex of their own."
        )
    settings = Settings.load(
        captioner=captioner, model=model, concurrency=concurrency, timeout_s=timeout, max_edge=max_edge, budget=budget
    )
    terms = Terms(min_coverage=min_coverage, tolerance=tolerance, min_fresh=min_fresh)
    with open_store(settings) as store:
        if embedder:
            target = choose_embedder(store, embedder)
        else:
            target = choose_target(store, settings, kind, prompts, dry_run=dry_run)
        run = ReindexRun(store, settings, target, retry_failed=retry_failed, batches=batch, as_json=as_json)
        raise typer.Exit(run.plan() if dry_run else run.do(golden, terms, activate=activate))


def _refuse(context: typer.Context, names: Sequence[str], why: str) -> None:
    """Raise BadParameter where one of these flags was given, which do not go with another."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            flag = "no-activate" if context.params[name] is False and name == "activate" else name.replace("_", "-")
            raise typer.BadParameter(f"--{flag} cannot be used with {why}")
