"""A reindex over a real catalogue: what is stale, what is read, what it waits for, and what it leaves alone."""

from dataclasses import replace

import pytest

from indexer.catalog.searching import Query, Results
from indexer.catalog.store import Store
from indexer.catalog.store.renewals import Making
from indexer.errors import EmbedderError, ModelUnusableError
from indexer.models import Generation, GenerationId, ImageId, RunId
from indexer.pipelines.golden import GoldenQuery
from indexer.pipelines.reindexing.targets import choose_embedder
from tests.factories import add_image, make_answer, make_failure, make_prompt
from tests.fakes.openai_server import FakeOpenAI, Fault, describe
from tests.images import image_bytes
from tests.integration.library import Library
from tests.integration.reindexes import MODEL, Reindexes, register
from tests.tiny_embedders import write_embedder


def is_stale(store: Store, image_id: ImageId, making: Making) -> bool:
    return image_id in [stale.image_id for stale in store.renewals.find_stale(making, after=ImageId(0), limit=10)]


def test_a_caption_of_another_making_is_stale_and_one_of_this_is_not(store: Store, making: Making) -> None:
    older = store.prompts.register_prompt(make_prompt()).id
    imported, other, other_model, own = (add_image(store, name) for name in "abcd")
    store.captions.store_answer(imported, make_answer(), captioner="import", model="import")
    store.captions.store_answer(other, make_answer(prompt_id=older), captioner="openai", model="m")
    store.captions.store_answer(other_model, make_answer(prompt_id=making.prompt_id), captioner="openai", model="n")
    store.captions.store_answer(own, make_answer(prompt_id=making.prompt_id), captioner="openai", model="m")

    stale = [is_stale(store, image_id, making) for image_id in (imported, other, other_model, own)]

    assert stale == [True, True, True, False]
    assert sum(size.images for size in store.renewals.count_stale(making)) == 3
    assert store.renewals.count_kind("retrieval") == 4


def test_what_was_of_no_use_is_asked_again_on_request_only(store: Store, making: Making, run_id: RunId) -> None:
    assert making.prompt_id is not None
    quarantined, refused = add_image(store, "a", "A cat."), add_image(store, "b", "A dog.")
    bad = make_answer(prompt_id=making.prompt_id, quarantine="the reply is a refusal")
    store.captions.store_answer(quarantined, bad, captioner="openai", model="m")
    failure = make_failure("/pictures/b.jpg", stage="caption", image_id=refused, captioner="openai", model="m")
    store.failures.record_failure(run_id, replace(failure, prompt_ids=[making.prompt_id]))

    again = replace(making, retry=True)

    assert [is_stale(store, image_id, making) for image_id in (quarantined, refused)] == [False, False]
    assert [is_stale(store, image_id, again) for image_id in (quarantined, refused)] == [True, True]


def test_an_image_that_nobody_asked_about_or_that_is_nowhere_is_not_stale(store: Store, making: Making) -> None:
    without = add_image(store, "never captioned")
    gone = add_image(store, "gone", "A cat.")
    store.images.drop_locations(["/pictures/gone.jpg"])

    assert [is_stale(store, image_id, making) for image_id in (without, gone)] == [False, False]


def test_an_image_that_waits_for_its_first_caption_or_has_a_correction_alone_is_stale(
    store: Store, making: Making, run_id: RunId
) -> None:
    older = store.prompts.register_prompt(make_prompt()).id
    assert older is not None
    asked, corrected = add_image(store, "a"), add_image(store, "b")
    store.requests.claim_request(run_id, asked, [older], captioner="openai", model="m")
    store.corrections.write_correction(corrected, "retrieval", ["A cat."])

    assert [is_stale(store, image_id, making) for image_id in (asked, corrected)] == [True, True]
    assert store.renewals.count_kind("retrieval") == 2


def test_a_model_is_not_replaced_by_what_is_read_off_files(store: Store, making: Making) -> None:
    image_id = add_image(store)
    store.captions.store_answer(image_id, make_answer(prompt_id=making.prompt_id), captioner="openai", model="m")
    offline = Making(kind="retrieval", prompt_id=None, captioner="offline", model="offline", rank=0)

    assert not is_stale(store, image_id, offline)


def test_a_picture_is_read_wherever_it_still_is(reindexes: Reindexes, openai_server: FakeOpenAI) -> None:
    for number in range(2):
        copy = reindexes.folder / f"copy of {number}.jpg"
        copy.write_bytes(image_bytes(number))
        register(reindexes.store, copy)
    (reindexes.folder / "copy of 0.jpg").unlink()
    (reindexes.folder / "copy of 1.jpg").write_bytes(image_bytes(50))

    _, outcomes = reindexes.reindex(reindexes.choose("Say more."))

    assert [outcome.status for outcome in outcomes] == ["captioned"] * 3
    assert list(openai_server.asked_for().values()) == [1] * 3
    assert reindexes.states == ["retired", "live"]


def test_revised_back_to_the_live_prompt_drops_what_was_begun(reindexes: Reindexes, openai_server: FakeOpenAI) -> None:
    openai_server.key = "sk-another"
    with pytest.raises(ModelUnusableError):
        reindexes.reindex(reindexes.choose("Say more."))
    begun = reindexes.states
    as_before = replace(reindexes.choose("Say more."), prompt=reindexes.store.prompts.get_prompt(reindexes.first))
    openai_server.key = "sk-test"

    reindexing, outcomes = reindexes.reindex(as_before)

    assert (begun, reindexes.states) == (["live", "building"], ["live"])
    assert (outcomes, openai_server.accepted) == ([], [])
    assert (reindexing.generation and reindexing.generation.state, reindexing.verdict) == ("live", None)


