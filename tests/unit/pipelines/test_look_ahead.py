from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from indexer.pipelines.look_ahead import LookAhead
from indexer.pipelines.outcomes import Outcome

KNOWN = Outcome(location="known.jpg", status="known")


def double(number: int) -> int:
    return number * 2


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=2) as opened:
        yield opened


@pytest.mark.parametrize("window", [1, 2, 3, 100])
def test_every_item_gives_one_result(window: int, pool: ThreadPoolExecutor) -> None:
    results = LookAhead(pool, double, window).over(range(50))

    assert sorted(result for result in results if isinstance(result, int)) == list(range(0, 100, 2))


def test_no_items_give_no_results(pool: ThreadPoolExecutor) -> None:
    assert list(LookAhead(pool, double, 3).over([])) == []


@pytest.mark.parametrize("window", [1, 2, 5])
def test_no_more_items_are_taken_than_the_window_holds(window: int, pool: ThreadPoolExecutor) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = LookAhead(pool, double, window).over(items())
    next(results)

    assert len(taken) <= window


def test_nothing_is_begun_before_somebody_asks(pool: ThreadPoolExecutor) -> None:
    begun: list[int] = []

    LookAhead(pool, begun.append, 3).over([1, 2, 3])

    assert begun == []


def test_a_slow_item_does_not_hold_back_the_others(pool: ThreadPoolExecutor) -> None:
    may_end = Event()

    def work(number: int) -> int:
        if number == 0:
            may_end.wait(timeout=10)
        return number

    results = LookAhead(pool, work, 3).over(range(6))
    first = [next(results), next(results)]
    may_end.set()

    assert 0 not in first
    assert {*first, *results} == {0, 1, 2, 3, 4, 5}


def test_an_item_that_is_an_outcome_passes_by_without_work(pool: ThreadPoolExecutor) -> None:
    worked: list[int] = []

    results = list(LookAhead(pool, worked.append, 3).over([KNOWN, 1, KNOWN]))

    assert results.count(KNOWN) == 2
    assert worked == [1]


def test_an_outcome_does_not_wait_for_work_under_way(pool: ThreadPoolExecutor) -> None:
    may_end = Event()

    def work(_: int) -> bool:
        return may_end.wait(timeout=10)

    results = LookAhead(pool, work, 3).over([1, KNOWN])
    first = next(results)
    may_end.set()

    assert (first, list(results)) == (KNOWN, [True])


def test_what_the_work_raises_is_raised_here(pool: ThreadPoolExecutor) -> None:
    def work(number: int) -> int:
        return 1 // number

    results = LookAhead(pool, work, 3).over([1, 0, 1])

    with pytest.raises(ZeroDivisionError):
        list(results)


def test_what_the_items_raise_is_raised_here(pool: ThreadPoolExecutor) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(LookAhead(pool, double, 3).over(items()))
