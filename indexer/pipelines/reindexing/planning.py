"""What a reindex would ask, embed and cost; nothing is sent or written."""

import time
from dataclasses import dataclass

from indexer.captioning.estimating import fit_picture
from indexer.catalog.embedding import Embedder
from indexer.catalog.store import Store
from indexer.catalog.store.requests import Pace
from indexer.imaging.sizes import scaled
from indexer.models import Generation, ids_of
from indexer.pipelines.planning import LEAST_REQUESTS, Plan
from indexer.pipelines.reindexing.targets import Target, find_made

_SAMPLE, _WARM_UP = 128, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """How many images there are, what is to be asked about which of them, and the generation that is begun already."""

    images: int
    asking: Plan
    made: Generation | None

    @property
    def reused(self) -> int:
        """Return how many images have their captions already, or will not be asked about."""
        return self.images - self.asking.to_do - self.batched

    @property
    def batched(self) -> int:
        """Return how many images wait in a batch, which is paid for when it is collected."""
        return self.asking.counts["batched"]

    @property
    def to_embed(self) -> int:
        """Return how many entries there are to make, about."""
        return max(0, self.images - (self.made.entries if self.made else 0))


def plan_renewal(store: Store, target: Target, *, retry: bool, price_share: float) -> Renewal:
    """Return what arriving at a target takes beside what is there; `price_share` is 0.5 for batches."""
    plan, captioner = Plan(), target.captioner
    renewal = Renewal(images=store.renewals.count_kind(target.kind), asking=plan, made=find_made(store, target))
    if not target.asks:
        return renewal
    prompts = [target.prompt] if target.prompt else []
    pace = _find_pace(store, target)
    for size in store.renewals.count_stale(target.making(retry=retry)):
        plan.to_do += size.images
        plan.counts["batched"] += size.batched
        if captioner.is_paid and size.images:
            edge = fit_picture(captioner.model, size.width, size.height, captioner.max_edge or size.width)
            estimate = captioner.estimate([scaled((size.width, size.height), edge)], prompts)
            plan.add_requests(size.images, estimate, pace, price_share)
    return renewal


def _find_pace(store: Store, target: Target) -> Pace | None:
    """Return what requests with a target's prompt took, else with the newest of its kind that enough were sent with.

    An older prompt tells it, too: pictures weigh the most.
    """
    older = [prompt for prompt in store.prompts.find_prompts() if prompt.kind == target.kind]
    for prompt_id in ids_of([target.prompt, *older] if target.prompt else []):
        pace = store.requests.get_pace([prompt_id], captioner=target.captioner.name, model=target.captioner.model)
        if pace and pace.requests >= LEAST_REQUESTS:
            return pace
    return None


def time_embedder(store: Store, embedder: Embedder) -> float | None:
    """Return how many sentences a second an embedder does here, tried on indexed ones; None without any."""
    sentences = store.renewals.sample_sentences(limit=_SAMPLE)
    if not sentences:
        return None
    embedder.embed(sentences[:_WARM_UP])
    started = time.perf_counter()
    embedder.embed(sentences)
    return len(sentences) / (time.perf_counter() - started)
