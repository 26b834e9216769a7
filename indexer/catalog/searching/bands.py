"""How sure a hit is: its signals, the curve that turns them into a probability, and the bands along it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from indexer.models import Band, Strictness

_ORDER: tuple[Band, ...] = ("strong", "likely", "weak")
_SHOWN: dict[Strictness, tuple[Band, ...]] = {
    "low": ("strong", "likely", "weak"),
    "normal": ("strong", "likely"),
    "high": ("strong",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is known of a hit; None is a signal that the mode leaves out.

    `similarity` is its cosine to the query, `matched_share` the share of the query's IDF mass that it holds, `is_exact`
    whether it has the query as a phrase or as visible text.
    """

    similarity: float | None = None
    matched_share: float | None = None
    is_exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A logistic model over the signals, and where its bands begin. All are logits.

    A hit is likely from `likely` on, and strong from `strong` on, unless it is more than `behind` below the best hit.
    """

    intercept: float
    similarity: float
    matched_share: float
    likely: float
    strong: float
    behind: float

    def logit(self, signals: Signals) -> float:
        """Return the evidence that a hit is what was asked for; 0 is even odds."""
        return (
            self.intercept
            + self.similarity * (signals.similarity or 0.0)
            + self.matched_share * (signals.matched_share or 0.0)
        )

    def probability(self, signals: Signals) -> float:
        """Return the probability, 0 to 1, of a hit to a query that is as likely to be off topic as not."""
        return _probability(self.logit(signals))

    def band(self, ranked: Sequence[Signals]) -> list[Band]:
        """Return a band for each hit of one ranked list; bands never get better further down.

        A hit above a better one is as good as that one. An exact hit is likely at the least.
        """
        logits = [self.logit(signals) for signals in ranked]
        floor = max(logits, default=0.0) - self.behind
        places = [self._place(x, floor, signals) for x, signals in zip(logits, ranked, strict=True)]
        return [_ORDER[place] for place in accumulate(reversed(places), min)][::-1]

    def _place(self, logit: float, floor: float, signals: Signals) -> int:
        if logit >= max(self.strong, floor):
            return 0
        return 1 if signals.is_exact or logit >= max(self.likely, floor) else 2

    def explain(self, signals: Signals) -> dict[str, float]:
        """Return the arithmetic: weights, contributions, logit, probability, and the probabilities of the bands."""
        return {
            "intercept": self.intercept,
            "similarity_weight": self.similarity,
            "matched_share_weight": self.matched_share,
            "similarity_adds": self.similarity * (signals.similarity or 0.0),
            "matched_share_adds": self.matched_share * (signals.matched_share or 0.0),
            "logit": self.logit(signals),
            "probability": self.probability(signals),
            "likely_from": _probability(self.likely),
            "strong_from": _probability(self.strong),
            "behind_best_at_most": self.behind,
        }


def is_shown(band: Band, strictness: Strictness) -> bool:
    """Tell whether a hit of this band is part of the answer."""
    return band in _SHOWN[strictness]


def _probability(logit: float) -> float:
    return 0.5 * (1 + math.tanh(logit / 2))
