"""A new prompt that every image is answered alike to: its replies are of no use, and nothing else is touched."""

from collections.abc import Sequence

import pytest

from indexer.catalog.store import Store
from indexer.models import GenerationId, ImageId, PromptId, RunId
from tests.factories import make_facts, make_found, make_wanted
from tests.integration.library import Library

REPEATED = "the reply is the same for several unlike images"
_LOOKS = [0, 2**62 - 1, 0x0F0F0F0F0F0F0F0F, 0x3333333333333333, 0x5555555555555555]


@pytest.fixture
def unlike(store: Store) -> list[ImageId]:
    """Five images that look nothing alike."""
    return [_add(store, str(number), look) for number, look in enumerate(_LOOKS)]


def _add(store: Store, name: str, look: int) -> ImageId:
    facts = make_facts(name, perceptual_hash=look)
    return store.images.register_image(facts, make_found(f"{name}.jpg"), make_wanted()).image_id


def renew(library: Library, images: Sequence[ImageId], prompt_id: PromptId, sentence: str) -> None:
    for image_id in images:
        library.say(image_id, sentence, prompt_id, request_id=library.must_ask(image_id, prompt_id, renew=True))


def test_replies_that_repeat_leave_the_live_generation_nothing_to_write(
    library: Library,
    store: Store,
    run_id: RunId,
    unlike: list[ImageId],
    old: PromptId,
    new: PromptId,
    live: GenerationId,
    building: GenerationId,
) -> None:
    for image_id in unlike:
        library.say(image_id, f"Picture {image_id}.", old)
    library.fill(live)
    renew(library, unlike, new, "An image.")
    library.fill(building)

    undone = store.captions.quarantine_repeats(unlike[0], [new], run_id, REPEATED, captioner="openai", model="m")

    assert undone == dict.fromkeys(unlike, True)
    assert library.find_documents(live) == []
    assert store.entries.mark_outdated(live) == 0


def test_entries_that_were_made_of_replies_that_repeat_are_made_of_the_older_captions(
    library: Library,
    store: Store,
    run_id: RunId,
    unlike: list[ImageId],
    old: PromptId,
    new: PromptId,
    building: GenerationId,
) -> None:
    for image_id in unlike:
        library.say(image_id, f"Picture {image_id}.", old)
    renew(library, unlike, new, "An image.")
    library.fill(building)
    store.captions.quarantine_repeats(unlike[0], [new], run_id, REPEATED, captioner="openai", model="m")

    outdated = store.entries.mark_outdated(building)
    library.fill(building)

    assert outdated == len(unlike)
    assert library.entries(building) == {image_id: f"Picture {image_id}." for image_id in unlike}


def test_what_older_captions_say_is_no_repetition_of_a_new_reply(
    library: Library,
    store: Store,
    run_id: RunId,
    unlike: list[ImageId],
    old: PromptId,
    new: PromptId,
    live: GenerationId,
    building: GenerationId,
) -> None:
    *blank, last = unlike
    for image_id in blank:
        library.say(image_id, "A blank page.", old)
    library.say(last, "A red cat.", old)
    serving = library.serving(live)
    renew(library, [last], new, "A blank page.")

    alike = store.captions.find_repeats(last, [new], captioner="openai", model="m")
    store.captions.quarantine_repeats(last, [new], run_id, REPEATED, captioner="openai", model="m")

    assert len(alike) == 1
    assert library.serving(live) == serving
    assert [store.captions.find_captions(image_id)[0].quarantine for image_id in unlike] == [None] * len(unlike)
    assert building
