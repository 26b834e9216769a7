"""Send one request as often as it takes, never more at once than the endpoint bears."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Protocol, TypeVar

import tenacity

from indexer.captioning.captioner import Captioner
from indexer.captioning.limiting import Limiter
from indexer.errors import AnswersUnusableError, ModelUnavailableError, ModelUnusableError
from indexer.models import Answer, Prompt, Subject

_log = logging.getLogger(__name__)
_TRIES = 6
LONGEST_BUSY_S = 900.0  # a request that is only told to wait is kept this long
_TOLD_AFTER_S = 10.0  # a shorter wait is not worth a word
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
# So many images in a row that brought nothing: it is the endpoint, not the images. More after a first good answer, for
# images that are refused may lie side by side; but not more that had no answer at all.
_HOPELESS, _HOPELESS_LATER = 20, 100


class Reply(Protocol):
    """What a call of a model returns; the endpoint wants no other for `pause_s` seconds."""

    @property
    def pause_s(self) -> float: ...  # noqa: D102 - said above


AnyReply = TypeVar("AnyReply", bound=Reply)


def captioning(
    captioner: Captioner, subject: Subject, prompts: Sequence[Prompt], *, complaint: str | None = None
) -> Callable[[], Answer]:
    """Return the call that asks a captioner, answered also where it has nothing to say."""
    return lambda: captioner.caption(subject, prompts, complaint=complaint) or Answer(captions=())


class Once:
    """Tells the first thing that it is told to tell; safe to share by threads."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._is_new = threading.Lock()

    def __call__(self, message: str) -> None:
        """Tell it, where nothing was told."""
        if self._is_new.acquire(blocking=False):
            self._tell(message)


@dataclass(frozen=True, slots=True)
class Asking:
    """What all requests of one run share; none is sent again later than `patience_s` after its first try.

    `tell` hears of an endpoint that only tells to wait.
    """

    limiter: Limiter
    stop: Event
    patience_s: float = LONGEST_BUSY_S
    tell: Callable[[str], None] = _log.info

    def begin(self, note: Callable[[str], None] | None = None) -> "Tries":
        """Begin one request; `note` hears once that it is only told to wait."""
        return Tries(self, note)


class Tries:
    """One request, sent again while the endpoint is busy or broken; waits end at once when the run is stopped."""

    def __init__(self, asking: Asking, note: Callable[[str], None] | None = None) -> None:
        self.count = 0
        self._told: Sequence[Callable[[str], None]] = (asking.tell, note) if note else (asking.tell,)
        self._limiter = asking.limiter
        self._stop = asking.stop
        self._patience_s = asking.patience_s
        self._faults = 0
        self._first_sent_at = float("inf")

    def ask(self, call: Callable[[], AnyReply]) -> AnyReply:
        """Return the first answer; raises what the last try raised, and ModelUnavailableError when stopped."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ModelUnavailableError),
            stop=self._is_over,
            wait=self._wait_s,
            sleep=tenacity.sleep_using_event(self._stop),
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                return self._send(call)
        raise ModelUnavailableError("it was never sent")  # the loop above returns or raises

    def _send(self, call: Callable[[], AnyReply]) -> AnyReply:
        with self._limiter.slot(self._stop) as sent_at:
            if self._stop.is_set():
                raise ModelUnavailableError("the run was stopped before it was sent")
            self._first_sent_at = min(self._first_sent_at, time.monotonic())
            self.count += 1
            try:
                reply = call()
            except ModelUnavailableError as exc:
                self._note(exc, sent_at)
                raise
            self._limiter.answered(pause_s=reply.pause_s)
        return reply

    def _note(self, error: ModelUnavailableError, sent_at: float) -> None:
        if error.is_busy:
            self._limiter.refused(sent_at, pause_s=error.retry_after_s or 0.0)
            self._tell_busy(error.retry_after_s or 0.0)
        else:
            self._faults += 1
        _log.info("try %d brought no answer: %s", self.count, error)

    def _tell_busy(self, pause_s: float) -> None:
        if time.monotonic() - self._first_sent_at + pause_s >= _TOLD_AFTER_S:
            told, self._told = self._told, ()
            for tell in told:
                tell(f"The endpoint is busy: trying again for up to {self._patience_s / 60:.0f} min.")

    def _is_over(self, _state: tenacity.RetryCallState) -> bool:
        """Being told to wait is no fault: only faults count, and time."""
        waited_s = time.monotonic() - self._first_sent_at
        return self._stop.is_set() or self._faults >= _TRIES or waited_s > self._patience_s

    def _wait_s(self, state: tenacity.RetryCallState) -> float:
        """Return seconds to wait: none after a refusal, as the limiter holds all back, else exponential."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, ModelUnavailableError):
            if error.is_busy:
                return 0.0
            if error.retry_after_s is not None:
                return min(error.retry_after_s, _LONGEST_WAIT_S)
        return float(tenacity.wait_random_exponential(multiplier=_FIRST_WAIT_S, max=_LONGEST_WAIT_S)(state))


class Hope:
    """Notices that an endpoint brings nothing any more, so that a run ends before a library is spent on it.

    `what` names what it was asked for, and did not bring: `images in a row brought no caption`.
    """

    def __init__(self, what: str = "images in a row brought no caption") -> None:
        self._what = what
        self.has_won = False
        self._lost = 0
        self._down = 0
        self._counting = threading.Lock()

    def win(self) -> None:
        """Note a call that brought what was asked for."""
        with self._counting:
            self.has_won, self._lost, self._down = True, 0, 0

    def lose(self, reason: str, *, is_down: bool = False) -> None:
        """Note one that did not; raises ModelUnusableError or AnswersUnusableError after too many in a row."""
        with self._counting:
            self._lost += 1
            self._down = self._down + 1 if is_down else 0
            most = _HOPELESS_LATER if self.has_won else _HOPELESS
            said = f"{self._lost} {self._what}; the last: {reason}."
            if self._down >= _HOPELESS:
                raise ModelUnusableError(said)
            if self._lost >= most:
                raise AnswersUnusableError(said)
