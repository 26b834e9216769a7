"""Reindex: build a generation beside the live one, measure both, and let the better one answer."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.catalog.embedding import Embedder
from indexer.errors import AnswersUnusableError
from indexer.models import RETRIEVAL, Generation, GenerationId, counted
from indexer.pipelines.generations.dropping import drop_unused
from indexer.pipelines.golden import GoldenQuery
from indexer.pipelines.indexing import Indexing
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.reindexing.gate import Evidence, Terms, Verdict, decide
from indexer.pipelines.reindexing.renewing import Renewing
from indexer.pipelines.reindexing.targets import Target, find_made, get_live
from indexer.pipelines.run import Run

if TYPE_CHECKING:
    from indexer.pipelines.evaluating import Measures, Search

# A request that was claimed with the replaced prompt at the moment of the switch is in the ledger by then.
_SETTLE_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to become of a new generation: `activate` None leaves it to the gate, which asks these queries."""

    activate: bool | None
    terms: Terms
    queries: Sequence[GoldenQuery]


@dataclass(slots=True, kw_only=True)
class Reindexing:
    """One reindex, which goes on with what an interrupted one left; `tell` is given what takes long, or matters.

    `generation` is what it arrives at, `verdict` the gate's, where it came to that; `is_refused` when that stands in
    the way. The switch took `switch_ms` milliseconds.
    """

    run: Run
    target: Target
    renewing: Renewing
    load_embedder: Callable[[str], Embedder]
    search: "Search"
    wish: Wish
    tell: Callable[[str], None]
    generation: Generation | None = None
    verdict: Verdict | None = None
    is_refused: bool = False
    switch_ms: float | None = None
    indexings: list[Indexing] = field(default_factory=list)

    @property
    def written(self) -> int:
        """Return how many entries were written."""
        return sum(indexing.written for indexing in self.indexings)

    def reindex(self) -> Iterator[Outcome]:
        """Yield an outcome for each image that was stale; return with the generation live, ready, or incomplete."""
        if self.target.kind != RETRIEVAL:
            yield from self.renewing.renew(None)
            return
        before = get_live(self.run.store)
        self._drop_unfinished()
        if self.target.is_of(before):
            yield from self._catch_up(before.id)
            return
        made = self._begin()
        try:
            if made.state == "building":
                yield from self._build(made)
            if self._is_ready(made):
                yield from self._examine(before, made)
        except AnswersUnusableError as exc:
            self._refuse(Verdict(passes=False, reason=f"{exc} The others were not asked.", is_measured=False))
        if self._is_ready(made) and not self.is_refused and self._activate(before):
            self.run.stop.wait(_SETTLE_S)
            yield from self._catch_up(made.id)

    def _begin(self) -> Generation:
        """Return the newest generation that has the target already, or a new one."""
        made = find_made(self.run.store, self.target)
        if made is None:
            made = self._add()
            self.tell(f"Generation {made.id} is built beside the live one, which goes on answering.")
        elif made.state == "retired":
            self.run.store.generations.mark_ready(made.id)
        return self._refreshed(made.id)

    def _drop_unfinished(self) -> None:
        """Drop what a reindex to another target left unfinished; its captions stay."""
        for generation in self.run.store.generations.find_generations():
            if generation.state == "building" and not self.target.is_of(generation):
                is_dropped = drop_unused(self.run.store, generation.id)
                said = "is dropped" if is_dropped else "is being written by another command"
                self.tell(f"Generation {generation.id}, left unfinished with another target, {said}.")

    def _add(self) -> Generation:
        embedder = self.load_embedder(self.target.embedder)
        store = self.run.store.generations
        generation_id = store.add_generation(
            prompt_id=self.target.prompt.id if self.target.prompt else None,
            captioner=self.target.captioner.name,
            model=self.target.captioner.model,
            embedder=embedder.name,
            dimensions=embedder.dimensions,
            state="building",
        )
        return store.get_generation(generation_id)

    def _build(self, building: Generation) -> Iterator[Outcome]:
        """Load a generation: first what is its own, then what stands in for the rest; and index it.

        While answers wait in a batch, nothing stands in for them.
        """
        waiting = 0
        for outcome in self.renewing.renew(self._indexing(building.id, fallback=False)):
            waiting += outcome.status == "batched"
            yield outcome
        if waiting or self.renewing.stale.is_over():
            return
        yield from self.renewing.renew(self._indexing(building.id))
        if self.renewing.stale.is_over():
            return
        entries = self._refreshed(building.id).entries
        self.tell(f"Indexing the vectors and words of {counted(entries, 'entry', 'entries')}.")
        if self.run.store.partitions.build_indexes(building.id, building.dimensions, stop=self.run.stop):
            self.run.store.generations.mark_ready(building.id)

    def _catch_up(self, generation_id: GenerationId) -> Iterator[Outcome]:
        """Bring in what arrived meanwhile."""
        self._refreshed(generation_id)
        yield from self.renewing.renew(self._indexing(generation_id))
        self._refreshed(generation_id)

    def _is_ready(self, made: Generation) -> bool:
        """Tell whether nothing kept a generation from being whole."""
        return not self.renewing.stale.is_over() and self._refreshed(made.id).state == "ready"

    def _examine(self, before: Generation, made: Generation) -> Iterator[Outcome]:
        """Measure both generations, bring in what arrived meanwhile, and reach a verdict."""
        queries = [query for query in self.wish.queries if query.relevant]
        old = new = None
        if queries:
            yield from self._catch_up(made.id)  # which fits the cut-off, too
            if not self._is_ready(made):
                return
            old, new = self._measure(before, self._refreshed(made.id), queries)
        arriving_since = time.monotonic()
        yield from self._catch_up(made.id)
        if not self._is_ready(made):
            return
        evidence = Evidence(
            before=self.run.store.generations.count_coverage(before.id),
            after=self.run.store.generations.count_coverage(made.id),
            lost=self._count_lost(before, made, time.monotonic() - arriving_since),
            asked=self.target.asks,
            recall_before=old.recall10 if old else None,
            recall_after=new.recall10 if new else None,
            mrr_before=old.mrr if old else None,
            mrr_after=new.mrr if new else None,
            queries=len(queries),
            gone=len(self.renewing.stale.gone),
            taken_back=made.taken_back,
        )
        verdict = decide(evidence, self.wish.terms)
        if not verdict.passes and self.wish.activate is None:
            self._refuse(verdict)
        else:
            self._note(verdict)

    def _count_lost(self, before: Generation, made: Generation, arriving_s: float) -> int:
        """Count what only the live generation has; what an ingest wrote just now is brought in after the switch."""
        return self.run.store.comparisons.count_lost(before.id, made.id, younger_s=arriving_s)

    def _refuse(self, verdict: Verdict) -> None:
        self.is_refused = True
        self._note(verdict)

    def _note(self, verdict: Verdict) -> None:
        self.verdict = verdict
        if self.generation is not None:
            self.run.store.generations.note_verdict(self.generation.id, verdict.reason)

    def _measure(
        self, before: Generation, after: Generation, queries: Sequence[GoldenQuery]
    ) -> "tuple[Measures, Measures]":
        # Imported here: what it measures with takes seconds to load.
        from indexer.pipelines.evaluating import evaluate, summarise

        self.tell(f"Both generations are asked {counted(len(queries), 'query', 'queries')}.")
        asked = evaluate(self.search, before, queries), evaluate(self.search, after, queries)
        return summarise(list(asked[0])), summarise(list(asked[1]))

    def _activate(self, before: Generation) -> bool:
        """Switch, where that is wanted, and where the generation that was measured is still the live one."""
        if self.generation is None or self.wish.activate is False or self.run.stop.is_set():
            return False
        started = time.perf_counter()
        is_live = self.run.store.generations.activate(self.generation.id, instead_of=before.id)
        self.switch_ms = (time.perf_counter() - started) * 1000
        if not is_live:
            self.tell(f"Generation {before.id} is not live any more: nothing is switched. Run the command again.")
            return False
        self._refreshed(self.generation.id)
        return True

    def _indexing(self, generation_id: GenerationId, *, fallback: bool = True) -> Indexing:
        indexing = Indexing(
            store=self.run.store,
            load_embedder=self.load_embedder,
            first=None,
            run_id=self.run.id,
            generation_id=generation_id,
            fallback=fallback,
        )
        self.indexings.append(indexing)
        return indexing

    def _refreshed(self, generation_id: GenerationId) -> Generation:
        self.generation = self.run.store.generations.get_generation(generation_id)
        return self.generation
