"""Answer a query from the live generation: hybrid ranking, cut-off, pages, and why each hit is there."""

import threading
import time
from collections.abc import Callable, Sequence

from indexer.catalog.embedding import Embedder, remote_model
from indexer.catalog.embedding.verifying import verify_dimensions, verify_embedder
from indexer.catalog.lexical import split_for_phrase, split_words
from indexer.catalog.searching.calibration import Calibration
from indexer.catalog.searching.conditions import make_conditions
from indexer.catalog.searching.cursors import Cursor
from indexer.catalog.searching.filters import FIELDS, Filter
from indexer.catalog.searching.paging import Paging
from indexer.catalog.searching.query import Query
from indexer.catalog.searching.results import Results
from indexer.catalog.store import Store
from indexer.catalog.store.generations import Coverage
from indexer.catalog.store.hits import Sought
from indexer.catalog.vectors import Vectors
from indexer.errors import NotFoundError, QueryError
from indexer.models import Generation, GenerationId

# Counting coverage reads every image: a search may be this old about it.
_COVERAGE_AGE_S = 30.0


class Searcher:
    """Searches the live generation with the embedder that generation was made with; safe to share by threads."""

    def __init__(self, store: Store, load_embedder: Callable[[str], Embedder]) -> None:
        self._store = store
        self._load_embedder = load_embedder
        self._embedder: Embedder | None = None
        self._verified: set[GenerationId] = set()
        self._loading = threading.Lock()
        self._coverage: tuple[GenerationId, float, Coverage] | None = None

    def search(self, query: Query, *, generation: Generation | None = None) -> Results:
        """Return the hits for a query, best first; no hits and no generation while nothing is indexed.

        A cursor's page comes from the generation it began with; else from `generation`, else the live one. Raises
        QueryError.
        """
        cursor = self._read_cursor(query)
        generation = self._generation_of(cursor) or generation or self._store.generations.get_live()
        if generation is None:
            return Results(query=query, generation=None, coverage=None, hits=[])
        self._check_fields(query.wish.filters)
        started = time.perf_counter()
        sought = self._seek(query, generation)
        embedded = time.perf_counter()
        paging = Paging(self._store, query, generation, sought)
        if not query.wish.text:
            page = paging.listed(cursor.before if cursor else None)
        else:
            page = paging.following(cursor) if cursor else paging.first()
        return Results(
            query=query,
            generation=generation,
            coverage=self.coverage(generation),
            hits=page.hits,
            next_cursor=page.next_cursor,
            embed_ms=(embedded - started) * 1000,
            search_ms=(time.perf_counter() - embedded) * 1000,
        )

    def embedder(self, generation: Generation) -> Embedder:
        """Return the embedder of a generation, loading it once; raises EmbedderError where it is another by now."""
        with self._loading:
            if self._embedder is None or self._embedder.name != generation.embedder:
                self._embedder, self._verified = self._load_embedder(generation.embedder), set()
            # Nothing is asked of an endpoint while others wait.
            if generation.id not in self._verified and remote_model(generation.embedder) is None:
                verify_embedder(self._store, generation, self._embedder)
                self._verified.add(generation.id)
            return self._embedder

    def coverage(self, generation: Generation) -> Coverage:
        """Return how much of the catalogue a generation holds, at most half a minute old."""
        known, now = self._coverage, time.monotonic()
        if known is None or known[0] != generation.id or now - known[1] > _COVERAGE_AGE_S:
            known = (generation.id, now, self._store.generations.count_coverage(generation.id))
            self._coverage = known
        return known[2]

    def _seek(self, query: Query, generation: Generation) -> Sought:
        wish = query.wish
        words = split_words(wish.text)
        is_embedded = bool(wish.text) and query.mode != "text"
        return Sought(
            words=[] if query.mode == "dense" else words,
            phrase=split_for_phrase(wish.text),
            vector=self._embed(wish.text, generation) if is_embedded else None,
            dense_weight=Calibration.of(generation).dense_weight(wish.text),
            conditions=make_conditions(wish.filters, wish.phrases, wish.excluded),
        )

    def _embed(self, text: str, generation: Generation) -> Vectors:
        vector: Vectors = self.embedder(generation).embed([text])[0]
        verify_dimensions(generation, len(vector))
        return vector

    def _read_cursor(self, query: Query) -> Cursor | None:
        if query.cursor is None:
            return None
        cursor = Cursor.decode(query.cursor)
        if cursor.fingerprint != query.fingerprint():
            raise QueryError("This cursor belongs to another search: a page has the query and filters of the first.")
        return cursor

    def _generation_of(self, cursor: Cursor | None) -> Generation | None:
        try:
            return self._store.generations.get_generation(cursor.generation_id) if cursor else None
        except NotFoundError as exc:
            raise QueryError("The index that this cursor began with is gone: search again.") from exc

    def _check_fields(self, filters: Sequence[Filter]) -> None:
        """Refuse filters that nothing can fulfil, rather than finding nothing."""
        asked = {given.field for given in filters if given.is_moderation}
        if not asked:
            return
        known = self._store.prompts.find_fields("moderation")
        if unknown := sorted(asked - known):
            raise QueryError(
                f"There is no filter {unknown[0]}: {', '.join([*FIELDS, *sorted(known)])}."
                + ("" if known else " Captions of the kind moderation would bring more.")
            )
