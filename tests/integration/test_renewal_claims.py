"""Who may ask for what while a generation is built: an ingest and a reindex, side by side."""

import pytest

from indexer.catalog.store import Store
from indexer.catalog.store.images import Wanted
from indexer.models import GenerationId, ImageId, PromptId, RunId, Usage
from tests.factories import add_image, make_failure, make_wanted
from tests.integration.library import Library

REFUSED = "the reply is a refusal"


def kinds_there(store: Store, image_id: ImageId, wanted: Wanted) -> list[str]:
    """Return which kinds an ingest need not ask an image for."""
    [location] = store.images.get_image(image_id).locations
    return store.images.find_known([location], wanted)[location].captioned


def wanting(prompt_id: PromptId | None, rank: int = 2, model: str = "m") -> Wanted:
    return make_wanted(rank, prompt_ids=[prompt_id], captioner="openai", model=model)


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


def test_what_is_refused_with_both_prompts_is_asked_once_with_each_when_they_alternate(
    library: Library, store: Store, run_id: RunId, old: PromptId, new: PromptId, building: GenerationId
) -> None:
    assert building
    image_id = add_image(store)
    for prompt_id in (old, new):
        request_id = library.must_ask(image_id, prompt_id, renew=prompt_id == new)
        refused = make_failure(
            stage="caption", captioner="openai", model="m", image_id=image_id, prompt_ids=[prompt_id]
        )
        store.failures.record_failure(run_id, refused)
        store.requests.close_request(request_id, "refused", attempts=1, usage=Usage())

    assert library.ask(image_id, old) is None
    assert library.ask(image_id, new, renew=True) is None
    assert library.ask(image_id, old, retry=True) is not None
