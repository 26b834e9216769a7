"""Where one image stands in the ranking of a query, also where it is not shown, or not even ranked."""

from dataclasses import dataclass, replace

from indexer.catalog.cutoff.bands import Curve, is_shown
from indexer.catalog.searching.cursors import Shown
from indexer.catalog.searching.explaining import explain
from indexer.catalog.searching.query import Query
from indexer.catalog.searching.results import Hit
from indexer.catalog.searching.showing import show
from indexer.catalog.store import Store
from indexer.catalog.store.hits import Sought
from indexer.models import Generation, ImageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One image as a query sees it: `rank` is its place in the ranked window, from 1; None outside of it.

    `is_likely` tells whether its own signals are enough, whatever the best hit has; `needed` is the similarity that
    would be, with the words that it holds. None where the mode knows no similarity.
    """

    hit: Hit
    rank: int | None
    is_shown: bool
    is_likely: bool
    needed: float | None


def place(
    store: Store, query: Query, generation: Generation, sought: Sought, curve: Curve, image_id: ImageId
) -> Placed | None:
    """Return where an image stands, filters left aside; None where it has no entry, or nothing of the query's words."""
    ranked = store.hits.find_hits(generation, sought, limit=0)
    known = [candidate.image_id for candidate in ranked]
    rank = known.index(image_id) + 1 if image_id in known else None
    # Among those ranked, so that its own ranks are those that a hit tells.
    among = replace(sought, image_ids=known if rank else [image_id])
    found = store.hits.find_hits(generation, among, limit=len(known) or 1)
    own = next((candidate for candidate in found if candidate.image_id == image_id), None)
    details = own.details if own else None
    if own is None or details is None:
        return None
    if rank is None:
        own = replace(own, dense_rank=None, lexical_rank=None)
        ranked = [*ranked, own]
    band = curve.band(ranked)[rank - 1 if rank else -1]
    terms = store.hits.explain_terms(generation.id, sought.words) if sought.words else []
    why = explain(own, details, terms, curve)
    at = Shown(image_id=image_id, band="likely" if own.is_exact and band == "weak" else band)
    return Placed(
        hit=show(at, details, own, why),
        rank=rank,
        is_shown=rank is not None and (own.is_exact or is_shown(band, query.strictness)),
        is_likely=curve.logit(own) >= curve.likely,
        needed=curve.needed_similarity(own),
    )
