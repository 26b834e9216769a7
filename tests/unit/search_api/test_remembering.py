import threading
from collections.abc import Callable

import pytest

from search_api.remembering import Remembered


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def counting(clock: Clock, *, takes_s: float) -> Callable[[], int]:
    made: list[int] = []

    def make() -> int:
        clock.now_s += takes_s
        made.append(0)
        return len(made)

    return make


@pytest.mark.parametrize(("takes_s", "young_for_s"), [(0.0, 30), (1.0, 30), (5.0, 100)])
def test_a_value_is_made_anew_when_it_is_old_and_later_where_that_takes_long(
    takes_s: float, young_for_s: float
) -> None:
    clock = Clock()
    remembered = Remembered(counting(clock, takes_s=takes_s), 30.0, clock)

    first = remembered.get()
    clock.now_s = young_for_s - 0.1
    young = remembered.get()
    clock.now_s = young_for_s
    old = remembered.get()

    assert (first, young, old) == (1, 1, 2)


def test_while_one_makes_it_anew_others_go_on_with_what_is_known() -> None:
    making, may_end, clock = threading.Event(), threading.Event(), Clock()
    values = iter(["first", "second"])

    def make() -> str:
        value = next(values)
        if value == "second":
            making.set()
            assert may_end.wait(10)
        return value

    remembered = Remembered(make, 1.0, clock)
    first = remembered.get()
    clock.now_s = 2.0
    slow = threading.Thread(target=remembered.get)
    slow.start()
    making.wait(10)
    meanwhile = remembered.get()
    may_end.set()
    slow.join()

    assert (first, meanwhile, remembered.get()) == ("first", "first", "second")
