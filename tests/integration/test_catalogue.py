"""Images, locations, captions, prompts and failures as the catalogue keeps them."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from indexer.catalog.store import Store
from indexer.errors import NotFoundError
from indexer.models import ImageId, RunId
from tests.factories import add_image, make_answer, make_facts, make_failure, make_found, make_prompt, make_wanted


def test_the_same_content_at_two_places_is_one_image(store: Store) -> None:
    first = store.images.register_image(make_facts(), make_found("a.jpg"), make_wanted())
    second = store.images.register_image(make_facts(), make_found("b/a.jpg"), make_wanted())

    assert first.image_id == second.image_id
    assert store.images.get_image(first.image_id).relative_paths == ["b/a.jpg", "a.jpg"]


def test_a_file_with_new_content_moves_its_location_to_the_new_image(store: Store) -> None:
    old = store.images.register_image(make_facts("old"), make_found(), make_wanted()).image_id
    new = store.images.register_image(make_facts("new"), make_found(), make_wanted()).image_id

    assert store.images.get_image(old).locations == []
    assert store.images.get_image(new).relative_paths == ["a.jpg"]


def test_a_location_is_known_with_the_size_and_time_it_had(store: Store) -> None:
    add_image(store, "a", "A cat.")

    known = store.images.find_known(["/pictures/a.jpg", "/pictures/b.jpg"], make_wanted())

    assert list(known) == ["/pictures/a.jpg"]
    assert (known["/pictures/a.jpg"].size_bytes, known["/pictures/a.jpg"].modified_ns) == (1000, 1)


@pytest.mark.parametrize(("rank", "captioned"), [(0, True), (1, True), (2, False)])
def test_only_a_caption_of_this_rank_or_better_counts(store: Store, rank: int, captioned: bool) -> None:
    add_image(store, "a", "A cat.")

    known = store.images.find_known(["/pictures/a.jpg"], make_wanted(rank))

    assert known["/pictures/a.jpg"].captioned == (["retrieval"] if captioned else [])


def test_importing_the_same_caption_again_changes_nothing(store: Store) -> None:
    image_id = add_image(store, "a", "A cat.")

    assert not store.captions.store_answer(image_id, make_answer("A cat."), captioner="import", model="import")
    assert store.captions.store_answer(image_id, make_answer("A dog."), captioner="import", model="import")
    assert [caption.sentences for caption in store.captions.find_captions(image_id)] == [["A dog."]]


def test_an_unknown_image_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.images.get_image(ImageId(1))


def test_an_image_is_found_by_its_content(store: Store) -> None:
    image_id = add_image(store)

    assert store.images.find_image_id(make_facts().sha256) == image_id
    assert store.images.find_image_id(make_facts("b").sha256) is None


def test_prompt_revisions_are_numbered_per_kind_and_kept(store: Store) -> None:
    first = store.prompts.register_prompt(make_prompt("one"))
    second = store.prompts.register_prompt(make_prompt("two"))
    again = store.prompts.register_prompt(make_prompt("one"))

    assert (first.revision, second.revision) == (1, 2)
    assert again == first
    assert first.id is not None
    assert store.prompts.get_prompt(first.id).text == "one"


def test_prompts_registered_at_once_get_numbers_of_their_own(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        prompts = list(pool.map(lambda n: store.prompts.register_prompt(make_prompt(f"text {n}")), range(8)))

    assert sorted(prompt.revision or 0 for prompt in prompts) == list(range(1, 9))


def test_a_failure_counts_its_tries_and_goes_when_the_file_is_good(store: Store, run_id: RunId) -> None:
    location = "/pictures/a.jpg"
    store.failures.record_failure(run_id, make_failure(location))
    store.failures.record_failure(run_id, make_failure(location))
    before = store.failures.find_failures()

    add_image(store)

    assert [(failure.location, failure.attempts) for failure in before] == [(location, 2)]
    assert store.failures.find_failures() == []


def test_a_quarantined_image_with_a_servable_caption_is_no_failure(store: Store, run_id: RunId) -> None:
    served, unserved = add_image(store, "a", "A cat."), add_image(store, "b")
    for image_id, location in ((served, "/pictures/a.jpg"), (unserved, "/pictures/b.jpg")):
        cut_off = make_failure(location, stage="caption", quarantined=True, image_id=image_id)
        store.failures.record_failure(run_id, cut_off)

    assert [failure.location for failure in store.failures.find_failures()] == ["/pictures/b.jpg"]


def test_a_location_that_is_forgotten_leaves_no_hole_in_the_counts(store: Store) -> None:
    add_image(store, "a", "A cat.")
    add_image(store, "b")

    counts = store.status.count_everything()

    assert (counts.images, counts.locations, counts.captions, counts.failures) == (2, 2, 1, 0)


def test_a_connection_that_was_dropped_while_nobody_used_it_is_replaced(store: Store, database: str) -> None:
    store.images.find_image_at("/nowhere")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert store.images.find_image_at("/nowhere") is None
