"""A limit of their own for requests that call a model."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from threading import Lock

from fastapi import HTTPException

_RETRY_AFTER_S = 5


class ModelCalls:
    """So many at once; `in_flight` are how many there are now."""

    def __init__(self, most: int) -> None:
        self.in_flight = 0
        self._most = most
        self._counting = Lock()

    def begin(self) -> bool:
        """Count one more in, and tell whether it may go on."""
        with self._counting:
            may_go_on = self.in_flight < self._most
            self.in_flight += may_go_on
        return may_go_on

    def end(self) -> None:
        """Count one out."""
        with self._counting:
            self.in_flight -= 1


@contextmanager
def one_of(model_calls: ModelCalls) -> Iterator[None]:
    """Take one of so many calls at once; raises HTTPException (503) rather than wait for one."""
    if not model_calls.begin():
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Too many images are being looked at: try again in a few seconds.",
            headers={"Retry-After": str(_RETRY_AFTER_S)},
        )
    try:
        yield
    finally:
        model_calls.end()
