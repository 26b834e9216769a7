"""What came of each image in a run, and the sum of it."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal

from indexer.errors import ModelError
from indexer.models import ImageId, Usage

Status = Literal["known", "captioned", "edited", "failed", "uncaptioned", "batched", "left"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one file's way through a run.

    known: nothing was to do. captioned: its caption is committed. failed: see `reason`. uncaptioned: the captioner had
    nothing to say of it. batched: its request waits in a batch. left: the run was stopped before its turn.
    `undone` counts other images captioned in this run whose captions turned out to be of no use. `error` is what a
    model raised that brought nothing.
    """

    location: str
    status: Status
    reason: str = ""
    quarantined: bool = False
    image_id: ImageId | None = None
    requests: int = 0
    usage: Usage = field(default_factory=Usage)
    undone: int = 0
    error: ModelError | None = None

    def cost_usd(self, most_usd: float) -> float:
        """Return what it cost; an answer of unknown cost counts as the most that it can have cost."""
        if self.usage.cost_usd is not None:
            return self.usage.cost_usd
        return most_usd if self.requests and (self.status == "captioned" or self.quarantined) else 0.0


@dataclass(slots=True)
class Tally:
    """Counts outcomes as they come; cost in USD, of the answers whose price is known."""

    seen: int = 0
    counts: Counter[Status] = field(default_factory=Counter)
    quarantined: int = 0
    requests: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        usage = outcome.usage
        self.counts[outcome.status] += 1
        self.counts["captioned"] -= outcome.undone
        self.counts["failed"] += outcome.undone
        self.quarantined += outcome.quarantined + outcome.undone
        self.requests += outcome.requests
        self.tokens += (usage.input_tokens or 0) + (usage.output_tokens or 0)
        self.cost_usd += usage.cost_usd or 0.0
        is_answered = outcome.status in ("captioned", "edited") and outcome.requests > 0
        self.unpriced += is_answered and usage.cost_usd is None

    def summary(self) -> dict[str, int | float]:
        """Return the counts under the names that `ingest --json` ends with."""
        return {
            "seen": self.seen,
            "known": self.counts["known"],
            "captioned": self.counts["captioned"],
            "failed": self.counts["failed"],
            "quarantined": self.quarantined,
            "uncaptioned": self.counts["uncaptioned"],
            "batched": self.counts["batched"],
            "left": self.counts["left"],
            "requests": self.requests,
            "tokens": self.tokens,
            "cost_usd": round(self.cost_usd, 6),
        }


def joined(first: Outcome, second: Outcome) -> Outcome:
    """Return the second outcome of the same image with what both took."""
    return replace(
        second,
        requests=first.requests + second.requests,
        usage=first.usage.plus(second.usage),
        undone=first.undone + second.undone,
    )
