"""`indexer status`, `failures`, `costs` and `runs`: what is indexed, what is not, what it cost, what was done."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from indexer.cli.output import JsonFlag, print_json, print_table
from indexer.models import counted, name_captioner

if TYPE_CHECKING:
    from indexer.catalog.store.failures import Failure
    from indexer.pipelines.presenting import StandingAnswer
    from indexer.pipelines.presenting_status import ShareAnswer, StatusAnswer

_COST_COLUMNS = ("day", "model", "prompt\nrevisions", "requests", "tokens\nin", "tokens\nout", "cost")
_TOLD = ("edited", "captioned", "known", "failed", "indexed", "batched", "left")


def status(as_json: JsonFlag = False) -> None:
    """Show what is indexed, by which captioner, and what it cost."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.counting import count_status
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        answer = count_status(store)
    if as_json:
        print_json({**answer, "mix": answer["captioners"]})
        return
    rows = _count_rows(answer)
    if (live := answer["generation"]) is not None:
        rows += _live_rows(live, answer["captioners"])
    if (building := answer["building"]) is not None:
        rows.append((building["state"], _describe(building)))
    print_table(("", ""), rows)


def _count_rows(status: "StatusAnswer") -> list[tuple[str, object]]:
    unpriced = " and requests of unknown price" if status["requests_without_price"] else ""
    return [
        ("images", f"{status['images']} at {counted(status['locations'], 'location', 'locations')}"),
        *([("made by edits", status["edits"])] if status["edits"] else []),
        ("captions", status["captions"]),
        ("entries", status["entries"]),
        ("failures", status["failures"]),
        ("quarantined", status["quarantined"]),
        ("requests", status["requests"]),
        ("waiting in a batch", status["batched"]),
        ("cost", f"${status['cost_usd']:.4f}{unpriced}"),
    ]


def _live_rows(live: "StandingAnswer", shares: "Sequence[ShareAnswer]") -> list[tuple[str, object]]:
    return [
        ("generation", f"{live['id']}, by {live['captioner']}, embedder {live['embedder']}"),
        ("coverage", f"{live['coverage']:.1%} of the images, {live['fresh']:.1%} of them fresh"),
        *(
            ("made of", f"{share['entries']:,} by {name_captioner(share['captioner'], share['model'])}")
            for share in shares
        ),
    ]


def _describe(standing: "StandingAnswer") -> str:
    made = f"by {standing['captioner']}, embedder {standing['embedder']}"
    entries = counted(standing["entries"], "entry", "entries")
    return f"generation {standing['id']}, {made}: {entries}, {standing['coverage']:.1%} of the images"


def failures(
    quarantined: Annotated[
        bool, typer.Option("--quarantined", help="Only images whose answers could not be used.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List what could not be done, and why."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.presenting_status import present_failure
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        found = [failure for failure in store.failures.find_failures() if failure.quarantined or not quarantined]
    if as_json:
        for failure in found:
            print_json(present_failure(failure))
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
    from indexer.pipelines.presenting_status import present_cost
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        found = store.status.sum_costs()
    if as_json:
        for cost in found:
            print_json(present_cost(cost))
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
    from indexer.pipelines.presenting_status import present_run
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        found = store.status.find_runs(limit=limit)
    if as_json:
        for run in found:
            print_json(present_run(run))
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
