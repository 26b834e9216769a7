"""What happens beside a reindex: images and answers that come while it writes, indexes and measures."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from indexer.catalog.embedding import Embedder
from indexer.catalog.searching import Query, Results
from indexer.catalog.store import Store
from indexer.catalog.vectors import Vectors
from indexer.models import Generation, GenerationId, ImageId, RunId
from indexer.pipelines.golden import GoldenQuery
from indexer.pipelines.updating import index_stale
from tests.factories import add_image
from tests.fakes.openai_server import Asked, FakeOpenAI, Reply, describe
from tests.integration.library import Library
from tests.integration.reindexes import Reindexes, add_file

_PATIENCE_S = 60
LIVE, MADE = GenerationId(1), GenerationId(2)
OLD_WORDS = "Picture number 77."


@dataclass(slots=True)
class SlowEmbedder:
    """An embedder that, given a text like this, first waits for something to happen."""

    embedder: Embedder
    wording: str
    wait: Callable[[], object]

    @property
    def name(self) -> str:
        return self.embedder.name

    @property
    def dimensions(self) -> int:
        return self.embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        if any(self.wording in text for text in texts):
            self.wait()
        return self.embedder.embed(texts)


def test_an_answer_that_comes_while_the_older_caption_is_embedded_reaches_the_new_generation(
    reindexes: Reindexes, library: Library, run_id: RunId, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    arrived: list[ImageId] = []
    embedding = Event()

    def answer(asked: Asked) -> Reply:
        if arrived:
            assert embedding.wait(_PATIENCE_S)
        return describe(asked)

    def wait_for_answer() -> None:
        embedding.set()
        wait_for(lambda: has_other_words(reindexes.store, arrived[0]))

    def add_before_catching_up(said: str) -> None:
        if said.startswith("Indexing the vectors"):
            arrived.append(add_file(reindexes.store, tmp_path / "new.jpg", 77, reindexes.first))

    openai_server.answer = answer
    reindexing = reindexes.build(reindexes.choose("Say more."), run_id)
    load = reindexing.load_embedder
    reindexing.load_embedder = lambda name: SlowEmbedder(load(name), OLD_WORDS, wait_for_answer)
    reindexing.tell = add_before_catching_up

    list(reindexing.reindex())

    assert embedding.is_set()
    assert library.entries(MADE)[arrived[0]].startswith("A picture called ")
    assert reindexes.store.generations.count_coverage(MADE).fresh == 4
    assert reindexes.states == ["retired", "live"]


def test_what_an_ingest_writes_while_the_gate_measures_does_not_fail_it_and_is_brought_in(
    reindexes: Reindexes, library: Library, run_id: RunId, tmp_path: Path
) -> None:
    index_stale(reindexes.store, reindexes.settings, "ingest")
    query = GoldenQuery(text="picture", query_set="s", relevant=(frozenset([reindexes.images[0]]),))
    reindexing = reindexes.build(reindexes.choose("Say more."), run_id, queries=[query])
    search, arrived = reindexing.search, list[ImageId]()

    def ingest_meanwhile(query: Query, *, generation: Generation) -> Results:
        if not arrived:
            arrived.append(add_file(reindexes.store, tmp_path / "new.jpg", 77, reindexes.first))
            index_stale(reindexes.store, reindexes.settings, "ingest")
        return search(query, generation=generation)

    reindexing.search = ingest_meanwhile

    list(reindexing.reindex())

    assert (reindexing.is_refused, reindexes.states) == (False, ["retired", "live"])
    assert library.entries(LIVE)[arrived[0]] == OLD_WORDS
    assert library.entries(MADE)[arrived[0]].startswith("A picture called ")
    assert reindexes.store.generations.count_coverage(MADE).fresh == 4


def test_what_was_written_just_now_is_not_counted_as_lost(library: Library, store: Store) -> None:
    live, made = library.generation(None, "live", captioner="import"), library.generation(None, "ready")
    before, now = add_image(store, "before"), add_image(store, "now")
    for image_id in (before, now):
        library.write_entry(live, image_id, changes=1)
    library.execute("UPDATE entry SET written_at = now() - interval '1 hour' WHERE image_id = %s", before)

    assert store.comparisons.count_lost(live, made) == 2
    assert store.comparisons.count_lost(live, made, younger_s=60) == 1


def test_a_file_that_is_gone_does_not_stand_in_the_way_and_the_verdict_says_so(
    reindexes: Reindexes, library: Library
) -> None:
    index_stale(reindexes.store, reindexes.settings, "ingest")
    (reindexes.folder / "0.jpg").unlink()

    reindexing, outcomes = reindexes.reindex(reindexes.choose("Say more."))

    assert sorted(outcome.status for outcome in outcomes) == ["captioned", "captioned", "failed"]
    assert (reindexing.is_refused, reindexes.states) == (False, ["retired", "live"])
    assert reindexing.verdict is not None
    assert reindexing.verdict.reason.endswith(
        " 1 image is nowhere any more and could not be asked about: the older captions stay."
    )
    assert library.entries(MADE)[reindexes.images[0]] == "Picture number 0."


def has_other_words(store: Store, image_id: ImageId) -> bool:
    return any(OLD_WORDS not in caption.sentences for caption in store.captions.find_captions(image_id))


def wait_for(true: Callable[[], bool]) -> None:
    """Wait for something to become true, for as long as a busy machine may need."""
    deadline = time.monotonic() + _PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
