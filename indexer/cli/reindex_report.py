"""What `indexer reindex` says at its end: what came of it, and what to do next."""

from collections.abc import Iterator, Mapping

from indexer.cli.telling import describe_requests_made
from indexer.models import Generation, GenerationId, counted
from indexer.pipelines.outcomes import Tally
from indexer.pipelines.reindexing.reindexing import Reindexing


def describe_end(
    reindexing: Reindexing, before: GenerationId, tally: Tally, summary: Mapping[str, object]
) -> Iterator[str]:
    """Yield in sentences what came of a reindex; `before` was live when it began."""
    generation, verdict = reindexing.generation, reindexing.verdict
    if verdict is None and summary["ended"] == "done" and not (tally.seen or reindexing.written):
        kind = reindexing.target.kind
        no_kind = f"no caption of kind {kind} is to be renewed"
        yield f"Nothing was to do: {f'generation {generation.id} is live already' if generation else no_kind}."
        return
    captioned = counted(tally.counts["captioned"], "image", "images")
    written = counted(reindexing.written, "entry", "entries")
    yield f"{captioned} captioned, {written} written, {describe_requests_made(tally)}, {summary['seconds']} s."
    if verdict is not None:
        yield verdict.reason
    if generation is not None:
        yield from _describe_standing(generation, before, is_judged=verdict is not None)
    yield from describe_left(tally)


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


def _describe_standing(generation: Generation, before: GenerationId, *, is_judged: bool) -> Iterator[str]:
    if generation.state == "live" and not is_judged:
        yield f"Generation {generation.id} is live."
    elif generation.state == "live":
        yield f"Generation {generation.id} is live; `indexer generations rollback` takes it back."
    elif generation.state == "building" and is_judged:
        yield f"Generation {generation.id} stays unfinished, and the live one goes on answering."
    elif generation.state == "ready" and is_judged:
        yield (
            f"Generation {generation.id} stays ready, and the live one goes on answering. `indexer generations "
            f"compare {before} {generation.id}` shows both; `indexer generations activate {generation.id}` switches "
            "anyway."
        )


def describe_left(tally: Tally) -> Iterator[str]:
    """Yield what came of the images that were not captioned."""
    if tally.quarantined:
        answers = counted(tally.quarantined, "answer was", "answers were")
        without = "`indexer failures --quarantined` lists images without any"
        yield f"{answers} of no use: older captions of these images serve on; {without}."
    if failed := tally.counts["failed"] - tally.quarantined:
        yield f"{counted(failed, 'image', 'images')} failed; `indexer failures` says why."
    if batched := tally.counts["batched"]:
        yield f"{counted(batched, 'image waits', 'images wait')} in a batch: `indexer reindex --batch` collects it."
