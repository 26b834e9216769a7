"""Which caption serves in which generation: a person's, then one of the generation's making, then the best there is."""

import pytest

from indexer.catalog.store import Store
from tests.factories import add_image, make_facts, make_found, make_wanted
from tests.integration.library import Library


def test_a_generation_prefers_captions_of_its_own_prompt_to_newer_ones(library: Library, store: Store) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    image_id = add_image(store)
    library.say(image_id, "With the new prompt.", new)
    library.say(image_id, "With the old prompt.", old)

    serves_old = library.serving(library.generation(old, "live"))
    serves_new = library.serving(library.generation(new, "building"))

    assert (serves_old[image_id], serves_new[image_id]) == ("With the old prompt.", "With the new prompt.")


def test_a_generation_prefers_captions_of_its_own_model_to_newer_ones(library: Library, store: Store) -> None:
    prompt_id, image_id = library.prompt("Old."), add_image(store)
    library.say(image_id, "By its own model.", prompt_id)
    library.say(image_id, "By another.", prompt_id, captioner="huggingface")

    assert library.serving(library.generation(prompt_id, "live")) == {image_id: "By its own model."}


def test_what_a_person_wrote_is_before_all_captions_in_every_generation(library: Library, store: Store) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    live, building = library.generation(old, "live"), library.generation(new, "building")
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old)
    store.corrections.write_correction(image_id, "retrieval", ["By a person."])
    library.say(image_id, "With the new prompt.", new, renewal=True)

    assert library.serving(live) == {image_id: "By a person."}
    assert library.serving(building) == {image_id: "By a person."}
    library.activate(building)
    assert library.serving(building) == {image_id: "By a person."}


def test_an_image_that_only_a_person_described_is_in_a_new_generation(library: Library, store: Store) -> None:
    image_id = add_image(store)
    store.corrections.write_correction(image_id, "retrieval", ["By a person."])
    building = library.generation(library.prompt("New."), "building")

    assert library.serving(building) == {image_id: "By a person."}
    assert store.entries.count_missing(building, [image_id]) == 1


def test_while_it_is_built_a_generation_waits_for_its_own_captions(library: Library, store: Store) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    renewed, waiting = add_image(store, "renewed"), add_image(store, "waiting")
    library.say(renewed, "With the old prompt.", old)
    library.say(waiting, "With the old prompt.", old)
    library.say(renewed, "With the new prompt.", new, renewal=True)
    building = library.generation(new, "building")

    assert library.serving(building, fallback=False) == {renewed: "With the new prompt."}
    assert library.serving(building) == {renewed: "With the new prompt.", waiting: "With the old prompt."}


def test_where_its_own_caption_is_quarantined_the_older_one_serves(library: Library, store: Store) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old)
    library.say(image_id, "I'm sorry.", new, renewal=True, quarantine="the reply is a refusal")
    building = library.generation(new, "building")

    assert library.serving(building, fallback=False) == {}
    assert library.serving(building) == {image_id: "With the old prompt."}


def test_a_model_takes_the_place_of_offline_captions_in_an_offline_generation(library: Library, store: Store) -> None:
    image_id = add_image(store)
    library.say(image_id, "Made offline.", captioner="offline")
    live = library.generation(None, "live", captioner="offline")

    library.say(image_id, "By a model.", library.prompt("Describe."))

    assert library.serving(live) == {image_id: "By a model."}


def test_an_import_takes_the_place_of_offline_captions_and_of_no_model(library: Library, store: Store) -> None:
    prompt_id = library.prompt("Describe.")
    live = library.generation(None, "live", captioner="offline")
    described, undescribed = add_image(store, "described"), add_image(store, "undescribed")
    library.say(described, "By a model.", prompt_id)
    library.say(undescribed, "Made offline.", captioner="offline")
    for image_id in (described, undescribed):
        library.say(image_id, "Imported.", captioner="import")

    assert library.serving(live) == {described: "By a model.", undescribed: "Imported."}


