"""`indexer status`, `failures`, `costs` and `runs`: what is indexed, what is not, what it cost, what was done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from indexer.cli.output import JsonFlag, print_json, print_table
from indexer.models import counted, name_captioner

if TYPE_CHECKING:
    from indexer.catalog.store.failures import Failure
    from indexer.catalog.store.status import CaptionerShare, Counts
    from indexer.pipelines.generations.switching import Standing

_COST_COLUMNS = ("day", "model", "prompt\nrevisions", "requests", "tokens\nin", "tokens\nout", "cost")
_TOLD = ("edited", "captioned", "known", "failed", "indexed", "batched", "left")


def status(as_json: JsonFlag = False) -> None:
    """Show what is indexed, by which captioner, and what it cost."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.generations.switching import find_building, find_live, find_standings
    from indexer.pipelines.presenting import present_generation, present_standing
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        counts = store.status.count_everything()
        standings = find_standings(store)
        serving, building = find_live(standings), find_building(standings)
        shares = store.status.count_captioners(serving.generation.id) if serving else []
    entries = serving.coverage.entries if serving else 0
    if as_json:
        live = present_generation(serving.generation, serving.coverage) if serving else None
        generations = {"generation": live, "building": present_standing(building) if building else None}
        print_json({**asdict(counts), "entries": entries, **generations, "mix": [asdict(share) for share in shares]})
        return
    rows = [*_count_rows(counts, entries), *(_live_rows(serving, shares) if serving else [])]
    if building:
        rows.append((building.generation.state, _describe(building)))
    print_table(("", ""), rows)


def _count_rows(counts: "Counts", entries: int) -> list[tuple[str, object]]:
    unpriced = " and requests of unknown price" if counts.requests_without_price else ""
    return [
        ("images", f"{counts.images} at {counted(counts.locations, 'location', 'locations')}"),
        *([("made by edits", counts.edits)] if counts.edits else []),
        ("captions", counts.captions),
        ("entries", entries),
        ("failures", counts.failures),
        ("quarantined", counts.quarantined),
        ("requests", counts.requests),
        ("waiting in a batch", counts.batched),
        ("cost", f"${counts.cost_usd:.4f}{unpriced}"),
    ]


def _live_rows(serving: "Standing", shares: Sequence["CaptionerShare"]) -> list[tuple[str, object]]:
    live, coverage = serving.generation, serving.coverage
    return [
        ("generation", f"{live.id}, by {live.captioner_name}, embedder {live.embedder}"),
        ("coverage", f"{coverage.share:.1%} of the images, {coverage.fresh_share:.1%} of them fresh"),
        *(("made of", f"{share.entries:,} by {name_captioner(share.captioner, share.model)}") for share in shares),
    ]


def _describe(standing: "Standing") -> str:
    generation, coverage = standing.generation, standing.coverage
    made = f"by {generation.captioner_name}, embedder {generation.embedder}"
    entries = counted(coverage.entries, "entry", "entries")
    return f"generation {generation.id}, {made}: {entries}, {coverage.share:.1%} of the images"


def failures(
    quarantined: Annotated[
        bool, typer.Option("--quarantined", help="Only images whose answers could not be used.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List what could not be done, and why."""
    from indexer.catalog.opening import open_store
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        found = [failure for failure in store.failures.find_failures() if failure.quarantined or not quarantined]
    if as_json:
        for failure in found:
            print_json(asdict(failure))
    elif not found:
        print("Nothing failed.")
    else:
        for failure in found:
            tries = counted(max(1, failure.attempts), "try", "tries")
            print(f"{failure.location}\n    {failure.reason} ({failure.stage}, {tries}; {_tell_again(failure)})")


def _tell_again(failure: "Failure") -> str:
    if failure.stage == "request":
        return "not tried until the line is changed"
    return "the next run tries again" if failure.retryable else "tried again only with --retry-failed"


def costs(as_json: JsonFlag = False) -> None:
    """Show what was paid, by day, model and prompt revision."""
    from indexer.catalog.opening import open_store
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        found = store.status.sum_costs()
    if as_json:
        for cost in found:
            print_json(asdict(cost))
        return
    rows = [
        (
            c.day,
            name_captioner(c.captioner, c.model),
            ", ".join(c.prompts) or ("edits" if c.edits else "records"),
            f"{c.requests:,}",
            f"{c.input_tokens:,}",
            f"{c.output_tokens:,}",
            "unknown" if c.unpriced else f"${c.cost_usd:.4f}",
        )
        for c in found
    ]
    print_table(_COST_COLUMNS, rows)
    print(f"${sum(cost.cost_usd for cost in found):.4f} in all, of the requests whose price is known.")


def runs(
    limit: Annotated[int, typer.Option("-l", "--limit", min=1, help="Show at most this many.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """Show the latest runs and how they ended."""
    from indexer.catalog.opening import open_store
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        found = store.status.find_runs(limit=limit)
    if as_json:
        for run in found:
            print_json(asdict(run))
        return
    rows = []
    for run in found:
        ended = "running" if run.alive else "interrupted" if run.finished_at is None else f"{run.finished_at:%H:%M:%S}"
        if run.summary and (how := run.summary.get("ended", "done")) != "done":
            ended += f", {how}"
        did = ", ".join(_tell_summary(run.summary or {}))
        rows.append((run.id, run.command, f"{run.started_at:%Y-%m-%d %H:%M:%S}", ended, did))
    print_table(("run", "command", "started", "ended", "did"), rows)


def _tell_summary(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a run did, in clauses."""
    if summary.get("generation"):
        yield f"generation {summary['generation']}"
    yield from (f"{summary[name]:,} {name}" for name in _TOLD if summary.get(name))
    if summary.get("requests"):
        yield counted(summary["requests"], "request", "requests")
