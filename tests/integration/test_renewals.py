"""What a reindex asks for belongs to the generation that is being built, and is no other generation's business."""

import pytest

from indexer.catalog.store import Store
from indexer.catalog.store.images import Wanted
from indexer.models import GenerationId, ImageId, PromptId, RunId
from tests.factories import add_image, make_facts, make_failure, make_found, make_wanted
from tests.integration.library import Library

REFUSED = "the reply is a refusal"


@pytest.fixture
def old(library: Library) -> PromptId:
    return library.prompt("Old.")


@pytest.fixture
def new(library: Library) -> PromptId:
    return library.prompt("New.")


@pytest.fixture
def live(library: Library, old: PromptId) -> GenerationId:
    return library.generation(old, "live")


@pytest.fixture
def building(library: Library, new: PromptId, live: GenerationId) -> GenerationId:
    assert live
    return library.generation(new, "building")


def kinds_there(store: Store, image_id: ImageId, wanted: Wanted) -> list[str]:
    """Return which kinds an ingest need not ask an image for."""
    [location] = store.images.get_image(image_id).locations
    return store.images.find_known([location], wanted)[location].captioned


def wanting(prompt_id: PromptId | None, rank: int = 2, model: str = "m") -> Wanted:
    return make_wanted(rank, prompt_ids=[prompt_id], captioner="openai", model=model)


def test_a_renewal_is_not_shown_in_the_live_generation(
    library: Library, store: Store, old: PromptId, new: PromptId, live: GenerationId, building: GenerationId
) -> None:
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old)

    library.say(image_id, "With the new prompt.", new, renewal=True)

    assert library.serving(live) == {image_id: "With the old prompt."}
    assert library.serving(building) == {image_id: "With the new prompt."}


def test_nor_where_the_live_generation_lacks_the_image(
    library: Library, store: Store, new: PromptId, live: GenerationId, building: GenerationId
) -> None:
    image_id = add_image(store)

    library.say(image_id, "With the new prompt.", new, renewal=True)

    assert library.serving(live) == {}
    assert store.entries.count_missing(live, [image_id]) == 0
    assert library.serving(building) == {image_id: "With the new prompt."}


def test_rolled_back_a_generation_shows_renewals_in_its_gaps_alone(
    library: Library, store: Store, old: PromptId, new: PromptId, live: GenerationId, building: GenerationId
) -> None:
    covered, imported, gap = add_image(store, "covered"), add_image(store, "imported"), add_image(store, "gap")
    library.say(covered, "With the old prompt.", old)
    library.say(imported, "Imported.", captioner="import")
    for image_id in (covered, imported, gap):
        library.say(image_id, "With the new prompt.", new, renewal=True)
    library.activate(building)

    library.activate(live)

    assert library.serving(live) == {
        covered: "With the old prompt.",
        imported: "Imported.",
        gap: "With the new prompt.",
    }


def test_rolled_back_an_offline_generation_keeps_its_captions_and_those_that_joined_it(
    library: Library, store: Store, old: PromptId, new: PromptId
) -> None:
    offline = library.generation(None, "live", captioner="offline")
    alone, joined = add_image(store, "alone"), add_image(store, "joined")
    for image_id in (alone, joined):
        library.say(image_id, "Made offline.", captioner="offline")
    library.say(joined, "By a model, for an ingest.", old)
    second = library.generation(new, "building")
    for image_id in (alone, joined):
        library.say(image_id, "By a model, for a reindex.", new, renewal=True)
    library.activate(second)

    library.activate(offline)

    assert library.serving(offline) == {alone: "Made offline.", joined: "By a model, for an ingest."}
    assert set(library.serving(second).values()) == {"By a model, for a reindex."}


def test_the_renewals_of_an_abandoned_generation_fill_gaps_of_the_next_one(
    library: Library, store: Store, new: PromptId, building: GenerationId
) -> None:
    first, second = add_image(store, "a"), add_image(store, "b")
    library.say(first, "Made offline.", captioner="offline")
    library.say(first, "With the new prompt.", new, renewal=True)
    library.say(second, "With the new prompt.", new, renewal=True)
    library.execute("UPDATE generation SET state = 'dropping' WHERE id = %s", building)

    newest = library.generation(library.prompt("Newest."), "building")

    assert library.serving(newest) == {first: "Made offline.", second: "With the new prompt."}


def test_a_renewal_makes_no_entry_of_another_generation_stale(
    library: Library, store: Store, old: PromptId, new: PromptId, live: GenerationId, building: GenerationId
) -> None:
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old)
    changes = store.entries.find_documents(live, limit=1)[0].changes

    library.say(image_id, "With the new prompt.", new, renewal=True)

    assert store.entries.find_documents(live, limit=1)[0].changes == changes
    assert library.serving(building) == {image_id: "With the new prompt."}


