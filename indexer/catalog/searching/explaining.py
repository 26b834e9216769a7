"""The arithmetic of a hit, for those who want to check it."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.catalog.store.hits import Candidate, Details, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedTerm:
    """A word of the query: how many entries hold it, what it is worth (all words together: 1), and if it is here."""

    word: str
    lexeme: str
    entries: int
    idf: float
    share: float
    is_matched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How a hit's score came about: dense_weight * similarity + (1 - dense_weight) * matched_share."""

    dense_weight: float
    similarity: float | None
    matched_share: float | None
    score: float
    terms: list[ExplainedTerm]


def explain(candidate: Candidate, details: Details, terms: Sequence[Term], dense_weight: float) -> Explanation:
    """Return the arithmetic of one hit."""
    mass = sum(term.idf for term in terms)
    return Explanation(
        dense_weight=1.0 if candidate.matched_share is None else 0.0 if candidate.similarity is None else dense_weight,
        similarity=candidate.similarity,
        matched_share=candidate.matched_share,
        score=candidate.score,
        terms=[
            ExplainedTerm(
                word=term.word,
                lexeme=term.lexeme,
                entries=term.entries,
                idf=term.idf,
                share=term.idf / mass,
                is_matched=term.lexeme in details.matched_lexemes,
            )
            for term in terms
        ],
    )
