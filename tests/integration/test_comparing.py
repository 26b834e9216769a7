"""Two generations of one library, measured against each other."""

from dataclasses import dataclass, replace
from threading import Event

import pytest

from indexer.catalog.embedding import Embedder
from indexer.catalog.searching import Searcher
from indexer.catalog.store import Store
from indexer.models import Generation, GenerationId, ImageId, Prompt, RunId, Usage
from indexer.pipelines.generations.comparing import Comparison, compare
from indexer.pipelines.generations.pairing import Scope
from indexer.pipelines.golden import GoldenQuery
from indexer.pipelines.indexing import FirstGeneration, Indexing
from tests.factories import add_image, make_answer, make_prompt

# File names help no query. The first prompt was right about the car alone, the second about all the others.
FIRST = {
    "one": "A snowy mountain.",
    "two": "A plate of noodles.",
    "three": "An empty office.",
    "four": "A car in a street.",
}
SECOND = {
    "one": "A red mug on a wooden desk.",
    "two": "A brown dog jumps over a log.",
    "three": "Two children build a sandcastle at the sea.",
    "four": "A bowl of fruit.",
}
QUERIES = {"red mug": "one", "a dog jumping": "two", "kids in the sand": "three", "car in a street": "four"}


@dataclass
class Library:
    """Images with captions to two prompts, and a generation of each."""

    store: Store
    embedder: Embedder
    run_id: RunId
    images: dict[str, ImageId]
    prompts: tuple[Prompt, Prompt]

    def caption(self, prompt: Prompt, captions: dict[str, str], *, renew: bool = False, **usage: float) -> None:
        """Have images captioned, as a run does, at a price."""
        assert prompt.id is not None
        for name, sentence in captions.items():
            request_id = self.store.requests.claim_request(
                self.run_id, self.images[name], [prompt.id], captioner="openai", model="m", renew=renew
            )
            answer = make_answer(sentence, prompt_id=prompt.id)
            self.store.captions.store_answer(
                self.images[name],
                replace(answer, usage=Usage(input_tokens=100, output_tokens=10, **usage)),
                captioner="openai",
                model="m",
                request_id=request_id,
            )

    def index(self, generation_id: GenerationId | None = None) -> None:
        """Write what is missing in a generation, the live one unless another is named."""
        captioned = Event()
        captioned.set()
        Indexing(
            store=self.store,
            load_embedder=lambda _: self.embedder,
            first=FirstGeneration(
                prompt_id=self.prompts[0].id, captioner="openai", model="m", embedder=self.embedder.name
            ),
            run_id=self.run_id,
            generation_id=generation_id,
        ).run(captioned, Event())

    def build(self, prompt: Prompt) -> GenerationId:
        """Build a generation of a prompt's captions beside the live one."""
        generation_id = self.store.generations.add_generation(
            prompt_id=prompt.id,
            captioner="openai",
            model="m",
            embedder=self.embedder.name,
            dimensions=self.embedder.dimensions,
            state="building",
        )
        self.index(generation_id)
        self.store.partitions.build_indexes(generation_id, self.embedder.dimensions)
        return generation_id

    def compare(self, *queries: GoldenQuery, **scope: int) -> Comparison:
        """Compare the first generation with the second."""
        return compare(self.store, self.searcher.search, *self.pair, queries, Scope(**scope))  # type: ignore[arg-type]

    @property
    def searcher(self) -> Searcher:
        return Searcher(self.store, lambda _: self.embedder)

    @property
    def pair(self) -> tuple[Generation, Generation]:
        first, second = self.store.generations.find_generations()
        return first, second

    def golden(self, text: str, name: str) -> GoldenQuery:
        """Return a query that one image answers."""
        return GoldenQuery(text=text, query_set="all", wanted=(name,), relevant=(frozenset([self.images[name]]),))


@pytest.fixture
def library(store: Store, embedder: Embedder, run_id: RunId) -> Library:
    first, second = (store.prompts.register_prompt(make_prompt(text)) for text in ("Describe.", "Describe well."))
    images = {name: add_image(store, name) for name in FIRST}
    library = Library(store=store, embedder=embedder, run_id=run_id, images=images, prompts=(first, second))
    library.caption(first, FIRST, cost_usd=0.001)
    library.index()
    return library


