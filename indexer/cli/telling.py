"""Tell of an image that failed, while a run goes on."""

from indexer.cli.output import print_json, say
from indexer.pipelines.outcomes import Outcome, Tally

_MOST_SHOWN = 20


def tell_failure(outcome: Outcome, tally: Tally, *, as_json: bool) -> None:
    """Say why an image failed: as JSON each, for people the first ones of a run."""
    if outcome.status != "failed":
        return
    if as_json:
        failure = {"location": outcome.location, "reason": outcome.reason, "quarantined": outcome.quarantined}
        print_json({"failed": failure})
    elif tally.counts["failed"] <= _MOST_SHOWN:
        say(f"failed: {outcome.location}: {outcome.reason}")
