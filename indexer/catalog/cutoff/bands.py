"""How sure a hit is: its signals, the curve that turns them into a probability, and the bands along it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from indexer.models import Band, Strictness

_ORDER: tuple[Band, ...] = ("strong", "likely", "weak")
_SHOWN: dict[Strictness, tuple[Band, ...]] = {
    "low": ("strong", "likely", "weak"),
    "normal": ("strong", "likely"),
    "high": ("strong",),
}

# A caption with all the words of a query scores this much: it fits, however much better another one does.
_HELD = 0.6


class Signals(Protocol):
    """What is known of a hit; None is a signal that the mode leaves out."""

    @property
    def similarity(self) -> float | None:
        """Its cosine to the query."""

    @property
    def lexical_score(self) -> float | None:
        """How much of the query's words it holds, weighted by how rare they are: 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A logistic model over the signals, and where its bands begin. All are logits.

    A hit is likely from `likely` on, and strong from `strong` on, unless it is more than `behind` below the best hit. A
    likely one may be further below where it holds the query's words.
    """

    intercept: float
    similarity: float
    lexical_score: float
    likely: float
    strong: float
    behind: float

    def logit(self, signals: Signals) -> float:
        """Return the evidence that a hit is what was asked for; 0 is even odds."""
        return (
            self.intercept
            + self.similarity * (signals.similarity or 0.0)
            + self.lexical_score * (signals.lexical_score or 0.0)
        )

    def probability(self, signals: Signals) -> float:
        """Return the probability, 0 to 1, of a hit to a query that is as likely to be off topic as not."""
        return _probability(self.logit(signals))

    def needed_similarity(self, signals: Signals) -> float | None:
        """Return the least cosine that makes a hit likely with the words that it holds; None where none counts."""
        if not self.similarity or signals.similarity is None:
            return None
        return (self.likely - self.intercept - self.lexical_score * (signals.lexical_score or 0.0)) / self.similarity

    @property
    def likely_from(self) -> float:
        """The least probability of a likely hit."""
        return _probability(self.likely)

    @property
    def strong_from(self) -> float:
        """The least probability of a strong hit."""
        return _probability(self.strong)

    def band(self, ranked: Sequence[Signals]) -> list[Band]:
        """Return a band for each hit of one ranked list; bands never get better further down.

        A hit above a better one is as good as that one.
        """
        floor = max((self.logit(signals) for signals in ranked), default=0.0) - self.behind
        places = [self._place(signals, floor) for signals in ranked]
        return [_ORDER[place] for place in accumulate(reversed(places), min)][::-1]

    def _place(self, signals: Signals, floor: float) -> int:
        logit, holds_words = self.logit(signals), (signals.lexical_score or 0.0) >= _HELD
        if logit >= max(self.strong, floor):
            return 0
        return 1 if logit >= self.likely and (logit >= floor or holds_words) else 2

    def explain(self, signals: Signals) -> dict[str, float]:
        """Return the arithmetic: weights, contributions, logit, probability, and the probabilities of the bands."""
        return {
            "intercept": self.intercept,
            "similarity_weight": self.similarity,
            "lexical_score_weight": self.lexical_score,
            "similarity_adds": self.similarity * (signals.similarity or 0.0),
            "lexical_score_adds": self.lexical_score * (signals.lexical_score or 0.0),
            "logit": self.logit(signals),
            "probability": self.probability(signals),
            "likely_from": self.likely_from,
            "strong_from": self.strong_from,
            "behind_best_at_most": self.behind,
        }


def is_shown(band: Band, strictness: Strictness) -> bool:
    """Tell whether a hit of this band is part of the answer."""
    return band in _SHOWN[strictness]


def _probability(logit: float) -> float:
    return 0.5 * (1 + math.tanh(logit / 2))
