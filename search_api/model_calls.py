"""A limit of their own for requests that call a model."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from threading import BoundedSemaphore

from fastapi import HTTPException

_RETRY_AFTER_S = 5


@contextmanager
def one_of(model_calls: BoundedSemaphore) -> Iterator[None]:
    """Take one of so many calls at once; raises HTTPException (503) rather than wait for one."""
    if not model_calls.acquire(blocking=False):
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Too many images are being looked at: try again in a few seconds.",
            headers={"Retry-After": str(_RETRY_AFTER_S)},
        )
    try:
        yield
    finally:
        model_calls.release()
