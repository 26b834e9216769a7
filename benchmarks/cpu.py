"""CPU time of a service and of its embedded database: what wall time on a busy machine does not tell."""

from contextlib import suppress
from pathlib import Path

import psutil


class CpuClock:
    """Reads what a process, and the Postgres server in `home` with all its backends, have used so far."""

    def __init__(self, pid: int, home: Path) -> None:
        self._service = psutil.Process(pid)
        self._server = psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split()[0]))

    def read(self) -> tuple[float, float]:
        """Return CPU seconds of the service and of Postgres."""
        backends = sum(_used_s(process) for process in self._server.children())
        return _used_s(self._service), _used_s(self._server) + backends


def _used_s(process: psutil.Process) -> float:
    """Return what a process used, and those of its children that have ended."""
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0
