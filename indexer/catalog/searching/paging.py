"""One answer in pages: what is shown is decided with the first, from a fixed window, and travels in the cursor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.catalog.cutoff.bands import Curve, is_shown
from indexer.catalog.searching.collapsing import fold
from indexer.catalog.searching.cursors import Cursor, Shown
from indexer.catalog.searching.explaining import explain
from indexer.catalog.searching.likeness import band_likenesses
from indexer.catalog.searching.query import Query
from indexer.catalog.searching.results import Hit
from indexer.catalog.searching.showing import show
from indexer.catalog.store import Store
from indexer.catalog.store.hits import Candidate, Details, Sought
from indexer.imaging.hashing import alike_pairs
from indexer.models import Band, Generation, ImageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Part of an answer, and where the next part begins."""

    hits: list[Hit]
    next_cursor: str | None


class Paging:
    """Pages of the answer that one generation has for one query."""

    def __init__(self, store: Store, query: Query, generation: Generation, sought: Sought, curve: Curve) -> None:
        self._store = store
        self._query = query
        self._generation = generation
        self._sought = sought
        self._curve = curve
        self._twins = query.like.twins if query.like else ()

    def first(self) -> Page:
        """Rank, decide what is shown, and return its beginning."""
        ranked = self._lead(self._store.hits.find_hits(self._generation, self._sought, limit=self._query.limit))
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

    def _lead(self, ranked: list[Candidate]) -> list[Candidate]:
        """Put those first that show the very picture searched by, also where their captions are unlike its own."""
        places = {image_id: place for place, image_id in enumerate(self._twins)}
        known = [candidate.image_id for candidate in ranked]
        if unranked := places.keys() - known:
            both = replace(self._sought, image_ids=[*unranked, *known])
            ranked = self._store.hits.find_hits(self._generation, both, limit=self._query.limit)
        return sorted(ranked, key=lambda candidate: places.get(candidate.image_id, len(places)))

    def _band(self, ranked: Sequence[Candidate]) -> list[Band]:
        like = self._query.like
        if like is None or like.image_id is None:
            return self._curve.band(ranked)
        scores = [candidate.score for candidate in ranked]
        return band_likenesses(scores, twins=len(self._twins), embedder=self._generation.embedder)

    def _decide(self, ranked: Sequence[Candidate]) -> Cursor:
        """Decide what the whole answer is: which of the ranked are shown, in which band, and folded into what."""
        query = self._query
        bands = self._band(ranked)
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
        hits = self._compare(self._hits(places, known))
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

    def _compare(self, hits: list[Hit]) -> list[Hit]:
        """Tell which hits look like the picture searched by, where there was one."""
        like = self._query.like
        if like is None or like.perceptual_hash is None or not hits:
            return hits
        looks = self._store.images.find_looks([hit.image_id for hit in hits])
        hashes = [looks[hit.image_id].perceptual_hash if hit.image_id in looks else None for hit in hits]
        alike = alike_pairs([like.perceptual_hash, *hashes])[0, 1:]
        return [
            replace(hit, why=replace(hit.why, near_duplicate=bool(same))) for hit, same in zip(hits, alike, strict=True)
        ]

    def _describe(self, candidates: Sequence[Candidate]) -> dict[ImageId, Details]:
        """Return the details of candidates; those that the ranking left out are asked for."""
        details = {c.image_id: c.details for c in candidates if c.details}
        missing = [c.image_id for c in candidates if c.details is None]
        if missing:
            again = replace(self._sought, image_ids=missing)
            found = self._store.hits.find_hits(self._generation, again, limit=len(missing))
            details |= {c.image_id: c.details for c in found if c.details}
        return details
