"""One answer in pages: what is shown is decided with the first, from a fixed window, and travels in the cursor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.catalog.searching.bands import is_shown
from indexer.catalog.searching.calibration import Calibration
from indexer.catalog.searching.collapsing import fold
from indexer.catalog.searching.cursors import Cursor, Shown
from indexer.catalog.searching.explaining import explain
from indexer.catalog.searching.query import Query
from indexer.catalog.searching.results import Hit
from indexer.catalog.searching.showing import show
from indexer.catalog.store import Store
from indexer.catalog.store.hits import Candidate, Details, Sought
from indexer.models import Generation, ImageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Part of an answer, and where the next part begins."""

    hits: list[Hit]
    next_cursor: str | None


class Paging:
    """Pages of the answer that one generation has for one query."""

    def __init__(self, store: Store, query: Query, generation: Generation, sought: Sought) -> None:
        self._store = store
        self._query = query
        self._generation = generation
        self._sought = sought
        self._curve = Calibration.of(generation).curve(query.mode, query.wish.text)

    def first(self) -> Page:
        """Rank, decide what is shown, and return its beginning."""
        ranked = self._store.hits.find_hits(self._generation, self._sought, limit=self._query.limit)
        return self._page(self._decide(ranked), ranked)

    def following(self, cursor: Cursor) -> Page:
        """Return the page that a cursor points at, its scores and ranks as they are now."""
        image_ids = [*(place.image_id for place in cursor.shown), *cursor.hidden]
        again = replace(self._sought, image_ids=image_ids)
        return self._page(cursor, self._store.hits.find_hits(self._generation, again, limit=0))

    def listed(self, before: ImageId | None) -> Page:
        """Return what may be shown without a ranking, the image added last first."""
        limit = self._query.limit
        found = self._store.hits.list_hits(self._generation.id, self._sought, before=before, limit=limit + 1)
        hits = [show(Shown(image_id=i, band="strong"), details) for i, details in found[:limit]]
        if len(found) <= limit:
            return Page(hits=hits, next_cursor=None)
        return Page(hits=hits, next_cursor=self._cursor(before=hits[-1].image_id).encode())

    def _cursor(self, before: ImageId | None = None) -> Cursor:
        return Cursor(generation_id=self._generation.id, fingerprint=self._query.fingerprint(), before=before)

    def _decide(self, ranked: Sequence[Candidate]) -> Cursor:
        """Decide what the whole answer is: which of the ranked are shown, in which band, and folded into what."""
        query = self._query
        bands = self._curve.band(ranked)
        shown = {
            c.image_id: band if is_shown(band, query.strictness) else "likely"
            for c, band in zip(ranked, bands, strict=True)
            if is_shown(band, query.strictness) or c.is_exact
        }
        looks = {} if query.collapse == "none" else self._store.images.find_looks(list(shown))
        folded = fold(list(shown), looks, query.collapse)
        return replace(
            self._cursor(),
            shown=tuple(Shown(image_id=i, band=shown[i], duplicates=n) for i, n in folded.items()),
            hidden=tuple(c.image_id for c in ranked if c.image_id not in folded),
        )

    def _page(self, cursor: Cursor, ranked: Sequence[Candidate]) -> Page:
        """Return a page of what was decided; images that are gone since are left out."""
        known = {candidate.image_id: candidate for candidate in ranked}
        end = cursor.offset + self._query.limit
        places = [place for place in cursor.shown[cursor.offset : end] if place.image_id in known]
        hits = self._hits(places, known)
        rest = replace(cursor, offset=end).encode() if end < len(cursor.shown) else None
        return Page(hits=hits, next_cursor=rest)

    def _hits(self, places: Sequence[Shown], known: dict[ImageId, Candidate]) -> list[Hit]:
        details = self._describe([known[place.image_id] for place in places])
        explained = self._query.explain and bool(self._sought.words)
        terms = self._store.hits.explain_terms(self._generation.id, self._sought.words) if explained else []
        hits = []
        for place in places:
            candidate = known[place.image_id]
            if found := details.get(place.image_id):
                why = explain(candidate, found, terms, self._curve) if self._query.explain else None
                hits.append(show(place, found, candidate, why))
        return hits

    def _describe(self, candidates: Sequence[Candidate]) -> dict[ImageId, Details]:
        """Return the details of candidates; those that the ranking left out are asked for."""
        details = {c.image_id: c.details for c in candidates if c.details}
        missing = [c.image_id for c in candidates if c.details is None]
        if missing:
            again = replace(self._sought, image_ids=missing)
            found = self._store.hits.find_hits(self._generation, again, limit=len(missing))
            details |= {c.image_id: c.details for c in found if c.details}
        return details
