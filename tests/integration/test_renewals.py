"""What a reindex asks for belongs to the generation that is being built, and is no other generation's business."""

from dataclasses import replace

import pytest

from indexer.catalog.store import Store
from indexer.models import GenerationId, ImageId, PromptId, RunId, State
from tests.factories import add_image, make_facts, make_failure, make_found, make_wanted
from tests.integration.library import Library


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


def test_an_entry_written_of_what_was_read_before_a_renewal_came_is_outdated(
    library: Library, store: Store, old: PromptId, new: PromptId, building: GenerationId
) -> None:
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old)
    found = library.find_documents(building)
    library.say(image_id, "With the new prompt.", new, request_id=library.must_ask(image_id, new, renew=True))
    library.write_documents(building, found)

    outdated = store.entries.mark_outdated(building)
    library.fill(building)

    assert (outdated, library.entries(building)) == (1, {image_id: "With the new prompt."})
    assert store.generations.count_coverage(building).fresh == 1


@pytest.mark.parametrize("state", ["ready", "dropping"])
def test_renewals_that_were_never_live_leave_imported_captions_to_the_next_embedder(
    library: Library, store: Store, new: PromptId, state: State
) -> None:
    imported = library.generation(None, "live", captioner="import")
    image_id = add_image(store, "a", "Imported.")
    refused = library.generation(new, "building")
    library.say(image_id, "With the new prompt.", new, request_id=library.must_ask(image_id, new, renew=True))
    library.execute("UPDATE generation SET state = %s WHERE id = %s", state, refused)

    embedded_anew = library.generation(None, "building", captioner="import")

    assert library.serving(imported) == {image_id: "Imported."}
    assert library.serving(embedded_anew, fallback=False) == {image_id: "Imported."}
    assert library.serving(embedded_anew) == {image_id: "Imported."}


def test_the_captions_of_an_image_are_shown_with_the_live_one_first(
    library: Library, store: Store, old: PromptId, new: PromptId, building: GenerationId
) -> None:
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old)
    library.say(image_id, "With the new prompt.", new, request_id=library.must_ask(image_id, new, renew=True))
    before = _first_shown(store, image_id)

    library.activate(building)

    assert (before, _first_shown(store, image_id)) == (["With the old prompt."], ["With the new prompt."])


def test_a_failure_stays_known_while_a_renewal_alone_would_serve(
    library: Library, store: Store, run_id: RunId, old: PromptId, new: PromptId, building: GenerationId
) -> None:
    image_id = add_image(store)
    failure = make_failure(stage="caption", captioner="openai", model="m", image_id=image_id, quarantined=True)
    store.failures.record_failure(run_id, replace(failure, prompt_ids=[old]))
    library.say(image_id, "I'm sorry.", old, quarantine="the reply is a refusal")
    library.say(image_id, "With the new prompt.", new, renewal=True)
    before = [known.location for known in store.failures.find_failures()]

    library.activate(building)

    assert before == ["/pictures/a.jpg"]
    assert store.failures.find_failures() == []


def test_the_very_same_caption_given_to_an_ingest_is_no_renewal_any_more(library: Library, store: Store) -> None:
    live = library.generation(None, "live", captioner="offline")
    image_id = add_image(store)
    library.say(image_id, "Made offline.", captioner="offline")
    library.generation(None, "building", captioner="blip")
    library.say(image_id, "By a model.", captioner="blip", renewal=True)
    before = library.serving(live)

    changed = library.say(image_id, "By a model.", captioner="blip")

    assert (before, changed) == ({image_id: "Made offline."}, True)
    assert library.serving(live) == {image_id: "By a model."}


def _first_shown(store: Store, image_id: ImageId) -> list[str]:
    return list(store.captions.find_captions(image_id)[0].sentences)
