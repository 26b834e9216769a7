"""Sentences of every run that asks: what failed, what it cost, what an interrupted one left."""

from collections.abc import Iterator

from indexer.captioning.captioner import Captioner
from indexer.cli.output import print_json, say
from indexer.models import counted
from indexer.pipelines.outcomes import Outcome, Tally
from indexer.settings import Settings

_MOST_SHOWN = 20
_OFFLINE = (
    "No OPENAI_API_KEY or OPENAI_BASE_URL is set, so captions are made offline: visible text, words inside "
    "the file and its name, colours. Set one, or name a captioner, and run `indexer ingest` for captions by a model."
)


def tell_failure(outcome: Outcome, tally: Tally, *, as_json: bool) -> None:
    """Say why an image failed: as JSON each, for people the first ones of a run."""
    if outcome.status != "failed":
        return
    if as_json or tally.counts["failed"] <= _MOST_SHOWN:
        tell_fault(outcome.location, outcome.reason, quarantined=outcome.quarantined, as_json=as_json)


def tell_fault(location: str, reason: str, *, quarantined: bool = False, as_json: bool) -> None:
    """Say why one thing cannot be done."""
    if as_json:
        print_json({"failed": {"location": location, "reason": reason, "quarantined": quarantined}})
    else:
        say(f"failed: {location}: {reason}")


def announce_offline(captioner: Captioner, settings: Settings) -> None:
    """Say that captions are made offline where nobody asked for that."""
    if captioner.name == "offline" and settings.captioner is None:
        say(_OFFLINE)


def tell_lost(requests: int) -> None:
    """Say how many requests of an interrupted run are lost, if any."""
    if requests:
        lost = counted(requests, "request", "requests")
        say(f"{lost} of an interrupted run had no answer; what they were for is asked again.")


def describe_rest(ended: object, budget_usd: float | None, *, is_exhausted: bool) -> Iterator[str]:
    """Yield why a run ended before all was done, where it did."""
    if is_exhausted:
        yield f"The budget of {_money(budget_usd or 0.0)} leaves no room for another request; the rest waits."
    elif ended == "stopped":
        yield "Stopped before the end: run the same command again, and it goes on from here."


def describe_requests_made(tally: Tally) -> str:
    """Say in a clause what was asked and what it cost."""
    requests = counted(tally.requests, "request", "requests")
    if not tally.requests:
        return requests
    cost = "price unknown" if tally.unpriced else f"${tally.cost_usd:.4f}"
    return f"{requests}, {tally.tokens:,} tokens, {cost}"


def _money(usd: float) -> str:
    """Write an amount with two decimals, or as many as it has."""
    whole, _, cents = f"{usd:.6f}".rstrip("0").partition(".")
    return f"${whole}.{cents:0<2}"
