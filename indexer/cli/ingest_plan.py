"""What `indexer ingest --dry-run` prints."""

from datetime import timedelta

from indexer.cli.output import print_json
from indexer.models import counted
from indexer.pipelines.planning import Plan


def show_plan(plan: Plan, seen: int, noun: str, model: str, concurrency: int | None, *, as_json: bool) -> None:
    """Print a plan; its time is that of its answers, so many at once, or the day that batches may take."""
    if as_json:
        print_json({"dry_run": True, "seen": seen, **plan.counts, **plan_figures(plan, concurrency)})
        return
    counted = ", ".join(f"{count:,} {standing}" for standing, count in plan.counts.items() if count)
    print(f"{seen:,} {noun}: {counted or 'none'}; {plan.to_do:,} to caption.")
    if plan.requests:
        print(describe_requests(plan, model, concurrency))
    print("Nothing was sent.")


def _time(seconds: float | None, concurrency: int | None) -> str:
    if seconds is None:
        return "within a day in batches"
    return f"{timedelta(seconds=max(1, round(seconds)))} at {concurrency} in flight"


def describe_requests(plan: Plan, model: str, concurrency: int | None) -> str:
    """Say in a sentence what a plan's requests take, so many at once, or in batches where that is None."""
    basis = "as earlier requests took" if plan.is_measured else "a guess until requests like these were answered"
    seconds = plan.answers_s / concurrency if concurrency else None
    return (
        f"{counted(plan.requests, 'request', 'requests')} to {model}: some {round(plan.tokens):,} tokens, "
        f"{_cost(plan)}, {basis}; {_time(seconds, concurrency)}."
    )


def plan_figures(plan: Plan, concurrency: int | None) -> dict[str, object]:
    """Return what a plan's requests take as JSON has it."""
    seconds = plan.answers_s / concurrency if concurrency else None
    return {
        "to_do": plan.to_do,
        "requests": plan.requests,
        "tokens": round(plan.tokens),
        "cost_usd": _rounded(plan.cost_usd),
        "most_cost_usd": _rounded(plan.most_cost_usd),
        "seconds": seconds and round(seconds, 1),
        "is_measured": plan.is_measured,
    }


def _cost(plan: Plan) -> str:
    if plan.cost_usd is None or plan.most_cost_usd is None:
        return "price unknown"
    return f"${plan.cost_usd:,.4f} (never over ${plan.most_cost_usd:,.4f})"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
