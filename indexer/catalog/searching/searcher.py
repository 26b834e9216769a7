"""Answer a text query from the live generation: hybrid ranking, cut-off, and why each hit is there."""

import threading
import time
from collections.abc import Callable

import numpy as np

from indexer.catalog.embedding import Embedder
from indexer.catalog.lexical import split_words
from indexer.catalog.searching.bands import Signals, is_shown
from indexer.catalog.searching.calibration import Calibration
from indexer.catalog.searching.highlighting import mark_words
from indexer.catalog.searching.query import Query
from indexer.catalog.searching.results import Hit, Results, Why
from indexer.catalog.store import Store
from indexer.catalog.store.entries import Candidate
from indexer.catalog.store.generations import Coverage
from indexer.catalog.vectors import Vectors
from indexer.models import Band, Generation, GenerationId

WINDOW = 200
# How much one matched word counts against cosine when the sentence to show is chosen.
_MATCH_WEIGHT = 0.05
# Counting coverage reads every image: a search may be this old about it.
_COVERAGE_AGE_S = 30.0


class Searcher:
    """Searches the live generation with the embedder that generation was made with; safe to share by threads."""

    def __init__(self, store: Store, load_embedder: Callable[[str], Embedder]) -> None:
        self._store = store
        self._load_embedder = load_embedder
        self._embedder: Embedder | None = None
        self._loading = threading.Lock()
        self._coverage: tuple[GenerationId, float, Coverage] | None = None

    def search(self, query: Query) -> Results:
        """Return the hits for a query, best first; no hits and no generation while nothing is indexed."""
        generation = self._store.generations.get_live()
        if generation is None:
            return Results(query=query, generation=None, coverage=None, hits=[])
        embedder = None if query.mode == "text" else self.embedder(generation)
        started = time.perf_counter()
        vector = embedder.embed([query.text])[0] if embedder else None
        embedded = time.perf_counter()
        words = split_words(query.text)
        calibration = Calibration.of(generation)
        candidates = self._store.entries.search_entries(
            generation,
            words=[] if query.mode == "dense" else words,
            vector=vector,
            dense_weight=calibration.dense_weight(query.text),
            window=WINDOW,
            limit=query.limit,
        )
        signals = [Signals(similarity=c.similarity, matched_share=c.matched_share) for c in candidates]
        bands = calibration.curve(query.mode, query.text).band(signals)
        hits = [
            _hit(candidate, band, vector)
            for candidate, band in zip(candidates, bands, strict=True)
            if is_shown(band, query.strictness)
        ]
        return Results(
            query=query,
            generation=generation,
            coverage=self.coverage(generation),
            hits=hits,
            embed_ms=(embedded - started) * 1000,
            search_ms=(time.perf_counter() - embedded) * 1000,
        )

    def embedder(self, generation: Generation) -> Embedder:
        """Return the embedder of a generation, loading it once."""
        with self._loading:
            if self._embedder is None or self._embedder.name != generation.embedder:
                self._embedder = self._load_embedder(generation.embedder)
            return self._embedder

    def coverage(self, generation: Generation) -> Coverage:
        """Return how much of the catalogue a generation holds, at most half a minute old."""
        known, now = self._coverage, time.monotonic()
        if known is None or known[0] != generation.id or now - known[1] > _COVERAGE_AGE_S:
            known = (generation.id, now, self._store.generations.count_coverage(generation.id))
            self._coverage = known
        return known[2]


def _hit(candidate: Candidate, band: Band, vector: Vectors | None) -> Hit:
    return Hit(
        image_id=candidate.image_id,
        score=candidate.score,
        band=band,
        caption=candidate.sentences[0],
        origin=candidate.origin,
        width=candidate.width,
        height=candidate.height,
        location=candidate.location,
        why=Why(
            dense_rank=candidate.dense_rank,
            similarity=candidate.similarity,
            lexical_rank=candidate.lexical_rank,
            matched_share=candidate.matched_share,
            matched_terms=candidate.matched_terms,
            highlight=_highlight(candidate, vector),
            captioner=candidate.captioner,
            prompt_revision=candidate.prompt_revision,
            corrected=candidate.corrected,
        ),
    )


def _highlight(candidate: Candidate, vector: Vectors | None) -> str:
    """Return the sentence nearest to the query, in vector and in words, as HTML with its matched words marked."""
    marked = [mark_words(sentence, frozenset(candidate.matched_lexemes)) for sentence in candidate.sentences]
    matches = np.array([sentence.matches for sentence in marked], dtype=np.float32)
    nearness = candidate.sentence_embeddings @ vector if vector is not None else np.zeros_like(matches)
    return marked[int(np.argmax(nearness + _MATCH_WEIGHT * matches))].html
