from collections.abc import Callable
from threading import Event, Thread

import pytest

from indexer.captioning.limiting import Limiter


class Clock:
    """Time that passes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_starts_at_the_ceiling(clock: Clock) -> None:
    assert Limiter(50, clock=clock).limit == 50


def test_a_refusal_halves_it_once_for_all_that_were_in_flight(clock: Clock) -> None:
    limiter = Limiter(50, clock=clock)
    limiter.in_flight = 50
    sent_at = clock.now
    clock.now += 1

    for _ in range(20):
        limiter.refused(sent_at)

    assert limiter.limit == 25


def test_it_settles_just_below_where_it_was_refused(clock: Clock) -> None:
    limiter = Limiter(50, clock=clock)

    settle(limiter, clock, allowed=5, requests=400)

    assert limiter.limit == 5


def test_it_uses_what_a_server_of_five_allows(clock: Clock) -> None:
    limiter = Limiter(50, clock=clock)
    settle(limiter, clock, allowed=5, requests=200)

    refused = settle(limiter, clock, allowed=5, requests=1000)

    assert refused < 30


def test_it_recovers_within_some_rounds_when_the_server_opens_up(clock: Clock) -> None:
    limiter = Limiter(50, clock=clock)
    settle(limiter, clock, allowed=5, requests=400)

    settle(limiter, clock, allowed=1000, requests=400)

    assert limiter.limit == 50


def test_it_never_falls_below_one_nor_rises_over_the_ceiling(clock: Clock) -> None:
    limiter = Limiter(3, clock=clock)
    for _ in range(10):
        clock.now += 1
        limiter.refused(clock.now)
    lowest = limiter.limit

    for _ in range(100):
        limiter.answered()

    assert (lowest, limiter.limit) == (1, 3)


def test_nobody_is_let_in_while_the_endpoint_asks_for_a_pause(clock: Clock) -> None:
    limiter = Limiter(5, clock=clock)
    limiter.refused(clock.now, pause_s=30)
    entered, stop = Event(), Event()
    waiting = Thread(target=_enter, args=(limiter, stop, entered.set))
    waiting.start()

    early = entered.wait(0.1)
    clock.now += 31
    late = entered.wait(5)
    stop.set()
    waiting.join()

    assert (early, late) == (False, True)


def test_all_rest_twice_as_long_each_time_that_even_one_at_a_time_is_refused(clock: Clock) -> None:
    limiter = Limiter(1, clock=clock)

    rests = [rest_after_refusal(limiter, clock) for _ in range(7)]

    assert rests == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_a_good_answer_makes_the_next_rest_short_again(clock: Clock) -> None:
    limiter = Limiter(1, clock=clock)
    for _ in range(4):
        rest_after_refusal(limiter, clock)

    limiter.answered()

    assert rest_after_refusal(limiter, clock) == 0.25


def test_a_refusal_of_one_of_many_makes_nobody_rest(clock: Clock) -> None:
    limiter = Limiter(8, clock=clock)
    limiter.in_flight = 8

    limiter.refused(clock.now)
    limiter.in_flight = 0

    with limiter.slot(Event()) as sent_at:
        assert sent_at == clock.now


def test_a_pause_that_was_asked_for_is_not_made_longer(clock: Clock) -> None:
    limiter = Limiter(1, clock=clock)

    limiter.refused(clock.now, pause_s=1)

    assert limiter._wait_s() == 1


def test_being_stopped_ends_every_wait(clock: Clock) -> None:
    limiter, stop = Limiter(1, clock=clock), Event()
    limiter.refused(clock.now, pause_s=60)
    stop.set()

    with limiter.slot(stop):
        assert limiter.in_flight == 1


def settle(limiter: Limiter, clock: Clock, *, allowed: int, requests: int) -> int:
    """Fill the limit round by round against a server that bears so many at once; count its refusals."""
    refused = 0
    while requests > 0:
        sent_at, sent = clock.now, limiter.limit
        clock.now += 1
        limiter.in_flight = sent
        for place in range(sent):
            limiter.answered() if place < allowed else limiter.refused(sent_at)
        limiter.in_flight = 0
        refused += max(0, sent - allowed)
        requests -= sent
    return refused


def rest_after_refusal(limiter: Limiter, clock: Clock) -> float:
    """Refuse a request that was sent alone, and return how long nothing is sent after it."""
    limiter.refused(clock.now)
    rest_s = limiter._wait_s()
    clock.now += rest_s
    return rest_s


def _enter(limiter: Limiter, stop: Event, entered: Callable[[], None]) -> None:
    with limiter.slot(stop):
        entered()
