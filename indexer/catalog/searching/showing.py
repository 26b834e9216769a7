"""Turn what the store found into hits."""

from collections.abc import Sequence

from indexer.catalog.searching.cursors import Shown
from indexer.catalog.searching.explaining import Explanation
from indexer.catalog.searching.highlighting import count_words, mark_words
from indexer.catalog.searching.results import Hit, Why
from indexer.catalog.store.hits import Candidate, Details

# How much one matched word counts against cosine when the sentence to show is chosen.
_MATCH_WEIGHT = 0.05


def show(
    place: Shown, details: Details, ranked: Candidate | None = None, explanation: Explanation | None = None
) -> Hit:
    """Return a hit; of an image that was listed without a ranking, with no scores."""
    lexemes = frozenset(details.matched_lexemes)
    instruction = _tell_instruction(details.instructions, lexemes)
    return Hit(
        image_id=place.image_id,
        score=ranked.score if ranked else 0.0,
        band=place.band,
        caption=details.sentences[0],
        origin=details.origin,
        width=details.width,
        height=details.height,
        location=details.location,
        instruction=instruction,
        duplicates=place.duplicates,
        explanation=explanation,
        why=Why(
            dense_rank=ranked.dense_rank if ranked else None,
            similarity=ranked.similarity if ranked else None,
            lexical_rank=ranked.lexical_rank if ranked else None,
            lexical_score=ranked.lexical_score if ranked else None,
            is_exact=ranked.is_exact if ranked else False,
            matched_terms=details.matched_terms,
            highlight=_highlight(details, lexemes),
            instruction_highlight=None if instruction is None else mark_words(instruction, lexemes),
            captioner=details.captioner,
            prompt_revision=details.prompt_revision,
            corrected=details.corrected,
        ),
    )


def _tell_instruction(instructions: Sequence[str], lexemes: frozenset[str]) -> str | None:
    """Return the instruction with most of the query's words, the last one of equals."""
    return max(reversed(instructions), key=lambda said: count_words(said, lexemes), default=None)


def _highlight(details: Details, lexemes: frozenset[str]) -> str:
    """Return the sentence nearest to the query, in vector and in words, as HTML with its matched words marked."""
    similarities = details.sentence_similarities or [None] * len(details.sentences)
    nearness = [
        (similarity or 0.0) + _MATCH_WEIGHT * count_words(sentence, lexemes)
        for sentence, similarity in zip(details.sentences, similarities, strict=True)
    ]
    return mark_words(details.sentences[nearness.index(max(nearness))], lexemes)
