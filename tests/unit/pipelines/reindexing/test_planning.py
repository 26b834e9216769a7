"""What is left to do of a plan."""

from indexer.pipelines.planning import Plan
from indexer.pipelines.reindexing.planning import Renewal
from tests.factories import make_generation


def test_images_that_are_not_asked_about_are_done_with_what_is_there() -> None:
    renewal = Renewal(images=10, asking=Plan(to_do=3), made=None)

    assert (renewal.reused, renewal.to_embed) == (7, 10)


def test_images_that_wait_in_a_batch_are_neither_done_nor_to_be_asked_about() -> None:
    plan = Plan(to_do=3)
    plan.counts["batched"] = 5

    renewal = Renewal(images=10, asking=plan, made=None)

    assert (renewal.reused, renewal.batched) == (2, 5)


def test_entries_that_were_made_before_are_not_made_again() -> None:
    renewal = Renewal(images=10, asking=Plan(), made=make_generation(state="building", entries=4))

    assert renewal.to_embed == 6


def test_a_generation_with_more_entries_than_there_are_images_has_none_to_make() -> None:
    renewal = Renewal(images=2, asking=Plan(), made=make_generation(state="ready", entries=4))

    assert renewal.to_embed == 0
