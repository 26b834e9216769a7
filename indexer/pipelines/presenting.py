"""The contract's JSON for search results: one shape for the terminal and for HTTP."""

from dataclasses import asdict
from typing import Any, NotRequired

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11

from indexer.catalog.searching import Hit, Results, Why
from indexer.catalog.store.generations import Coverage
from indexer.models import Band, Generation, ImageId, Mode, Origin, State
from indexer.pipelines.addresses import Addresses, addresses_of
from indexer.pipelines.generations.switching import Standing
from indexer.pipelines.matching import Matched, MatchedBy


class GenerationAnswer(TypedDict):
    """The index that answered; coverage and fresh are shares, 0 to 1."""

    id: int
    prompt_revision: int | None
    captioner: str
    embedder: str
    coverage: float
    fresh: float


class StandingAnswer(GenerationAnswer):
    """One generation among all: its state, its size with its indexes, and what was found out before a switch to it."""

    state: State
    dimensions: int
    entries: int
    size_bytes: int
    created_at: str
    activated_at: str | None
    verdict: str | None


class WhyAnswer(TypedDict):
    """Why a hit is there; the highlights are escaped HTML with <mark> around matched words.

    `lexical_score` is the share of the query's words that the image has, weighted by how rare they are, and how much of
    its text they are. `exact` hits hold the query as a phrase, or in the picture itself: no cut-off leaves them out.
    `near_duplicate`, of a search by image, tells whether the picture looks the same.
    """

    dense_rank: int | None
    similarity: float | None
    lexical_rank: int | None
    lexical_score: float | None
    exact: bool
    matched_terms: list[str]
    highlight: str
    instruction_highlight: str | None
    captioner: str | None
    prompt_revision: int | None
    corrected: bool
    near_duplicate: NotRequired[bool]


class HitAnswer(Addresses):
    """One image that fits; a higher score is better. `duplicates` counts the hits folded into it.

    `instruction` is what an edited image was asked for by, of several turns the one with most of the query's words.
    `explanation` holds the arithmetic of the score, where it was asked for.
    """

    image_id: ImageId
    score: float
    band: Band
    caption: str
    origin: Origin
    instruction: str | None
    width: int
    height: int
    location: str
    duplicates: int
    why: WhyAnswer
    explanation: NotRequired[dict[str, Any]]


class TookAnswer(TypedDict):
    """Milliseconds."""

    embed: float
    search: float
    total: float


class SearchAnswer(TypedDict):
    """The answer to a search; `generation` is null while nothing is indexed."""

    query: str
    mode: Mode
    no_match: bool
    next_cursor: str | None
    generation: GenerationAnswer | None
    hits: list[HitAnswer]
    took_ms: TookAnswer


class MatchedAnswer(SearchAnswer):
    """The answer to a search by a file: how its image was recognised, and the caption if that had to be made of it.

    `matched_by` is null where neither its bytes nor its looks are known, and no caption was wanted.
    """

    matched_by: MatchedBy | None
    caption: list[str] | None


def present_matched(matched: Matched) -> MatchedAnswer:
    """Return the answer to a search by a file as the contract spells it."""
    return {
        **present(matched.results),
        "matched_by": matched.matched_by,
        "caption": list(matched.caption) or None,
    }


def present(results: Results) -> SearchAnswer:
    """Return a search's answer as the contract spells it."""
    generation, coverage = results.generation, results.coverage
    return {
        "query": results.query.text,
        "mode": results.query.mode,
        "no_match": results.no_match,
        "next_cursor": results.next_cursor,
        "generation": present_generation(generation, coverage) if generation and coverage else None,
        "hits": [present_hit(hit) for hit in results.hits],
        "took_ms": {
            "embed": round(results.embed_ms, 1),
            "search": round(results.search_ms, 1),
            "total": round(results.embed_ms + results.search_ms, 1),
        },
    }


def present_generation(generation: Generation, coverage: Coverage) -> GenerationAnswer:
    """Return what a generation is and how much it covers."""
    return {
        "id": generation.id,
        "prompt_revision": generation.prompt_revision,
        "captioner": generation.captioner_name,
        "embedder": generation.embedder,
        "coverage": round(coverage.share, 4),
        "fresh": round(coverage.fresh_share, 4),
    }


def present_standing(standing: Standing) -> StandingAnswer:
    """Return how one generation stands."""
    generation = standing.generation
    return {
        **present_generation(generation, standing.coverage),
        "state": generation.state,
        "dimensions": generation.dimensions,
        "entries": standing.coverage.entries,
        "size_bytes": standing.size_bytes,
        "created_at": generation.created_at.isoformat(),
        "activated_at": generation.activated_at.isoformat() if generation.activated_at else None,
        "verdict": generation.verdict,
    }


def present_hit(hit: Hit) -> HitAnswer:
    """Return one hit as the contract spells it."""
    served = addresses_of(hit.image_id)
    answer: HitAnswer = {
        "image_id": hit.image_id,
        "score": round(hit.score, 4),
        "band": hit.band,
        "caption": hit.caption,
        "origin": hit.origin,
        "instruction": hit.instruction,
        "width": hit.width,
        "height": hit.height,
        "location": hit.location,
        "image_url": served["image_url"],
        "thumbnail_url": served["thumbnail_url"],
        "duplicates": hit.duplicates,
        "why": _why(hit.why),
    }
    if hit.explanation is not None:
        answer["explanation"] = asdict(hit.explanation)
    return answer


def _why(why: Why) -> WhyAnswer:
    answer: WhyAnswer = {
        "dense_rank": why.dense_rank,
        "similarity": _rounded(why.similarity),
        "lexical_rank": why.lexical_rank,
        "lexical_score": _rounded(why.lexical_score),
        "exact": why.is_exact,
        "matched_terms": why.matched_terms,
        "highlight": why.highlight,
        "instruction_highlight": why.instruction_highlight,
        "captioner": why.captioner,
        "prompt_revision": why.prompt_revision,
        "corrected": why.corrected,
    }
    if why.near_duplicate is not None:
        answer["near_duplicate"] = why.near_duplicate
    return answer


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
