"""What a reindex would ask, embed and cost; nothing is sent or written."""

import time
from dataclasses import dataclass

from indexer.captioning.estimating import fit_picture
from indexer.catalog.embedding import Embedder
from indexer.catalog.store import Store
from indexer.imaging.sizes import scaled
from indexer.models import ids_of
from indexer.pipelines.planning import LEAST_REQUESTS, Plan
from indexer.pipelines.reindexing.targets import Target

_SAMPLE, _WARM_UP = 128, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """How many images there are, and what is to be asked about which of them."""

    images: int
    asking: Plan

    @property
    def reused(self) -> int:
        """Return how many images have their captions already, or will not be asked about."""
        return self.images - self.asking.to_do


def plan_renewal(store: Store, target: Target, *, retry: bool, price_share: float) -> Renewal:
    """Return what arriving at a target takes beside what is there; `price_share` is 0.5 for batches."""
    plan = Plan()
    captioner = target.captioner
    if not target.asks:
        return Renewal(images=store.renewals.count_kind(target.kind), asking=plan)
    prompts = [target.prompt] if target.prompt else []
    pace = store.requests.get_pace(ids_of(prompts), captioner=captioner.name, model=captioner.model)
    pace = pace if pace and pace.requests >= LEAST_REQUESTS else None
    for size in store.renewals.count_stale(target.making(retry=retry)):
        plan.to_do += size.images
        if captioner.is_paid:
            edge = fit_picture(captioner.model, size.width, size.height, captioner.max_edge or size.width)
            estimate = captioner.estimate([scaled((size.width, size.height), edge)], prompts)
            plan.add_requests(size.images, estimate, pace, price_share)
    return Renewal(images=store.renewals.count_kind(target.kind), asking=plan)


def time_embedder(store: Store, embedder: Embedder) -> float | None:
    """Return how many sentences a second an embedder does here, tried on indexed ones; None without any."""
    sentences = store.renewals.sample_sentences(limit=_SAMPLE)
    if not sentences:
        return None
    embedder.embed(sentences[:_WARM_UP])
    started = time.perf_counter()
    embedder.embed(sentences)
    return len(sentences) / (time.perf_counter() - started)
