"""What `indexer reindex` says before it begins: its plan, in sentences and as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from indexer.cli.ingest_plan import describe_requests, plan_figures
from indexer.cli.output import print_json
from indexer.models import OFFLINE_RANK, RETRIEVAL, Generation, counted, name_captioner
from indexer.pipelines.reindexing.planning import Renewal
from indexer.pipelines.reindexing.targets import Target

_HOW_TO_RENEW = (
    "Its captions were imported: with a key, or --captioner, a model makes them anew; --embedder embeds them anew."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a reindex would do to the live generation.

    `at_once` requests are in flight, None where they go in batches. Embedding alone takes `embedding_s` seconds, None
    where that was not tried. `budget_usd` is what this run may cost at most, None without a limit.
    """

    live: Generation
    target: Target
    renewal: Renewal
    at_once: int | None
    embedding_s: float | None
    budget_usd: float | None


def describe_plan(forecast: Forecast) -> Iterator[str]:
    """Yield a plan in sentences."""
    live, target, renewal = forecast.live, forecast.target, forecast.renewal
    yield _describe_target(live, target)
    if renewal.made is not None and not target.is_of(live):
        yield f"Generation {renewal.made.id}, which is {renewal.made.state}, goes on."
    yield _describe_images(target, renewal)
    if target.captioner.rank == OFFLINE_RANK and target.captioner.name != live.captioner and target.asks:
        none = "" if renewal.asking.to_do else ", and nothing would come of this"
        yield f"Captions made offline rank lower than those of a model: where an image has one, it stays{none}."
    if renewal.asking.requests:
        yield describe_requests(renewal.asking, target.captioner.model, forecast.at_once)
        yield from _describe_shortage(renewal.asking.cost_usd, forecast.budget_usd)
    if target.kind == RETRIEVAL and not target.is_of(live) and renewal.to_embed:
        seconds = forecast.embedding_s
        time = "" if seconds is None else f", some {timedelta(seconds=max(1, round(seconds)))} here"
        yield f"{counted(renewal.to_embed, 'entry', 'entries')} to embed with {target.embedder}{time}."


def print_plan(forecast: Forecast) -> None:
    """Print a plan's figures as JSON."""
    target, renewal = forecast.target, forecast.renewal
    print_json(
        {
            "dry_run": True,
            "kind": target.kind,
            "live": forecast.live.id,
            "prompt_revision": target.prompt.revision if target.prompt else None,
            "captioner": name_captioner(target.captioner.name, target.captioner.model),
            "embedder": target.embedder,
            "is_live": target.is_of(forecast.live),
            "images": renewal.images,
            "reused": renewal.reused,
            "batched": renewal.batched,
            "made": renewal.made and renewal.made.id,
            **plan_figures(renewal.asking, forecast.at_once),
            "embedding_seconds": forecast.embedding_s and round(forecast.embedding_s, 3),
        }
    )


def _describe_target(live: Generation, target: Target) -> str:
    if target.kind != RETRIEVAL:
        return f"Captions of kind {target.kind} are renewed{_revision(target)}; they are in no index."
    if target.is_of(live):
        said = f"The live generation {live.id} is made so already ({_made_with(live)}): what it lacks is brought in."
        return said if target.asks or live.captioner != "import" else f"{said} {_HOW_TO_RENEW}"
    named = name_captioner(target.captioner.name, target.captioner.model)
    return (
        f"A new generation{_revision(target)} by {named}, embedder {target.embedder}, beside the live generation "
        f"{live.id} ({_made_with(live)})."
    )


def _made_with(live: Generation) -> str:
    revision = f"revision {live.prompt_revision}, " if live.prompt_revision else ""
    return f"{revision}{live.captioner_name}, {live.embedder}"


def _revision(target: Target) -> str:
    if target.prompt is None:
        return ""
    return f" with revision {target.prompt.revision}" if target.prompt.revision else " with the new wording"


def _describe_images(target: Target, renewal: Renewal) -> str:
    images = counted(renewal.images, "image", "images")
    if target.kind != RETRIEVAL and not renewal.images:
        how = f"`indexer ingest FOLDER --kinds {target.kind}` makes them"
        return f"No image has captions of kind {target.kind} yet: {how}."
    if not target.asks:
        return f"{images}: their captions stay as they are."
    parts = [f"{renewal.asking.to_do:,} to be captioned anew"]
    if renewal.batched:
        parts.append(f"{renewal.batched:,} {'waits' if renewal.batched == 1 else 'wait'} in a batch")
    there = "an answer to this prompt already" if target.prompt else "such captions already, or better ones"
    parts.append(f"{renewal.reused:,} {'has' if renewal.reused == 1 else 'have'} {there}")
    return f"{images}: {', '.join(parts)}."


def _describe_shortage(cost_usd: float | None, budget_usd: float | None) -> Iterator[str]:
    if budget_usd is not None and cost_usd is not None and cost_usd > budget_usd:
        yield f"The budget of ${budget_usd} will not suffice: run the same command again, and it goes on from there."
