import time
from threading import Event

from indexer.captioning.estimating import Estimate
from indexer.captioning.limiting import Limiter
from indexer.errors import ModelUnavailableError
from indexer.models import Answer, Subject
from indexer.pipelines.asking import Asking, captioning


class BusyCaptioner:
    """Refuses so many requests as too many, without a word on how long to wait."""

    name, model, rank, kinds, max_edge, is_paid, takes_questions = "busy", "busy", 2, None, 768, True, True

    def __init__(self, refusals: int) -> None:
        self._refusals = refusals

    def estimate(self, *_: object) -> Estimate:
        return Estimate()

    def caption(self, *_: object, **_more: object) -> Answer:
        self._refusals -= 1
        if self._refusals >= 0:
            raise ModelUnavailableError("too many", is_busy=True)
        return Answer(captions=())

    def check(self) -> str:
        return "busy"


def test_a_refused_request_waits_for_the_limiter_and_no_longer() -> None:
    limiter = Limiter(8)
    tries = Asking(limiter, Event()).begin()
    started = time.monotonic()

    tries.ask(captioning(BusyCaptioner(refusals=3), Subject(sha256=b"", location="a", relative_path="a"), ()))

    assert (tries.count, limiter.limit) == (4, 1)
    assert time.monotonic() - started < 1.0


def test_refusals_are_no_faults_however_many() -> None:
    limiter, stop = Limiter(2), Event()
    tries = Asking(limiter, stop).begin()
    limiter._rest_s = 0.0

    tries.ask(captioning(BusyCaptioner(refusals=20), Subject(sha256=b"", location="a", relative_path="a"), ()))

    assert tries.count == 21
