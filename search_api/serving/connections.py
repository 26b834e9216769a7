"""Connections on which nothing moves are ended: uvicorn itself waits for ever for the rest of a request's head.

So it does for a client that takes nothing of its answer.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

_LONGEST_HEAD_S, _LONGEST_STALL_S = 20.0, 20.0


class PatientProtocol(H11Protocol):
    """uvicorn's, with limits on how long a request may take to be asked, and an answer to be taken."""

    _asking: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on, unless a request is being answered now."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._asking is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        self._move_on()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait until more is taken of what was sent."""
        super().pause_writing()
        self._stalled = self.loop.call_later(_LONGEST_STALL_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Send on."""
        self._move_on()
        super().resume_writing()

    def _wait(self) -> None:
        self._asking = self.loop.call_later(_LONGEST_HEAD_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _move_on(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _give_up(self) -> None:
        self._asking = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