def test_an_entry_of_an_older_caption_is_outdated_once_a_renewal_of_its_generation_came(
    library: Library, store: Store, old: PromptId, new: PromptId, live: GenerationId, building: GenerationId
) -> None:
    assert live
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old)
    library.write_entry(building, image_id, changes=1)
    before = library.serving(building)

    library.say(image_id, "With the new prompt.", new, renewal=True)

    assert (before, store.entries.mark_outdated(building)) == ({}, 1)
    assert library.serving(building) == {image_id: "With the new prompt."}
    assert store.entries.mark_outdated(building) == 0


def test_a_caption_that_an_ingest_paid_for_never_becomes_a_renewal(
    library: Library, store: Store, building: GenerationId, live: GenerationId
) -> None:
    assert building
    image_id = add_image(store)
    library.say(image_id, "Made offline.", captioner="offline")
    library.say(image_id, "Made offline, again.", captioner="offline", renewal=True)

    assert library.serving(live) == {image_id: "Made offline, again."}


def test_a_reindex_asks_for_what_the_live_generation_has_and_an_ingest_does_not(
    library: Library, store: Store, old: PromptId, new: PromptId, live: GenerationId, building: GenerationId
) -> None:
    assert live
    assert building
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old)

    assert kinds_there(store, image_id, wanting(old)) == ["retrieval"]
    assert library.ask(image_id, old) is None
    assert library.ask(image_id, new) is None
    assert library.ask(image_id, new, renew=True) is not None


def test_a_renewal_that_is_there_is_not_asked_for_again(
    library: Library, store: Store, new: PromptId, building: GenerationId
) -> None:
    assert building
    image_id = add_image(store)
    library.say(image_id, "With the new prompt.", new, renewal=True)

    assert library.ask(image_id, new, renew=True) is None


def test_a_quarantined_renewal_is_asked_for_again_only_on_request(
    library: Library, store: Store, new: PromptId, building: GenerationId
) -> None:
    assert building
    image_id = add_image(store)
    library.say(image_id, "I'm sorry.", new, renewal=True, quarantine=REFUSED)

    assert library.ask(image_id, new, renew=True) is None
    assert library.ask(image_id, new, renew=True, retry=True) is not None


def test_what_was_refused_with_the_old_prompt_is_asked_with_the_new_one(
    library: Library, store: Store, run_id: RunId, old: PromptId, new: PromptId, building: GenerationId
) -> None:
    assert building
    image_id = add_image(store)
    refused = make_failure(
        stage="caption", reason="no", captioner="openai", model="m", image_id=image_id, prompt_ids=[old]
    )
    store.failures.record_failure(run_id, refused)

    assert library.ask(image_id, old) is None
    assert library.ask(image_id, new, renew=True) is not None


def test_an_ingest_and_a_reindex_ask_about_a_new_image_side_by_side(
    library: Library, store: Store, run_id: RunId, old: PromptId, new: PromptId, building: GenerationId
) -> None:
    assert building
    image_id = add_image(store)
    with store.runs.running("reindex", {}) as reindex:
        renewed = library.ask(image_id, new, renew=True, run_id=reindex)

        assert store.requests.find_claimed_elsewhere(run_id, [image_id], [old]) == set()
        assert store.requests.find_claimed_elsewhere(run_id, [image_id], [new]) == {(image_id, None)}
        assert (renewed is not None, library.ask(image_id, old) is not None) == (True, True)


def test_two_reindexes_do_not_ask_for_the_same(
    library: Library, store: Store, new: PromptId, building: GenerationId
) -> None:
    assert building
    image_id = add_image(store)
    with store.runs.running("reindex", {}) as other:
        assert library.ask(image_id, new, renew=True, run_id=other) is not None

        assert library.ask(image_id, new, renew=True) is None
        assert library.ask(image_id, new, model="m2", renew=True) is not None


def test_after_the_switch_nothing_is_asked_with_the_replaced_prompt(
    library: Library, store: Store, old: PromptId, new: PromptId, building: GenerationId
) -> None:
    image_id = add_image(store)
    library.activate(building)

    assert library.ask(image_id, old) is None
    assert library.ask(image_id, new) is not None


def test_other_kinds_are_asked_whatever_generation_is_live(
    library: Library, store: Store, building: GenerationId
) -> None:
    alt_text = library.prompt("For a screen reader.", kind="alt_text")
    library.activate(building)

    assert library.ask(add_image(store), alt_text) is not None


def test_a_captioner_without_prompts_is_asked_whatever_generation_is_live(
    library: Library, store: Store, new: PromptId
) -> None:
    wordless = library.prompt("")
    library.generation(wordless, "live", captioner="huggingface")
    library.activate(library.generation(new, "building"))

    assert library.ask(add_image(store), wordless) is not None


def test_prompts_are_asked_where_a_captioner_without_them_made_the_index(
    library: Library, store: Store, new: PromptId, building: GenerationId
) -> None:
    assert building
    library.activate(library.generation(library.prompt(""), "building", captioner="huggingface"))

    assert library.ask(add_image(store), new) is not None


