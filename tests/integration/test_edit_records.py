"""Edits as rows: one for each key and take, claimed by one run at a time."""

import pytest

from indexer.catalog.store import Store
from indexer.catalog.store.edits import NewOutput
from indexer.models import EditId, RunId, Usage
from tests.factories import add_image, make_facts, make_found, make_new_edit, make_source, make_wanted


def register(store: Store, instruction: str = "Make it blue.", *, force: bool = False) -> EditId:
    return store.edits.register_edit(make_new_edit(instruction), force=force).edit_id


def finish(store: Store, edit_id: EditId, run_id: RunId, name: str = "out") -> None:
    request_id = store.edits.claim_edit(edit_id, run_id)
    assert request_id is not None
    output = NewOutput(facts=make_facts(name, origin="edit"), file=make_found(f"{name}.png"))
    store.edits.store_edit(
        edit_id, request_id, [output], make_wanted(), reply={"parts": []}, usage=Usage(cost_usd=0.5), attempts=2
    )


def test_a_key_is_one_edit_until_another_take_is_forced(store: Store, run_id: RunId) -> None:
    first, same = register(store), register(store)
    unfinished = register(store, force=True)
    finish(store, first, run_id)
    second = register(store, force=True)
    while_open = register(store), register(store, force=True)
    finish(store, second, run_id, "another")

    assert first == same == unfinished
    assert second != first
    assert while_open == (first, second)
    assert register(store) == second
    assert [store.edits.find_turns(edit_id)[-1].take for edit_id in (first, second)] == [1, 2]


def test_an_edit_is_claimed_by_one_run_and_free_when_that_dies(store: Store, run_id: RunId) -> None:
    edit_id = register(store)
    with store.runs.running("dies", {}) as dead_run:
        claimed = store.edits.claim_edit(edit_id, dead_run)
        while_alive = store.edits.claim_edit(edit_id, run_id), store.edits.claim_edit(edit_id, dead_run)
    after_death = store.edits.claim_edit(edit_id, run_id)

    assert claimed is not None
    assert while_alive == (None, None)
    assert after_death not in (None, claimed)


def test_a_finished_edit_is_never_claimed_again(store: Store, run_id: RunId) -> None:
    edit_id = register(store)
    finish(store, edit_id, run_id)

    store.edits.fail_edit(edit_id, "too late", retryable=True)

    assert store.edits.claim_edit(edit_id, run_id, retry=True) is None
    assert store.edits.find_turns(edit_id)[-1].state == "done"


@pytest.mark.parametrize(
    ("retryable", "retry", "is_claimed"), [(True, False, True), (False, False, False), (False, True, True)]
)
def test_what_was_refused_is_claimed_only_when_told_to(
    retryable: bool, retry: bool, is_claimed: bool, store: Store, run_id: RunId
) -> None:
    edit_id = register(store)
    store.edits.claim_edit(edit_id, run_id)
    store.edits.fail_edit(edit_id, "it was refused", retryable=retryable)

    assert (store.edits.claim_edit(edit_id, run_id, retry=retry) is not None) is is_claimed


def test_an_edit_that_is_given_back_is_free(store: Store, run_id: RunId) -> None:
    edit_id = register(store)
    store.edits.claim_edit(edit_id, run_id)

    store.edits.release_edit(edit_id, run_id)

    assert store.edits.find_turns(edit_id)[-1].state == "accepted"
    assert store.edits.claim_edit(edit_id, run_id) is not None


def test_sources_keep_their_order_and_a_mask_its_file(store: Store) -> None:
    edit_id, image_id = register(store), add_image(store)
    mask_id = store.edits.register_mask(make_facts("mask", format="PNG"))
    sources = [make_source(image_id), make_source(mask_id, 1, role="mask", file="/edits/mask.png")]

    store.edits.add_sources(edit_id, sources)
    store.edits.add_sources(edit_id, sources)

    found = store.edits.find_sources(edit_id)
    assert [(each.position, each.image_id, each.role, each.file) for each in found] == [
        (0, image_id, "input", None),
        (1, mask_id, "mask", "/edits/mask.png"),
    ]


def test_what_is_made_of_an_edit_at_work_is_what_it_was_claimed_with(store: Store, run_id: RunId) -> None:
    before, edit_id, ours, theirs = register(store, "Before."), register(store), add_image(store), add_image(store, "b")
    store.edits.add_sources(edit_id, [make_source(theirs)])
    store.edits.claim_edit(edit_id, run_id, [make_source(ours)], after_id=before)

    store.edits.add_sources(edit_id, [make_source(theirs)])
    store.edits.claim_edit(edit_id, run_id, [make_source(theirs)])
    register(store)

    assert [source.image_id for source in store.edits.find_sources(edit_id)] == [ours]
    assert store.edits.find_turns(edit_id)[-1].after_id == before


def test_an_edit_at_work_is_given_back_by_its_own_run_only(store: Store, run_id: RunId) -> None:
    edit_id = register(store)
    store.edits.claim_edit(edit_id, run_id)

    with store.runs.running("other", {}) as other_run:
        store.edits.release_edit(edit_id, other_run)

    assert store.edits.find_turns(edit_id)[-1].state == "sent"


def test_what_may_have_been_kept_already_can_be_kept_again(store: Store, run_id: RunId) -> None:
    edit_id = register(store)
    request_id = store.edits.claim_edit(edit_id, run_id)
    assert request_id is not None
    output = NewOutput(facts=make_facts("out", origin="edit"), file=make_found("out.png"))

    first = store.edits.store_edit(
        edit_id, request_id, [output], make_wanted(), reply=None, usage=Usage(cost_usd=0.5), attempts=1
    )
    second = store.edits.store_edit(
        edit_id, request_id, [output], make_wanted(), reply=None, usage=Usage(cost_usd=0.5), attempts=1
    )

    edit = store.edits.find_turns(edit_id)[-1]
    assert [each.image_id for each in first] == [each.image_id for each in second] == edit.image_ids
    assert (edit.requests, edit.cost_usd) == (1, 0.5)


def test_what_an_edit_cost_is_what_its_calls_did(store: Store, run_id: RunId) -> None:
    edit_id = register(store)
    finish(store, edit_id, run_id)

    edit = store.edits.find_turns(edit_id)[-1]

    assert (edit.requests, edit.cost_usd, edit.state) == (2, 0.5, "done")
    assert edit.finished_at is not None


def test_a_mask_that_is_an_image_of_its_own_stays_that(store: Store) -> None:
    image_id = add_image(store, "mask")

    assert store.edits.register_mask(make_facts("mask")) == image_id
    assert store.images.get_image(image_id).locations == ["/pictures/mask.jpg"]
