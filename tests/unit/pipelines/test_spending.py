from threading import Event, Thread

import pytest

from indexer.pipelines.spending import Budget


def test_a_budget_has_room_until_it_is_spent() -> None:
    budget, stop = Budget(1.0), Event()

    assert budget.reserve(0.6, stop)
    budget.settle(0.6, 0.5)
    assert budget.reserve(0.5, stop)
    budget.settle(0.5, 0.5)
    assert not budget.reserve(0.01, stop)
    assert budget.is_exhausted


def test_a_request_waits_for_room_that_others_may_give_back() -> None:
    budget, stop, reserved = Budget(1.0), Event(), Event()
    budget.reserve(0.8, stop)
    waiting = Thread(target=_reserve, args=(budget, stop, reserved))
    waiting.start()

    early = reserved.wait(0.05)
    budget.settle(0.8, 0.1)
    late = reserved.wait(5)
    waiting.join()

    assert (early, late, budget.is_exhausted) == (False, True, False)


def test_being_stopped_ends_the_wait() -> None:
    budget, stop = Budget(1.0), Event()
    budget.reserve(1.0, stop)
    stop.set()

    assert not budget.reserve(0.5, stop)
    assert not budget.is_exhausted


@pytest.mark.parametrize("limit", [float("inf"), 1e9])
def test_no_budget_never_runs_out(limit: float) -> None:
    budget = Budget(limit)

    assert all(budget.reserve(1.0, Event()) for _ in range(1000))


def _reserve(budget: Budget, stop: Event, reserved: Event) -> None:
    if budget.reserve(0.5, stop):
        reserved.set()


def test_what_is_given_back_is_exactly_what_was_taken() -> None:
    budget, amounts = Budget(1.0), [0.0037563, 0.0054564, 0.0088566] * 20

    for amount in amounts:
        assert budget.try_reserve(amount)
    for amount in sorted(amounts):
        budget.settle(amount, 0.0)

    assert not budget.try_reserve(1.1)
    assert budget.is_exhausted