@pytest.fixture
def revised(library: Library) -> Library:
    """A library whose captions were renewed, with another prompt at three times the price."""
    library.caption(library.prompts[1], SECOND, renew=True, cost_usd=0.003)
    library.build(library.prompts[1])
    return library


def test_the_same_queries_measure_both(revised: Library) -> None:
    comparison = revised.compare(*(revised.golden(text, name) for text, name in QUERIES.items()))

    assert (comparison.total.before.recall1, comparison.total.after.recall1) == (0.25, 0.75)
    assert comparison.total.after.queries == 4
    assert list(comparison.sets) == ["all"]
    assert {change.golden.text for change in comparison.gained} == {"red mug", "a dog jumping", "kids in the sand"}
    assert [change.golden.text for change in comparison.worsened] == ["car in a street"]
    assert comparison.worsened[0].before.nearest[0].caption == "A car in a street."
    assert comparison.agreement is None


def test_captions_are_shown_beside_each_other_and_what_they_cost(revised: Library) -> None:
    comparison = revised.compare(sample=3)
    again = revised.compare(sample=3)

    assert (comparison.captions.shared, comparison.captions.differing, comparison.lost) == (4, 4, 0)
    assert len(comparison.sample) == 3
    shown = comparison.sample[0]
    name = shown.location.removesuffix(".jpg")
    assert (shown.before, shown.after) == ([FIRST[name]], [SECOND[name]])
    assert comparison.sample == again.sample
    costs = (comparison.before.costs, comparison.after.costs)
    assert [(c.requests, c.input_tokens, round(c.cost_usd, 6), c.unpriced) for c in costs] == [
        (4, 400, 0.004, 0),
        (4, 400, 0.012, 0),
    ]
    assert comparison.after.size.is_indexed
    assert comparison.after.size.size_bytes > 0
    assert not comparison.has_same_captions


def test_requests_of_unknown_price_are_counted_apart(library: Library) -> None:
    library.caption(library.prompts[1], SECOND, renew=True)
    generation_id = library.build(library.prompts[1])

    costs = library.store.comparisons.sum_own_costs(generation_id)

    assert (costs.requests, costs.cost_usd, costs.unpriced) == (4, 0, 4)


def test_a_generation_without_a_prompt_cost_nothing(store: Store, indexing: Indexing, captioned: Event) -> None:
    add_image(store, "mug", "A mug.")
    indexing.run(captioned, Event())
    live = store.generations.get_live()
    assert live is not None

    assert store.comparisons.sum_own_costs(live.id).requests == 0


def test_without_queries_corrections_tell_how_much_the_order_changed(revised: Library) -> None:
    revised.store.corrections.write_correction(revised.images["one"], "retrieval", ["-Sign: a cup of coffee"])
    revised.index()
    for generation in revised.pair:
        revised.index(generation.id)

    comparison = revised.compare()

    assert comparison.agreement is not None
    assert (comparison.agreement.queries, comparison.agreement.first10) == (1, 1)
    assert comparison.total.after.queries == 0
    assert (comparison.captions.shared, comparison.captions.differing) == (4, 3)


def test_a_building_generation_lacks_what_is_not_there_yet(library: Library) -> None:
    few = {"one": SECOND["one"]}
    library.caption(library.prompts[1], few, renew=True, cost_usd=0.003)
    generation_id = library.store.generations.add_generation(
        prompt_id=library.prompts[1].id,
        captioner="openai",
        model="m",
        embedder=library.embedder.name,
        dimensions=library.embedder.dimensions,
        state="building",
    )

    comparison = library.compare(library.golden("red mug", "one"))

    assert generation_id == comparison.after.generation.id
    assert (comparison.lost, comparison.after.coverage.entries, comparison.after.size.is_indexed) == (4, 0, False)
    assert (comparison.captions.shared, comparison.sample) == (0, [])
    assert comparison.worsened[0].after.nearest == []


def test_images_that_are_nowhere_any_more_are_not_lost(revised: Library) -> None:
    second = revised.pair[1]
    revised.store.images.drop_locations(["/pictures/one.jpg"])
    revised.index(second.id)

    comparison = revised.compare(sample=9)

    assert comparison.lost == 0
    assert "one.jpg" not in [captions.location for captions in comparison.sample]
