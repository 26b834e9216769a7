"""What `indexer ingest --dry-run` prints."""

from datetime import timedelta

from indexer.cli.output import print_json
from indexer.pipelines.planning import Plan


def show_plan(plan: Plan, seen: int, noun: str, model: str, concurrency: int | None, *, as_json: bool) -> None:
    """Print a plan; its time is that of its answers, so many at once, or the day that batches may take."""
    seconds = plan.answers_s / concurrency if concurrency else None
    if as_json:
        _print_figures(plan, seen, seconds)
        return
    counted = ", ".join(f"{count:,} {standing}" for standing, count in plan.counts.items() if count)
    print(f"{seen:,} {noun}: {counted or 'none'}; {plan.to_do:,} to caption.")
    if plan.requests:
        basis = "as earlier requests took" if plan.is_measured else "a guess until requests like these were answered"
        print(
            f"{plan.requests:,} requests to {model}: some {round(plan.tokens):,} tokens, {_cost(plan)}, "
            f"{_time(seconds, concurrency)} ({basis})."
        )
    print("Nothing was sent.")


def _time(seconds: float | None, concurrency: int | None) -> str:
    if seconds is None:
        return "within a day in batches"
    return f"{timedelta(seconds=max(1, round(seconds)))} at {concurrency} in flight"


def _print_figures(plan: Plan, seen: int, seconds: float | None) -> None:
    figures: dict[str, object] = {"dry_run": True, "seen": seen, **plan.counts}
    figures |= {"to_do": plan.to_do, "requests": plan.requests, "tokens": round(plan.tokens)}
    figures |= {"cost_usd": _rounded(plan.cost_usd), "most_cost_usd": _rounded(plan.most_cost_usd)}
    print_json({**figures, "seconds": seconds and round(seconds, 1), "is_measured": plan.is_measured})


def _cost(plan: Plan) -> str:
    if plan.cost_usd is None or plan.most_cost_usd is None:
        return "price unknown"
    return f"${plan.cost_usd:,.4f} (never over ${plan.most_cost_usd:,.4f})"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
