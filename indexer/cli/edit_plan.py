"""What `indexer edit --dry-run` prints."""

from indexer.cli.output import print_json
from indexer.cli.telling import tell_fault
from indexer.models import counted
from indexer.pipelines.editing.planning import EditPlan


def show_plan(plan: EditPlan, model: str, *, as_json: bool) -> None:
    """Print a plan: what is known, what cannot be done, and what the calls cost at the most."""
    for location, reason in plan.faults:
        tell_fault(location, reason, as_json=as_json)
    if as_json:
        print_json(plan.summary())
        return
    cost = "price unknown" if plan.most_cost_usd is None else f"at most ${plan.most_cost_usd:.4f}"
    calls = counted(plan.calls, "call", "calls")
    edits = counted(plan.requests, "request", "requests")
    known = f"{plan.known} known, " if plan.known else ""
    refused = f"{plan.refused} refused before, " if plan.refused else ""
    failed = f"{len(plan.faults)} cannot be done, " if plan.faults else ""
    print(f"{edits}: {known}{refused}{failed}{calls} of {model}, {cost}.")
