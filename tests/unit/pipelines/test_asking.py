import time
from threading import Event

import pytest

from indexer.captioning.estimating import Estimate
from indexer.captioning.limiting import Limiter
from indexer.errors import ModelUnavailableError
from indexer.models import Answer, Subject
from indexer.pipelines.asking import Asking, Once, captioning

SUBJECT = Subject(sha256=b"", location="a", relative_path="a")


class BusyCaptioner:
    """Refuses so many requests as too many, without a word on how long to wait."""

    name, model, rank, kinds, max_edge, is_paid, takes_questions = "busy", "busy", 2, None, 768, True, True

    def __init__(self, refusals: int, retry_after_s: float | None = None) -> None:
        self._refusals = refusals
        self._retry_after_s = retry_after_s

    def estimate(self, *_: object) -> Estimate:
        return Estimate()

    def caption(self, *_: object, **_more: object) -> Answer:
        self._refusals -= 1
        if self._refusals >= 0:
            raise ModelUnavailableError("too many", is_busy=True, retry_after_s=self._retry_after_s)
        return Answer(captions=())

    def check(self) -> str:
        return "busy"


def test_a_refused_request_waits_for_the_limiter_and_no_longer() -> None:
    limiter = Limiter(8)
    tries = Asking(limiter, Event()).begin()
    started = time.monotonic()

    tries.ask(captioning(BusyCaptioner(refusals=3), SUBJECT, ()))

    assert (tries.count, limiter.limit) == (4, 1)
    assert time.monotonic() - started < 1.0


def test_refusals_are_no_faults_however_many() -> None:
    limiter, stop = Limiter(2), Event()
    tries = Asking(limiter, stop).begin()
    limiter._rest_s = 0.0

    tries.ask(captioning(BusyCaptioner(refusals=20), SUBJECT, ()))

    assert tries.count == 21


def test_a_long_wait_is_told_once_in_a_run_and_noted_with_each_request() -> None:
    said: list[str] = []
    noted: list[str] = []
    tell = Once(said.append)

    def wait(stop: Event) -> None:
        def note(message: str) -> None:
            noted.append(message)
            stop.set()

        captioner = BusyCaptioner(refusals=2, retry_after_s=20)
        with pytest.raises(ModelUnavailableError):
            Asking(Limiter(2), stop, tell=tell).begin(note).ask(captioning(captioner, SUBJECT, ()))

    wait(Event())
    wait(Event())

    assert said == ["The endpoint is busy: trying again for up to 15 min."]
    assert noted == said * 2


def test_a_short_wait_is_not_worth_a_word() -> None:
    said: list[str] = []
    asking = Asking(Limiter(2), Event(), tell=said.append)

    asking.begin().ask(captioning(BusyCaptioner(refusals=1, retry_after_s=0.1), SUBJECT, ()))

    assert said == []
