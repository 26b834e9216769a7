"""The contract's JSON for what is indexed, what failed, what it cost, what was done: for the terminal and for HTTP."""

from collections.abc import Sequence
from typing import Any

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11

from indexer.catalog.store.failures import Failure
from indexer.catalog.store.status import CaptionerShare, Cost, Counts, PastRun
from indexer.models import RunId
from indexer.pipelines.generations.switching import Standing, find_building, find_live
from indexer.pipelines.presenting import StandingAnswer, present_standing


class ShareAnswer(TypedDict):
    """How many entries of the live generation are made of one captioner's captions."""

    captioner: str
    model: str
    entries: int


class StatusAnswer(TypedDict):
    """How much of each there is; edits are among the images, cost is in USD, of the requests whose price is known.

    `generation` is the live one, null while nothing is indexed, and `building` the newest that is to take its place.
    """

    images: int
    edits: int
    locations: int
    captions: int
    entries: int
    requests: int
    batched: int
    failures: int
    quarantined: int
    cost_usd: float
    requests_without_price: int
    generation: StandingAnswer | None
    building: StandingAnswer | None
    captioners: list[ShareAnswer]


class CostAnswer(TypedDict):
    """What was paid on one day for a model and prompt revisions, or for edits; `cost_usd` lacks `unpriced` requests."""

    day: str
    captioner: str
    model: str
    prompts: list[str]
    edits: bool
    requests: int
    attempts: int
    answered: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int


class FailureAnswer(TypedDict):
    """One image, or one line of a file, that could not be done, and whether the next run tries it again."""

    location: str
    stage: str
    reason: str
    attempts: int
    retryable: bool
    quarantined: bool
    last_at: str


class RunAnswer(TypedDict):
    """One execution of a command; without `finished_at` it is alive, or was interrupted."""

    id: RunId
    command: str
    arguments: dict[str, Any]
    started_at: str
    finished_at: str | None
    summary: dict[str, Any] | None
    alive: bool


def present_status(counts: Counts, standings: Sequence[Standing], shares: Sequence[CaptionerShare]) -> StatusAnswer:
    """Return what is indexed; `shares` are those of the live generation."""
    serving, building = find_live(standings), find_building(standings)
    return {
        "images": counts.images,
        "edits": counts.edits,
        "locations": counts.locations,
        "captions": counts.captions,
        "entries": serving.coverage.entries if serving else 0,
        "requests": counts.requests,
        "batched": counts.batched,
        "failures": counts.failures,
        "quarantined": counts.quarantined,
        "cost_usd": counts.cost_usd,
        "requests_without_price": counts.requests_without_price,
        "generation": present_standing(serving) if serving else None,
        "building": present_standing(building) if building else None,
        "captioners": [
            {"captioner": share.captioner, "model": share.model, "entries": share.entries} for share in shares
        ],
    }


def present_cost(cost: Cost) -> CostAnswer:
    """Return what one day's requests of one sort cost."""
    return {
        "day": cost.day.isoformat(),
        "captioner": cost.captioner,
        "model": cost.model,
        "prompts": cost.prompts,
        "edits": cost.edits,
        "requests": cost.requests,
        "attempts": cost.attempts,
        "answered": cost.answered,
        "input_tokens": cost.input_tokens,
        "output_tokens": cost.output_tokens,
        "cost_usd": cost.cost_usd,
        "unpriced": cost.unpriced,
    }


def present_failure(failure: Failure) -> FailureAnswer:
    """Return what could not be done, and why."""
    return {
        "location": failure.location,
        "stage": failure.stage,
        "reason": failure.reason,
        "attempts": failure.attempts,
        "retryable": failure.retryable,
        "quarantined": failure.quarantined,
        "last_at": failure.last_at.isoformat(),
    }


def present_run(run: PastRun) -> RunAnswer:
    """Return what one command did."""
    return {
        "id": run.id,
        "command": run.command,
        "arguments": run.arguments,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "summary": run.summary,
        "alive": run.alive,
    }
