"""Connections on which nothing is asked are ended: uvicorn itself waits for ever for the rest of a request's head."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

LONGEST_HEAD_S = 20.0


class PatientProtocol(H11Protocol):
    """uvicorn's, with a limit on how long a request may take to be asked, the first one and those after it."""

    _asking: asyncio.TimerHandle | None = None

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
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._asking = self.loop.call_later(LONGEST_HEAD_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _give_up(self) -> None:
        self._asking = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
