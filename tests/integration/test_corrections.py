"""Corrections: above every captioner, and taken back without a trace."""

import pytest

from indexer.catalog.store import Store
from indexer.errors import CorrectionError
from indexer.models import RunId
from indexer.pipelines.correcting import correct
from tests.factories import add_image, make_answer, make_failure, make_prompt, make_wanted


def test_a_correction_comes_first_and_changes_what_is_indexed(store: Store) -> None:
    image_id = add_image(store, "a", "A red mug.")

    correct(store, image_id, "retrieval", ["  My  father's mug. ", ""])
    captions = store.captions.find_captions(image_id)
    store.corrections.undo_correction(image_id, "retrieval")

    assert [(caption.captioner, caption.sentences) for caption in captions] == [
        ("correction", ["My father's mug."]),
        ("import", ["A red mug."]),
    ]
    assert [caption.captioner for caption in store.captions.find_captions(image_id)] == ["import"]


def test_an_image_that_could_not_be_captioned_serves_with_a_persons_words(store: Store, run_id: RunId) -> None:
    image_id = add_image(store, "a")
    store.failures.record_failure(run_id, make_failure(stage="caption", image_id=image_id))

    correct(store, image_id, "retrieval", ["A red mug."])

    assert store.failures.find_failures() == []


@pytest.mark.parametrize(("kind", "texts"), [("moderation", ["x"]), ("retrieval", [" "]), ("alt_text", ["a", "b"])])
def test_what_is_no_caption_of_its_kind_is_refused(store: Store, kind: str, texts: list[str]) -> None:
    image_id = add_image(store, "a", "A red mug.")

    with pytest.raises(CorrectionError):
        correct(store, image_id, kind, texts)


def test_a_claim_never_buys_a_caption_again_with_others(store: Store, run_id: RunId) -> None:
    image_id = add_image(store, "a")
    first, second = (store.prompts.register_prompt(make_prompt(text)) for text in ("One.", "Two."))
    assert first.id is not None
    assert second.id is not None
    answer = make_answer("A mug.", prompt_id=first.id)
    store.captions.store_answer(image_id, answer, captioner="openai", model="m")

    both = store.requests.claim_request(run_id, image_id, [first.id, second.id], captioner="openai", model="m")
    lacking = store.requests.claim_request(run_id, image_id, [second.id], captioner="openai", model="m")

    assert (both, lacking is not None) == (None, True)


def test_an_image_serves_when_every_kind_of_it_does(store: Store) -> None:
    image_id = add_image(store, "a", "A red mug.")
    bad = make_answer("Sorry.", kind="alt_text", quarantine="the reply is a refusal")

    def serves() -> bool:
        wanted = make_wanted(kinds=["retrieval", "alt_text"], prompt_ids=[None, None])
        return store.images.find_known(["/pictures/a.jpg"], wanted)["/pictures/a.jpg"].serves

    before = serves()
    store.captions.store_answer(image_id, bad, captioner="openai", model="m")
    quarantined = serves()
    correct(store, image_id, "alt_text", ["A red mug on a desk."])

    assert (before, quarantined, serves()) == (True, False, True)
    assert store.images.find_known(["/pictures/a.jpg"], make_wanted())["/pictures/a.jpg"].serves


def test_a_correction_that_is_taken_back_leaves_the_failure_where_it_was(store: Store, run_id: RunId) -> None:
    image_id = add_image(store, "a")
    bad = make_answer("Sorry.", quarantine="the reply is a refusal")
    store.captions.store_answer(image_id, bad, captioner="openai", model="m")
    failure = make_failure(stage="caption", image_id=image_id, quarantined=True)
    store.failures.record_failure(run_id, failure)

    correct(store, image_id, "retrieval", ["A red mug."])
    corrected = store.failures.find_failures()
    store.corrections.undo_correction(image_id, "retrieval")

    assert (len(corrected), len(store.failures.find_failures())) == (0, 1)


def test_a_failure_stands_only_against_what_was_asked(store: Store, run_id: RunId) -> None:
    image_id = add_image(store, "a")
    one, two = (store.prompts.register_prompt(make_prompt(text)).id for text in ("One.", "Two."))
    assert one is not None
    assert two is not None
    refused = make_failure(stage="caption", image_id=image_id, captioner="openai", model="m", prompt_ids=[one])
    store.failures.record_failure(run_id, refused)

    same = store.failures.find_standing(["/pictures/a.jpg"], [one], captioner="openai", model="m")
    more = store.failures.find_standing(["/pictures/a.jpg"], [one, two], captioner="openai", model="m")
    again = store.requests.claim_request(run_id, image_id, [one], captioner="openai", model="m")
    other = store.requests.claim_request(run_id, image_id, [two], captioner="openai", model="m")

    assert (len(same), len(more)) == (1, 0)
    assert (again, other is not None) == (None, True)


def test_an_open_request_for_another_revision_or_model_is_waited_for(store: Store, run_id: RunId) -> None:
    image_id = add_image(store, "a")
    one, two = (store.prompts.register_prompt(make_prompt(text)).id for text in ("One.", "Two."))
    assert one is not None
    assert two is not None
    store.requests.claim_request(run_id, image_id, [one], captioner="openai", model="m")

    assert store.requests.claim_request(run_id, image_id, [two], captioner="openai", model="other") is None
