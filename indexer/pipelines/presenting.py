"""The contract's JSON for search results: one shape for the terminal and for HTTP."""

from typing import Any

from indexer.catalog.searching import Hit, Results
from indexer.catalog.store.generations import Coverage
from indexer.models import Generation


def present(results: Results) -> dict[str, Any]:
    """Return a search's answer as the contract spells it."""
    return {
        "query": results.query.text,
        "mode": results.query.mode,
        "no_match": results.no_match,
        "next_cursor": None,
        "generation": present_generation(results.generation, results.coverage),
        "hits": [present_hit(hit) for hit in results.hits],
        "took_ms": {
            "embed": round(results.embed_ms, 1),
            "search": round(results.search_ms, 1),
            "total": round(results.embed_ms + results.search_ms, 1),
        },
    }


def present_generation(generation: Generation | None, coverage: Coverage | None) -> dict[str, Any] | None:
    """Return what a generation is and how much it covers."""
    if generation is None or coverage is None:
        return None
    return {
        "id": generation.id,
        "prompt_revision": generation.prompt_revision,
        "captioner": generation.captioner_name,
        "embedder": generation.embedder,
        "coverage": round(coverage.share, 4),
        "fresh": round(coverage.fresh_share, 4),
    }


def present_hit(hit: Hit) -> dict[str, Any]:
    """Return one hit."""
    return {
        "image_id": hit.image_id,
        "score": round(hit.score, 4),
        "band": hit.band,
        "caption": hit.caption,
        "origin": hit.origin,
        "width": hit.width,
        "height": hit.height,
        "location": hit.location,
        "image_url": f"/images/{hit.image_id}/file",
        "thumbnail_url": f"/images/{hit.image_id}/thumbnail",
        "why": {
            "dense_rank": hit.why.dense_rank,
            "similarity": None if hit.why.similarity is None else round(hit.why.similarity, 4),
            "lexical_rank": hit.why.lexical_rank,
            "coverage": None if hit.why.coverage is None else round(hit.why.coverage, 4),
            "matched_terms": hit.why.matched_terms,
            "highlight": hit.why.highlight,
            "captioner": hit.why.captioner,
            "prompt_revision": hit.why.prompt_revision,
            "corrected": hit.why.corrected,
        },
    }
