"""The arithmetic of a hit, for those who want to check it."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.catalog.cutoff.bands import Curve
from indexer.catalog.store.hits import Candidate, Details, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedTerm:
    """A word of the query: how many entries hold it, its share of what all words are worth, and its weight here.

    The lexical score is the sum of share * weight; the weight is 0 where the image lacks the word.
    """

    word: str
    lexeme: str
    entries: int
    idf: float
    share: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How a hit's score came about: dense_weight * similarity + (1 - dense_weight) * lexical_score.

    `cutoff` is how its band did: see `Curve.explain`.
    """

    score: float
    dense_weight: float
    similarity: float | None
    lexical_score: float | None
    terms: list[ExplainedTerm]
    cutoff: dict[str, float]


def explain(candidate: Candidate, details: Details, terms: Sequence[Term], curve: Curve) -> Explanation:
    """Return the arithmetic of one hit."""
    weights = dict(zip(details.matched_lexemes, details.matched_weights, strict=True))
    mass = sum(term.idf for term in terms)
    alone = 1.0 if candidate.lexical_score is None else 0.0 if candidate.similarity is None else None
    return Explanation(
        score=candidate.score,
        dense_weight=candidate.dense_weight if alone is None else alone,
        similarity=candidate.similarity,
        lexical_score=candidate.lexical_score,
        terms=[
            ExplainedTerm(
                word=term.word,
                lexeme=term.lexeme,
                entries=term.entries,
                idf=term.idf,
                share=term.idf / mass,
                weight=weights.get(term.lexeme, 0.0),
            )
            for term in terms
        ],
        cutoff=curve.explain(candidate),
    )