@pytest.mark.parametrize("origin", ["edit", "frame"])
def test_edits_and_frames_are_covered_like_originals(library: Library, store: Store, origin: str) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    facts = make_facts("derived", origin=origin)
    image_id = store.images.register_image(facts, make_found("derived.png"), make_wanted()).image_id
    library.say(image_id, "With the old prompt.", old)
    live, building = library.generation(old, "live"), library.generation(new, "building")

    assert library.serving(live) == library.serving(building) == {image_id: "With the old prompt."}
    library.say(image_id, "With the new prompt.", new, renewal=True)
    assert library.serving(building, fallback=False) == {image_id: "With the new prompt."}


def test_an_image_that_is_nowhere_is_in_no_generation(library: Library, store: Store) -> None:
    prompt_id, image_id = library.prompt("Old."), add_image(store, "gone")
    library.say(image_id, "A cat.", prompt_id)
    live = library.generation(prompt_id, "live")
    store.images.drop_locations(["/pictures/gone.jpg"])

    assert library.serving(live) == {}
    assert store.entries.count_missing(live, [image_id]) == 0


def test_a_late_answer_to_a_replaced_prompt_is_worth_nothing_to_the_new_generation(
    library: Library, store: Store
) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    first, second = library.generation(old, "live"), library.generation(new, "building")
    image_id = add_image(store)
    request_id = library.must_ask(image_id, old)
    library.activate(second)

    library.say(image_id, "With the old prompt.", old, request_id=request_id)

    assert library.serving(second) == {}
    assert store.entries.count_missing(second, [image_id]) == 0
    assert library.serving(first) == {image_id: "With the old prompt."}


def test_a_late_answer_serves_when_its_generation_was_dropped_no_more_than_before(
    library: Library, store: Store
) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    first, second = library.generation(old, "live"), library.generation(new, "building")
    image_id = add_image(store)
    request_id = library.must_ask(image_id, old)
    library.activate(second)
    library.say(image_id, "With the old prompt.", old, request_id=request_id)
    library.execute("DELETE FROM generation WHERE id = %s", first)

    assert library.serving(second) == {}


def test_what_came_before_the_switch_fills_the_gaps_of_the_new_generation(library: Library, store: Store) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    library.generation(old, "live")
    second = library.generation(new, "building")
    image_id = add_image(store)
    library.say(image_id, "With the old prompt.", old, request_id=library.must_ask(image_id, old))

    library.activate(second)

    assert library.serving(second) == {image_id: "With the old prompt."}


def test_a_late_answer_fills_gaps_once_its_generation_is_activated_again(library: Library, store: Store) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    first, second = library.generation(old, "live"), library.generation(new, "building")
    image_id = add_image(store)
    request_id = library.must_ask(image_id, old)
    library.activate(second)
    library.say(image_id, "With the old prompt.", old, request_id=request_id)
    library.activate(first)
    library.activate(second)

    assert library.serving(second) == {image_id: "With the old prompt."}


def test_a_captioner_that_takes_no_prompt_is_never_late(library: Library, store: Store) -> None:
    wordless, worded = library.prompt(""), library.prompt("Describe.")
    library.generation(wordless, "live", captioner="huggingface")
    second = library.generation(worded, "building")
    library.activate(second)
    image_id = add_image(store)

    library.say(image_id, "Without a prompt.", wordless, captioner="huggingface")

    assert library.serving(second) == {image_id: "Without a prompt."}


def test_an_entry_whose_caption_is_good_no_more_is_dropped_though_others_could_use_a_renewal(
    library: Library, store: Store
) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    live = library.generation(old, "live")
    image_id = add_image(store)
    library.say(image_id, "A cat.", old)
    library.write_entry(live, image_id, changes=1)
    library.say(image_id, "With the new prompt.", new, renewal=True)
    library.say(image_id, "A cat.", old, quarantine="the reply is the same for several unlike images")
    library.execute("UPDATE image SET changes = changes + 1")

    assert store.entries.drop_unservable(live) == 1
    assert library.serving(live) == {}
