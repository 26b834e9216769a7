"""Answer a query from the live generation: hybrid ranking, cut-off, pages, and why each hit is there."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from indexer.catalog.cutoff.calibration import Calibration
from indexer.catalog.embedding import Embedder
from indexer.catalog.embedding.verifying import verify_dimensions
from indexer.catalog.lexical import split_for_phrase, split_words
from indexer.catalog.searching.conditions import make_conditions
from indexer.catalog.searching.cursors import Cursor
from indexer.catalog.searching.filters import FIELDS, Filter
from indexer.catalog.searching.likeness import Likeness
from indexer.catalog.searching.loaded import LoadedEmbedders
from indexer.catalog.searching.paging import Paging
from indexer.catalog.searching.placing import Placed, place
from indexer.catalog.searching.query import Query
from indexer.catalog.searching.results import Results
from indexer.catalog.store import Store
from indexer.catalog.store.generations import Coverage
from indexer.catalog.store.hits import Sought
from indexer.catalog.vectors import Vectors, mean_vector
from indexer.errors import NotFoundError, QueryError
from indexer.models import Generation, GenerationId, ImageId

# Counting coverage reads every image: a search may be this old about it.
_COVERAGE_AGE_S = 30.0


class Searcher:
    """Searches generations, each with the embedder that it was made with; safe to share by threads."""

    def __init__(self, store: Store, load_embedder: Callable[[str], Embedder]) -> None:
        self._store = store
        self._embedders = LoadedEmbedders(store, load_embedder)
        self._coverage: dict[GenerationId, tuple[float, Coverage]] = {}

    def search(self, query: Query, *, generation: Generation | None = None) -> Results:
        """Return the hits for a query, best first; no hits and no generation while nothing is indexed.

        A cursor's page comes from the generation it began with; else from `generation`, else the live one. Raises
        QueryError.
        """
        cursor = self._read_cursor(query)
        generation = self._generation_of(cursor) or generation or self._store.generations.get_live()
        if generation is None:
            return Results(query=query, generation=None, coverage=None, hits=[])
        self.check_fields(query.wish.filters)
        calibration = Calibration.of(generation)
        started = time.perf_counter()
        sought = self._seek(query, generation, calibration.dense_weight(query.said))
        embedded = time.perf_counter()
        paging = Paging(self._store, query, generation, sought, calibration.curve(query.mode, query.said))
        if not query.is_ranked:
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

    def place(self, query: Query, image_id: ImageId, generation: Generation) -> Placed | None:
        """Return where an image stands in the ranking that a generation has for a query; see `placing.place`."""
        calibration = Calibration.of(generation)
        sought = self._seek(query, generation, calibration.dense_weight(query.said))
        return place(self._store, query, generation, sought, calibration.curve(query.mode, query.said), image_id)

    def check_fields(self, filters: Sequence[Filter]) -> None:
        """Raise QueryError for filters that nothing can fulfil, rather than finding nothing."""
        asked = {given.field for given in filters if given.is_moderation}
        if not asked:
            return
        known = self._store.prompts.find_fields("moderation")
        if unknown := sorted(asked - known):
            raise QueryError(
                f"There is no filter {unknown[0]}: {', '.join([*FIELDS, *sorted(known)])}."
                + ("" if known else " Captions of the kind moderation would bring more.")
            )

    def embedder(self, generation: Generation) -> Embedder:
        """Return the embedder of a generation, loading it once; raises EmbedderError where it is another by now."""
        return self._embedders.get(generation)

    def coverage(self, generation: Generation) -> Coverage:
        """Return how much of the catalogue a generation holds, at most half a minute old."""
        counted_at, known = self._coverage.get(generation.id, (0.0, None))
        now = time.monotonic()
        if known is None or now - counted_at > _COVERAGE_AGE_S:
            if known is not None:
                self._coverage[generation.id] = (now, known)  # others go on with what is known while this one counts
            known = self._store.generations.count_coverage(generation.id)
            self._coverage[generation.id] = (now, known)
        return known

    def _seek(self, query: Query, generation: Generation, dense_weight: float) -> Sought:
        if query.like is not None:
            return self._seek_like(query, query.like, generation, dense_weight)
        wish = query.wish
        words = split_words(wish.text)
        is_embedded = bool(wish.text) and query.mode != "text"
        return Sought(
            words=[] if query.mode == "dense" else words,
            phrase=split_for_phrase(wish.text),
            vector=self._embed([wish.text], generation)[0] if is_embedded else None,
            dense_weight=dense_weight,
            conditions=make_conditions(wish.filters, wish.phrases, wish.excluded),
        )

    def _seek_like(self, query: Query, like: Likeness, generation: Generation, dense_weight: float) -> Sought:
        """Seek by an image's stored vector, without a model; or by captions, as if they were its entry."""
        if like.image_id is None:
            return Sought(
                words=split_words(query.said),
                vector=mean_vector(self._embed(like.captions, generation)),
                dense_weight=dense_weight,
                conditions=make_conditions(query.wish.filters),
            )
        vector = self._store.likenesses.get_vector(generation.id, like.image_id)
        if vector is None:
            raise NotFoundError("entry in the live index of image", f"{like.image_id}: it has no caption that serves")
        left_out = () if like.twins else (like.image_id,)
        conditions = make_conditions(query.wish.filters, left_out=left_out)
        return Sought(vector=vector, dense_weight=1.0, conditions=conditions)

    def _embed(self, texts: Sequence[str], generation: Generation) -> Vectors:
        vectors = self.embedder(generation).embed(texts)
        verify_dimensions(generation, vectors.shape[1])
        return vectors

    def _read_cursor(self, query: Query) -> Cursor | None:
        if query.cursor is None:
            return None
        cursor = Cursor.decode(query.cursor)
        if cursor.fingerprint != query.fingerprint():
            raise QueryError("This cursor belongs to another search: a page has the query and filters of the first.")
        return cursor

    def _generation_of(self, cursor: Cursor | None) -> Generation | None:
        if cursor is None:
            return None
        with suppress(NotFoundError):
            generation = self._store.generations.get_generation(cursor.generation_id)
            if generation.state != "dropping":
                return generation
        raise QueryError("The index that this cursor began with is gone: search again.")
