"""What `indexer reindex` says: its plan before, and what came of it after."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from indexer.cli.ingest_plan import describe_requests, plan_figures
from indexer.cli.output import print_json
from indexer.models import RETRIEVAL, Generation
from indexer.pipelines.outcomes import Tally
from indexer.pipelines.reindexing.planning import Renewal
from indexer.pipelines.reindexing.reindexing import Reindexing
from indexer.pipelines.reindexing.targets import Target

_HOW_TO_RENEW = (
    "Its captions were imported: with a key, or --captioner, a model makes them anew; --embedder embeds them anew."
)


def describe_plan(
    live: Generation, target: Target, renewal: Renewal, concurrency: int | None, embedding_s: float | None
) -> Iterator[str]:
    """Yield a plan in sentences; `embedding_s` is how long embedding alone takes, in seconds, where that was tried."""
    yield _describe_target(live, target)
    if renewal.made is not None and not target.is_of(live):
        yield f"Generation {renewal.made.id}, which is {renewal.made.state}, goes on."
    asked = f"{renewal.asking.to_do:,} to ask about" if target.asks else "none to ask about"
    yield f"{renewal.images:,} images with captions: {asked}, {renewal.reused:,} with what is there."
    if renewal.asking.requests:
        yield describe_requests(renewal.asking, target.captioner.model, concurrency)
    if target.kind == RETRIEVAL and not target.is_of(live) and renewal.to_embed:
        time = "" if embedding_s is None else f", some {timedelta(seconds=max(1, round(embedding_s)))} here"
        yield f"{renewal.to_embed:,} entries to embed with {target.embedder}{time}."


def print_plan(
    live: Generation, target: Target, renewal: Renewal, concurrency: int | None, embedding_s: float | None
) -> None:
    """Print a plan's figures as JSON; `embedding_s` as in `describe_plan`."""
    print_json(
        {
            "dry_run": True,
            "kind": target.kind,
            "live": live.id,
            "prompt_revision": target.prompt.revision if target.prompt else None,
            "captioner": ":".join(dict.fromkeys((target.captioner.name, target.captioner.model))),
            "embedder": target.embedder,
            "is_live": target.is_of(live),
            "images": renewal.images,
            "reused": renewal.reused,
            "made": renewal.made and renewal.made.id,
            **plan_figures(renewal.asking, concurrency),
            "embedding_seconds": embedding_s and round(embedding_s, 3),
        }
    )


def describe_end(reindexing: Reindexing, tally: Tally, summary: Mapping[str, object]) -> Iterator[str]:
    """Yield in sentences what came of a reindex."""
    generation, verdict = reindexing.generation, reindexing.verdict
    if verdict is None and summary["ended"] == "done" and not (tally.seen or reindexing.written):
        kind = reindexing.target.kind
        no_kind = f"no caption of kind {kind} is to be renewed"
        yield f"Nothing was to do: {f'generation {generation.id} is live already' if generation else no_kind}."
        return
    asked = f"{tally.counts['captioned']:,} images captioned, {summary['indexed']:,} entries written"
    yield f"{asked}, {tally.requests:,} requests, {summary['seconds']} s."
    if verdict is not None:
        yield verdict.reason
    if generation is None:
        return
    if generation.state == "live":
        ours = f"Generation {generation.id} is live"
        yield f"{ours}; `indexer generations rollback` takes it back." if verdict is not None else f"{ours}."
    elif generation.state == "building" and verdict is not None:
        yield f"Generation {generation.id} stays unfinished, and the live one goes on answering."
    elif generation.state == "ready" and verdict is not None:
        yield (
            f"Generation {generation.id} stays ready, and the live one goes on answering. `indexer generations "
            f"compare` shows both; `indexer generations activate {generation.id}` switches anyway."
        )


def end_figures(reindexing: Reindexing) -> dict[str, object]:
    """Return what a reindex arrived at, and the gate's verdict, as JSON has it."""
    generation, verdict = reindexing.generation, reindexing.verdict
    return {
        "generation": generation and generation.id,
        "state": generation and generation.state,
        "activated": verdict is not None and generation is not None and generation.state == "live",
        "measured": verdict is not None and verdict.is_measured,
        "verdict": verdict and verdict.reason,
        "switch_ms": reindexing.switch_ms and round(reindexing.switch_ms, 1),
    }


def _describe_target(live: Generation, target: Target) -> str:
    if target.kind != RETRIEVAL:
        return f"Captions of kind {target.kind} are renewed{_revision(target)}; they are in no index."
    if target.is_of(live):
        made = "the newest prompt" if target.prompt else live.captioner_name
        said = f"The live generation {live.id} is made with {made} and {live.embedder}: what it lacks is brought in."
        return said if target.asks or live.captioner != "import" else f"{said} {_HOW_TO_RENEW}"
    named = ":".join(dict.fromkeys((target.captioner.name, target.captioner.model)))
    return (
        f"A new generation{_revision(target)} by {named}, embedder {target.embedder}, beside the live generation "
        f"{live.id} (revision {live.prompt_revision or 'none'}, {live.captioner_name}, {live.embedder})."
    )


def _revision(target: Target) -> str:
    if target.prompt is None:
        return ""
    return f" with revision {target.prompt.revision}" if target.prompt.revision else " with the new wording"
