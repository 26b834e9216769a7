"""Figures of the index, while the database is there and while it is not."""

import time
from collections.abc import Callable
from threading import Event

import pytest
from prometheus_client import CollectorRegistry

from indexer.catalog.store import Store
from indexer.errors import DatabaseError
from search_api.metrics.collecting import Counted, IndexCollector, Recent, count
from search_api.model_calls import ModelCalls


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_reading_often_does_not_count_often(store: Store, clock: Clock) -> None:
    counted: list[Counted] = []

    def make() -> Counted:
        counted.append(count(store))
        return counted[-1]

    recent = Recent(make, clock)
    first = recent.get(30)
    clock.now += 9
    assert recent.get(30) is first
    clock.now += 2
    assert recent.get(30) is not first
    assert len(counted) == 2


def test_a_count_that_takes_long_is_not_waited_for_nor_begun_again(store: Store, clock: Clock) -> None:
    goes_on, begun = Event(), []

    def make() -> Counted:
        begun.append(True)
        goes_on.wait(30)
        return count(store)

    recent = Recent(make, clock)
    assert recent.get(0.01) is None
    clock.now += 60
    assert recent.get(0.01) is None
    goes_on.set()
    assert recent.get(30) is not None
    assert len(begun) == 1


def test_a_database_that_is_back_is_asked_again(store: Store, clock: Clock) -> None:
    makes: list[Callable[[], Counted]] = [_away, lambda: count(store)]

    def make() -> Counted:
        return makes.pop(0)()

    recent = Recent(make, clock)
    assert recent.get(30) is None
    clock.now += 11
    assert recent.get(30) is not None


def test_a_reading_is_answered_without_the_database(database: str) -> None:
    with Store(database) as store:
        registry, calls = CollectorRegistry(), ModelCalls(4)
        registry.register(IndexCollector(store, calls))
    calls.begin()

    began = time.monotonic()
    figures = {sample.name: sample.value for family in registry.collect() for sample in family.samples}

    assert time.monotonic() - began < 10
    assert (figures["caption_search_database_up"], figures["caption_search_model_calls_in_flight"]) == (0, 1)
    assert "caption_search_pool_size" in figures
    assert "caption_search_images" not in figures


def _away() -> Counted:
    raise DatabaseError("The database does not answer.")
