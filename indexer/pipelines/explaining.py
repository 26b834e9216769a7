"""Explain why an image is or is not a hit for a query."""

from collections.abc import Iterator
from dataclasses import dataclass

from indexer.catalog.searching import Hit, Placed, Query, Searcher
from indexer.catalog.searching.conditions import make_conditions
from indexer.catalog.store import Store
from indexer.catalog.store.hits import Conditions
from indexer.models import RETRIEVAL, Generation, ImageId

_WINDOW_FULL = "Its captions would do, but so many images fit better that it is not ranked."


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedHit:
    """Whether a search for `query` shows an image, with the reason in a sentence.

    `rank` is its place in the ranked window, from 1; None outside of it, and where nothing is ranked. `hit` is what is
    known of it for the query; None where it has nothing of it, or no entry.
    """

    query: Query
    image_id: ImageId
    is_shown: bool
    rank: int | None
    reason: str
    hit: Hit | None


def explain_hit(searcher: Searcher, store: Store, query: Query, image_id: ImageId) -> ExplainedHit:
    """Explain what the live generation makes of an image for a query.

    Raises NotFoundError for an unknown image, and QueryError for filters that nothing can fulfil.
    """
    store.images.get_image(image_id)
    searcher.check_fields(query.wish.filters)
    generation = store.generations.get_live()
    if generation is None:
        return _explained(query, image_id, "Nothing is indexed yet.")
    if not store.hits.is_let_through(generation.id, image_id, None):
        return _explained(query, image_id, _why_no_entry(store, image_id))
    placed = searcher.place(query, image_id, generation) if query.is_ranked else None
    refused = _find_refusal(store, query, generation, image_id)
    if refused is not None:
        return _explained(query, image_id, refused, placed)
    if not query.is_ranked:
        return _explained(
            query, image_id, "All filters let it through, and without words nothing is ranked.", shown=True
        )
    if placed is None:
        return _explained(query, image_id, "It has no word of the query.")
    return _explained(query, image_id, _weigh(query, placed), placed, shown=placed.is_shown)


def _explained(
    query: Query, image_id: ImageId, reason: str, placed: Placed | None = None, *, shown: bool = False
) -> ExplainedHit:
    rank, hit = (placed.rank, placed.hit) if placed else (None, None)
    return ExplainedHit(query=query, image_id=image_id, is_shown=shown, rank=rank, reason=reason, hit=hit)


def _why_no_entry(store: Store, image_id: ImageId) -> str:
    captions = [caption for caption in store.captions.find_captions(image_id) if caption.kind == RETRIEVAL]
    if not captions:
        return "It has no caption to be found by: `indexer ingest` makes one."
    if captions[0].quarantine is not None:
        return f"It has no caption that can be used: {captions[0].quarantine}."
    return "It has a caption, and is not in the live index: `indexer ingest` brings it in."


def _find_refusal(store: Store, query: Query, generation: Generation, image_id: ImageId) -> str | None:
    """Say which condition of the query leaves an image out, if one does."""
    for conditions, reason in _conditions(query):
        if not store.hits.is_let_through(generation.id, image_id, conditions):
            return reason
    return None


def _conditions(query: Query) -> Iterator[tuple[Conditions | None, str]]:
    wish = query.wish
    for given in wish.filters:
        yield make_conditions([given]), f"The filter {given.field} leaves it out."
    for phrase in wish.phrases:
        yield make_conditions((), phrases=[phrase]), f"It does not have the words “{phrase}” next to each other."
    for word in wish.excluded:
        yield make_conditions((), excluded=[word]), f"It has “{word}”, which the query leaves out."


def _weigh(query: Query, placed: Placed) -> str:
    words, similarity = _tell_words(placed.hit), placed.hit.why.similarity
    near = "" if similarity is None else f" and its similarity is {similarity:.2f}"
    if placed.is_shown and placed.hit.why.is_exact:
        return f"It is number {placed.rank}: it holds the query word for word, which always counts."
    if placed.is_shown:
        return f"It is number {placed.rank}, a {placed.hit.band} match: it has {words}{near}."
    if not placed.is_likely:
        return _tell_too_little(placed, words)
    if placed.rank is None:
        return _WINDOW_FULL
    if placed.hit.band == "likely":
        return f"It has {words}{near}: a likely match, and strictness {query.strictness} shows strong ones alone."
    return f"It has {words}{near}, but other images fit so much better that it counts as a weak match."


def _tell_too_little(placed: Placed, words: str) -> str:
    similarity, needed = placed.hit.why.similarity, placed.needed
    if similarity is None or needed is None:
        return f"It has {words}, which is below what counts as a match in this library."
    rule = f"below the {needed:.2f} that would count as a match in this library"
    return f"It has {words}, and its similarity {similarity:.2f} is {rule}."


def _tell_words(hit: Hit) -> str:
    terms = hit.why.matched_terms
    if not terms:
        return "no word of the query"
    return f"the word {terms[0]}" if len(terms) == 1 else f"the words {', '.join(terms[:-1])} and {terms[-1]}"