def test_an_image_with_nothing_but_a_late_answer_is_asked_again_with_the_new_prompt(
    library: Library, store: Store, old: PromptId, new: PromptId, building: GenerationId
) -> None:
    image_id = add_image(store)
    request_id = library.must_ask(image_id, old)
    library.activate(building)
    library.say(image_id, "With the old prompt.", old, request_id=request_id)

    assert kinds_there(store, image_id, wanting(new)) == []
    assert kinds_there(store, image_id, wanting(old)) == []
    assert library.ask(image_id, new) is not None


@pytest.mark.parametrize("quarantine", [None, REFUSED])
def test_a_reply_before_the_switch_need_not_be_asked_for_again(
    library: Library, store: Store, old: PromptId, new: PromptId, building: GenerationId, quarantine: str | None
) -> None:
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old, quarantine=quarantine)
    library.activate(building)

    assert kinds_there(store, image_id, wanting(new)) == ["retrieval"]


def test_a_renewal_does_not_spare_the_live_generation_a_request(
    library: Library, store: Store, old: PromptId, new: PromptId, building: GenerationId
) -> None:
    assert building
    image_id = add_image(store)
    library.say(image_id, "With the new prompt.", new, renewal=True)

    assert kinds_there(store, image_id, wanting(old)) == []
    assert library.ask(image_id, old) is not None


def test_a_renewal_joins_an_offline_generation_when_an_ingest_wants_the_very_same(
    library: Library, store: Store, new: PromptId
) -> None:
    offline, image_id = library.generation(None, "live", captioner="offline"), add_image(store)
    library.say(image_id, "Made offline.", captioner="offline")
    library.generation(new, "building")
    library.say(image_id, "By a model.", new, renewal=True)
    before = library.serving(offline)

    asked = library.ask(image_id, new)

    assert (before, asked) == ({image_id: "Made offline."}, None)
    assert library.serving(offline) == {image_id: "By a model."}
    assert kinds_there(store, image_id, wanting(new)) == ["retrieval"]


def test_an_image_that_arrives_while_a_generation_is_built_is_in_the_live_one_and_stale_for_the_other(
    library: Library, store: Store, old: PromptId, new: PromptId, live: GenerationId, building: GenerationId
) -> None:
    image_id = add_image(store)

    library.say(image_id, "With the old prompt.", old, request_id=library.must_ask(image_id, old))

    assert library.serving(live) == {image_id: "With the old prompt."}
    assert library.serving(building, fallback=False) == {}
    assert library.serving(building) == {image_id: "With the old prompt."}
    assert library.ask(image_id, new, renew=True) is not None


def test_a_new_reply_that_is_the_same_for_unlike_images_leaves_the_older_captions_serving(
    library: Library,
    store: Store,
    run_id: RunId,
    old: PromptId,
    new: PromptId,
    live: GenerationId,
    building: GenerationId,
) -> None:
    images = [add_image(store, str(number)) for number in range(5)]
    for image_id in images:
        library.say(image_id, f"Picture {image_id}.", old)
        library.say(image_id, "An image.", new, request_id=library.must_ask(image_id, new, renew=True))

    undone = store.captions.quarantine_repeats(images[0], [new], run_id, "repeated", captioner="openai", model="m")

    serving = {image_id: f"Picture {image_id}." for image_id in images}
    assert undone == dict.fromkeys(images, True)
    assert library.serving(building, fallback=False) == {}
    assert (library.serving(live), library.serving(building)) == (serving, serving)


def test_a_correction_carries_over_and_survives_what_is_renewed_after_it(
    library: Library, store: Store, old: PromptId, new: PromptId, live: GenerationId, building: GenerationId
) -> None:
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old)
    store.corrections.write_correction(image_id, "retrieval", ["By a person."])
    library.activate(building)

    library.say(image_id, "With the new prompt.", new, request_id=library.must_ask(image_id, new, renew=True))
    after = library.serving(building)
    store.corrections.undo_correction(image_id, "retrieval")

    assert after == {image_id: "By a person."}
    assert (library.serving(building), library.serving(live)) == (
        {image_id: "With the new prompt."},
        {image_id: "With the old prompt."},
    )


@pytest.mark.parametrize("origin", ["edit", "frame"])
def test_edits_and_frames_are_renewed_like_originals(
    library: Library, store: Store, old: PromptId, new: PromptId, building: GenerationId, origin: str
) -> None:
    facts = make_facts("derived", origin=origin)
    image_id = store.images.register_image(facts, make_found("derived.png"), make_wanted()).image_id
    library.say(image_id, "With the old prompt.", old)

    library.say(image_id, "With the new prompt.", new, request_id=library.must_ask(image_id, new, renew=True))

    assert library.serving(building, fallback=False) == {image_id: "With the new prompt."}
