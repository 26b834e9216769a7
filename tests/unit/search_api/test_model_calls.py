import pytest
from fastapi import HTTPException

from search_api.model_calls import ModelCalls, one_of


def test_so_many_calls_at_once_and_the_next_is_told_to_come_again() -> None:
    calls = ModelCalls(2)

    with one_of(calls), one_of(calls):
        assert calls.in_flight == 2
        with pytest.raises(HTTPException) as refused, one_of(calls):
            pass
        assert calls.in_flight == 2

    assert (refused.value.status_code, refused.value.headers) == (503, {"Retry-After": "5"})
    assert calls.in_flight == 0


def test_a_call_that_fails_makes_room_for_the_next() -> None:
    calls = ModelCalls(1)

    with pytest.raises(ValueError, match="broken"), one_of(calls):
        raise ValueError("broken")

    with one_of(calls):
        assert calls.in_flight == 1
