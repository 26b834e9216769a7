"""Hits as the cut-off sees them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    similarity: float | None = None
    lexical_score: float | None = None
