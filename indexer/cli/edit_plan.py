"""What `indexer edit --dry-run` prints."""

from indexer.cli.output import print_json, say
from indexer.models import counted
from indexer.pipelines.editing.planning import EditPlan


def show_plan(plan: EditPlan, model: str, *, as_json: bool) -> None:
    """Print a plan: what is known, what cannot be done, and what the calls cost at the most."""
    if as_json:
        print_json(plan.summary())
        return
    for location, reason in plan.faults:
        say(f"failed: {location}: {reason}")
    cost = "price unknown" if plan.most_cost_usd is None else f"at most ${plan.most_cost_usd:.4f}"
    calls = counted(plan.calls, "call", "calls")
    edits = counted(plan.requests, "request", "requests")
    known = f"{plan.known} known, " if plan.known else ""
    refused = f"{plan.refused} refused before, " if plan.refused else ""
    failed = f"{len(plan.faults)} cannot be done, " if plan.faults else ""
    print(f"{edits}: {known}{refused}{failed}{calls} of {model}, {cost}.")
