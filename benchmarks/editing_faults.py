"""What becomes of edits when the endpoint, or the run itself, fails: figures beside what is promised.

    PYTHONPATH=. python benchmarks/editing_faults.py [--only kill faults memory] [--edits 100] [--many 2000]

The real command with `--batch-size 10`, in both formats, against local, strict endpoints that take 0.2 s.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from benchmarks.edit_endpoints import EditEndpoints
from benchmarks.edit_rows import ROWS, Row, write_requests, write_sources
from benchmarks.running import Where, killed_at_end, run_command, start_command
from benchmarks.sizes import resident_mb
from benchmarks.verdicts import Verdict, conclude
from indexer.catalog.embedded_postgres import embedded_postgres
from tests.fakes.edit_scripts import BROKEN, BUSY, Shares

_BATCH_SIZE, _LATENCY_S = 10, 0.2
_ROWS = [row for row in ROWS if row.name in ("gpt-image-1", "gemini-2.5")]
_SHARE = 0.05
_MOST_SOURCES = 500  # every source is asked of as often as it takes, each time for something else
_EARLY, _MOST_GROWTH_MB = 0.2, 60


@dataclass(frozen=True, slots=True)
class Wish:
    """How many edits are asked for: usually, and to see whether memory grows."""

    edits: int
    many: int


def main() -> None:
    """Run the scenarios asked for, and say what came of each."""
    wanted = _arguments()
    with (
        tempfile.TemporaryDirectory(prefix="caption-search-") as name,
        embedded_postgres(Path(name) / "home") as server,
    ):
        where, wish = Where(server, Path(name)), Wish(wanted.edits, wanted.many)
        conclude(verdict for scenario in wanted.only for verdict in SCENARIOS[scenario](where, wish))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[*SCENARIOS], default=[*SCENARIOS], metavar="NAME")
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--many", type=int, default=2000, help="edits of `memory`")
    return parser.parse_args()


class _Command:
    """One command over a catalogue of its own, which can be run again, and the endpoints that it asks."""

    def __init__(self, where: Where, row: Row, edits: int, endpoints: EditEndpoints) -> None:
        self.conninfo, folder = where.new_database(), where.new_folder()
        self._endpoints = endpoints
        write_sources(folder / "sources", min(edits, _MOST_SOURCES))
        numbers = [number % _MOST_SOURCES for number in range(edits)]
        requests = write_requests(folder / "sources", row, numbers, "edits")
        self._arguments = ("edit", requests, "--api-format", row.protocol, "--model-name", row.model, "--json",
                           "--batch-size", str(_BATCH_SIZE), "--output", folder / "output")  # fmt: skip

    def start(self) -> "subprocess.Popen[str]":
        """Start it."""
        return start_command(self.conninfo, self._endpoints.captions, *self._arguments, gemini=self._endpoints.gemini)

    def run(self) -> dict[str, int]:
        """Run it to its end and return its summary."""
        endpoints = self._endpoints
        last = run_command(self.conninfo, endpoints.captions, *self._arguments, gemini=endpoints.gemini)
        said: dict[str, int] = json.loads(last)
        return said


def measure_kill(where: Where, wish: Wish) -> Iterator[Verdict]:
    """Kill the command half way, run it again, and again."""
    yield from (_measure_kill(where, row, wish) for row in _ROWS)


def _measure_kill(where: Where, row: Row, wish: Wish) -> Verdict:
    with EditEndpoints(row.protocol, latency_s=_LATENCY_S) as endpoints:
        command, seen = _Command(where, row, wish.edits, endpoints), endpoints.edits.seen
        with killed_at_end(command.start()):
            _wait_until(lambda: len(seen().answered_at) >= wish.edits // 2)
        at_kill = seen()
        command.run()
        resumed = seen()
        said = command.run()
        again = endpoints.edits.seen().requests - resumed.requests
    return Verdict(
        scenario="kill",
        asked=f"{row.name}: {wish.edits} edits; kill -9 at half, run again, and again",
        came=f"killed after {at_kill.requests} requests; {len(resumed.paid)} paid, {resumed.paid_twice} of them "
        f"twice; {again} requests in the third run, which knew {said['known']}",
        promise=f"paid twice at most {_BATCH_SIZE}; third run 0",
        held=len(resumed.paid) == said["known"] == wish.edits
        and resumed.paid_twice <= _BATCH_SIZE
        and not again
        and not resumed.refused,
    )


def measure_faults(where: Where, wish: Wish) -> Iterator[Verdict]:
    """Have 5% of the answers say to come back later, and 5% be errors of the server."""
    yield from (_measure_faults(where, row, wish) for row in _ROWS)


def _measure_faults(where: Where, row: Row, wish: Wish) -> Verdict:
    answer = Shares(((_SHARE, BUSY), (_SHARE, BROKEN)))
    with EditEndpoints(row.protocol, answer=answer, latency_s=_LATENCY_S) as endpoints:
        command, started = _Command(where, row, wish.edits, endpoints), time.monotonic()
        said = command.run()
        took_s, seen = time.monotonic() - started, endpoints.edits.seen()
    with psycopg.connect(command.conninfo) as connection:
        [[listed]] = connection.execute("SELECT count(*) FROM failure WHERE stage = 'edit'").fetchall()
    return Verdict(
        scenario="faults",
        asked=f"{row.name}: {wish.edits} edits, {_SHARE:.0%} are 429 and {_SHARE:.0%} are 500",
        came=f"{said['edited']} done, {listed} listed as failures; {seen.requests} requests, {seen.paid_twice} "
        f"paid twice, {took_s:.0f} s",
        promise="done + listed = all; none paid twice",
        held=said["edited"] + listed == wish.edits and not seen.paid_twice and not seen.refused,
    )


def measure_memory(where: Where, wish: Wish) -> Iterator[Verdict]:
    """Look at the command's resident memory over many edits, captions and embeddings included."""
    yield from (_measure_memory(where, row, wish) for row in _ROWS)


def _measure_memory(where: Where, row: Row, wish: Wish) -> Verdict:
    with EditEndpoints(row.protocol) as endpoints:
        command, seen = _Command(where, row, wish.many, endpoints), endpoints.edits.seen
        started = time.monotonic()
        with killed_at_end(command.start()) as process:
            measured = psutil.Process(process.pid)
            early = resident_mb(measured, lambda: seen().requests >= wish.many * _EARLY)
            late = resident_mb(measured, lambda: process.poll() is not None)
        took_s = time.monotonic() - started
    return Verdict(
        scenario="memory",
        asked=f"{row.name}: {wish.many} edits, latency 0",
        came=f"{early:.0f} MB at {wish.many * _EARLY:.0f}, {late:.0f} MB at the end; {wish.many / took_s:.0f} edits/s",
        promise=f"flat within {_MOST_GROWTH_MB} MB",
        held=late - early <= _MOST_GROWTH_MB and process.returncode == 0,
    )


def _wait_until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        time.sleep(0.02)


SCENARIOS: dict[str, Callable[[Where, Wish], Iterator[Verdict]]] = {
    "kill": measure_kill,
    "faults": measure_faults,
    "memory": measure_memory,
}

if __name__ == "__main__":
    main()