def test_a_generation_that_was_live_before_is_taken_up_again_without_a_request(
    reindexes: Reindexes, openai_server: FakeOpenAI
) -> None:
    target = reindexes.choose("Say more.")
    reindexes.reindex(target)

    reindexes.reindex(replace(target, prompt=reindexes.store.prompts.get_prompt(reindexes.first)))

    assert reindexes.states == ["live", "retired"]
    assert len(openai_server.accepted) == 3


def test_what_was_measured_against_one_generation_takes_the_place_of_no_other(reindexes: Reindexes) -> None:
    store = reindexes.store
    said: list[str] = []
    third = store.generations.add_generation(
        prompt_id=None, captioner="import", model="import", embedder="all-MiniLM-L6-v2", dimensions=384, state="ready"
    )
    query = GoldenQuery(text="picture", query_set="s", relevant=(frozenset([reindexes.images[0]]),))
    with store.runs.running("reindex", {}) as run_id:
        reindexing = reindexes.build(reindexes.choose("Say more."), run_id, queries=[query])
        search = reindexing.search

        def switch_meanwhile(query: Query, *, generation: Generation) -> Results:
            store.generations.activate(third)
            return search(query, generation=generation)

        reindexing.search, reindexing.tell = switch_meanwhile, said.append
        list(reindexing.reindex())

    assert reindexes.states == ["retired", "live", "ready"]
    assert said[-1] == "Generation 1 is not live any more: nothing is switched. Run the command again."


def test_what_another_run_is_asking_for_is_waited_for(reindexes: Reindexes, openai_server: FakeOpenAI) -> None:
    store, target = reindexes.store, reindexes.choose("Say more.")
    assert target.prompt is not None
    assert target.prompt.id is not None
    prompt_id, image_id = target.prompt.id, reindexes.images[0]
    with store.runs.running("ingest", {}) as other, store.runs.running("reindex", {}) as run_id:
        claimed = store.requests.claim_request(
            other, image_id, [prompt_id], renew=True, captioner="openai", model=MODEL
        )
        reindexing = reindexes.build(target, run_id)
        outcomes = reindexing.reindex()
        asked = [next(outcomes).status for _ in range(2)]
        answer = make_answer("Answered by another run.", prompt_id=prompt_id)
        store.captions.store_answer(image_id, answer, request_id=claimed, captioner="openai", model=MODEL)
        rest = list(outcomes)

    assert asked == ["captioned"] * 2
    assert rest == []
    assert len(openai_server.accepted) == 2
    assert store.generations.count_coverage(GenerationId(2)).fresh == 3
    assert reindexes.states == ["retired", "live"]


def test_an_embedder_that_there_is_not_begins_no_generation(reindexes: Reindexes) -> None:
    target = choose_embedder(reindexes.store, str(reindexes.folder / "nothing"))

    with pytest.raises(EmbedderError):
        reindexes.reindex(target)

    assert reindexes.states == ["live"]


def test_a_wrong_key_ends_a_reindex_and_the_right_one_goes_on(reindexes: Reindexes, openai_server: FakeOpenAI) -> None:
    target = reindexes.choose("Say more.")
    openai_server.key = "sk-another"
    with pytest.raises(ModelUnusableError):
        reindexes.reindex(target)
    openai_server.key = "sk-test"

    reindexes.reindex(target)

    assert reindexes.states == ["retired", "live"]
    assert list(openai_server.asked_for().values()) == [1] * 3


def test_refused_images_keep_their_older_captions_and_the_verdict_says_so(
    reindexes: Reindexes, openai_server: FakeOpenAI
) -> None:
    # One after the other: a refusal before any answer may be the endpoint's fault, and is tried again.
    one_by_one = replace(reindexes, settings=reindexes.settings.model_copy(update={"concurrency": 1}))
    refusal = Fault(status=400, message="Your request was rejected.", code="content_policy_violation")
    openai_server.answer = lambda asked: refusal if asked.number == 2 else describe(asked)

    reindexing, outcomes = one_by_one.reindex(reindexes.choose("Say more."))
    _, again = one_by_one.reindex(reindexes.choose("Say more."))

    coverage = reindexes.store.generations.count_coverage(GenerationId(2))
    assert sorted(outcome.status for outcome in outcomes) == ["captioned", "captioned", "failed"]
    assert (coverage.entries, coverage.fresh) == (3, 2)
    assert reindexing.is_refused
    assert reindexing.verdict is not None
    assert "Only 66.6% of its entries" in reindexing.verdict.reason
    assert (again, len(openai_server.accepted), reindexes.states) == ([], 3, ["live", "ready"])


def test_what_a_refused_reindex_asked_for_is_not_what_another_embedder_embeds(
    reindexes: Reindexes, library: Library, openai_server: FakeOpenAI
) -> None:
    write_embedder(reindexes.folder / "tiny")
    tiny = reindexes.folder / "tiny" / "whole"
    library.execute("UPDATE caption SET captioner = 'import', model = 'import', prompt_id = NULL")
    library.execute("UPDATE generation SET captioner = 'import', model = 'import', prompt_id = NULL")
    reindexes.reindex(reindexes.choose("Say more."), activate=False)

    _, outcomes = reindexes.reindex(choose_embedder(reindexes.store, str(tiny)))

    assert (outcomes, len(openai_server.accepted)) == ([], 3)
    assert list(library.entries(GenerationId(3)).values()) == [f"Picture number {number}." for number in range(3)]
    assert reindexes.states == ["retired", "ready", "live"]
