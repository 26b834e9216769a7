"""The embedded server: shared by processes, stopped by the last, restarted after a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg

from indexer.catalog.embedded_postgres import embedded_postgres

_HOLD = """
import sys
from pathlib import Path
from indexer.catalog.embedded_postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1])) as conninfo:
    print(conninfo, flush=True)
    sys.stdin.readline()
"""


def test_the_last_process_stops_the_server(server_home: Path) -> None:
    with embedded_postgres(server_home) as conninfo:
        other = _hold(server_home)
        assert _reads(other) == conninfo
        other.communicate("\n", timeout=30)
        assert _answers(conninfo)

    assert not _answers(conninfo)


def test_a_process_that_stays_keeps_the_server(server_home: Path) -> None:
    other = _hold(server_home)
    conninfo = _reads(other)
    with embedded_postgres(server_home):
        pass

    assert _answers(conninfo)
    other.communicate("\n", timeout=30)
    assert not _answers(conninfo)


def test_a_killed_process_leaves_a_server_that_the_next_one_takes_over(server_home: Path) -> None:
    other = _hold(server_home)
    left = _reads(other)
    other.send_signal(signal.SIGKILL)
    other.communicate(timeout=30)

    with embedded_postgres(server_home) as conninfo:
        assert conninfo == left
        assert _answers(conninfo)

    assert not _answers(conninfo)


def test_a_killed_server_is_started_again(server_home: Path) -> None:
    with embedded_postgres(server_home):
        postmaster = int((server_home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGKILL)

    with embedded_postgres(server_home) as conninfo:
        assert _answers(conninfo)


def _hold(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _reads(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _answers(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
