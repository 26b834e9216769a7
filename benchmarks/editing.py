"""How fast images are edited, and what that costs the client, by everything that the models of both protocols can do.

    PYTHONPATH=. python benchmarks/editing.py [--edits 100] [--latency 0.2] [--rows gemini dall-e] [--repeats 1]

The real command against local, strict endpoints, each a process of its own, with `--batch-size 10` and sources of
1024x768 pixels and some 230 kB that are indexed already; the edits are captioned and embedded beside the calls. Edits a
second are those from the first call sent to the last answered, the same without captions and entries (`alone`), and
those of the whole command. CPU is what an edit more costs: the command's with all edits, less the same command's with
one. Its parts are told by their threads; `reading` is the one decoding of what came back, its hashes, and the picture
that the captioner gets.

The floor, measured in the same run, is the bare SDK's calls with the same bytes in ten threads, each answer written to
a file and decoded once; nothing is captioned or kept there.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from benchmarks.cpu import CpuClock
from benchmarks.edit_alone import edit_alone
from benchmarks.edit_endpoints import EditEndpoint, EditEndpoints, EditsSeen
from benchmarks.edit_floor import Floor, measure_floor
from benchmarks.edit_rows import ROWS, Row, write_requests, write_sources
from benchmarks.running import Where, run_command
from indexer.catalog.embedded_postgres import embedded_postgres
from indexer.cli.output import print_table
from tests.fakes.edit_scripts import paint_grainy

_BATCH_SIZE = 10
_COLUMNS = (
    "edit", "edits/s calling", "alone", "whole", "floor", "CPU ms: editing", "reading", "captioning",
    "embedding", "rest", "Postgres", "floor", "requests", "bytes as they came",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bench:
    """What every row is given: one catalogue in which the sources are, and how much is asked."""

    conninfo: str
    folder: Path
    home: Path
    edits: int
    latency_s: float

    @property
    def sources(self) -> Path:
        """Return the folder of the sources."""
        return self.folder / "sources"


def main() -> None:
    """Measure the rows that are wanted, and print them."""
    wanted = _arguments()
    rows = [row for row in ROWS if any(name in row.name for name in wanted.rows)]
    with (
        tempfile.TemporaryDirectory(prefix="caption-search-") as name,
        embedded_postgres(Path(name) / "home") as server,
    ):
        home = Path(name) / "home"
        bench = Bench(Where(server, Path(name)).new_database(), Path(name), home, wanted.edits, wanted.latency)
        write_sources(bench.sources, wanted.edits + 1)
        with EditEndpoint("openai") as endpoint:
            run_command(bench.conninfo, endpoint, "ingest", bench.sources, "--json")
        measured = [cells for repeat in range(wanted.repeats) for row in rows for cells in _measure(bench, row, repeat)]
    title = f"{wanted.edits} edits, {_BATCH_SIZE} in flight, the endpoints take {wanted.latency} s"
    print_table(_COLUMNS, measured, title=title)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds that the endpoints take")
    parser.add_argument("--rows", nargs="+", default=[""], metavar="NAME", help="Only rows whose name contains this.")
    parser.add_argument("--repeats", type=int, default=1)
    return parser.parse_args()


def _measure(bench: Bench, row: Row, repeat: int) -> Iterator[tuple[object, ...]]:
    """Yield the row's figures, which are also told at once."""
    requests = bench.edits // row.turns
    unique, output = f"{ROWS.index(row)}.{repeat}", bench.folder / f"output {ROWS.index(row)}.{repeat}"
    with EditEndpoints(row.protocol, answer=paint_grainy, latency_s=bench.latency_s) as endpoints:
        # One of its own, so that what a client loads at its first call is not taken for the price of an edit.
        first = write_requests(bench.sources, row, range(requests, requests + 1), f"first {unique}")
        others = write_requests(bench.sources, row, range(requests), unique)
        one, _ = _edit(bench, endpoints, row, first, output)
        before = endpoints.edits.seen()
        many, took_s = _edit(bench, endpoints, row, others, output)
        seen = endpoints.edits.seen()
    with EditEndpoints(row.protocol, answer=paint_grainy, latency_s=bench.latency_s) as endpoints:
        alone = write_requests(bench.sources, row, range(requests), f"alone {unique}")
        edit_alone(bench.conninfo, row, alone, bench.folder / f"alone {unique}", endpoints, _BATCH_SIZE)
        alone_at = endpoints.edits.seen().answered_at
        floor = measure_floor(
            row, bench.sources, bench.folder / f"floor {unique}", requests, endpoints.edits, _BATCH_SIZE
        )
    assert not seen.refused, seen.refused
    calls = seen.requests - before.requests
    times = (seen.answered_at[before.requests :], alone_at)
    rates = (*(len(at) / (max(at) - min(at) + bench.latency_s) for at in times), calls / took_s, floor.rate)
    parts = {name: (many[name] - one[name]) * 1000 / (calls - row.turns) for name in many}
    cells = (row.name, *_figures(rates, parts, floor), calls, _compare(output, seen))
    print(*cells, f"endpoint's CPU {(seen.cpu_s - before.cpu_s) * 1000 / calls:.0f} ms", sep=" | ", file=sys.stderr)
    yield cells


def _figures(rates: Sequence[float], parts: dict[str, float], floor: Floor) -> Iterator[str]:
    editing = parts["edit"] - parts["reading"]
    embedding = parts["all"] - parts["edit"] - parts["caption"] - parts["main"]
    cpu_ms = (editing, parts["reading"], parts["caption"], embedding, parts["main"], parts["postgres"], floor.cpu_ms)
    return (f"{figure:.1f}" for figure in (*rates, *cpu_ms))


def _compare(output: Path, seen: EditsSeen) -> str:
    """Say how many files have the very bytes that were returned, of how many."""
    made = [path for path in output.glob("*/*") if not path.stem.endswith("_mask")]
    stored = {sha256(path.read_bytes()).hexdigest() for path in made}
    return f"{len(stored & seen.returned)} of {len(seen.returned)}, {len(stored - seen.returned)} others"


def _edit(bench: Bench, endpoints: EditEndpoints, row: Row, requests: Path, output: Path) -> tuple[Counter[str], float]:
    """Run the command; return CPU seconds by what took them, and the seconds it took."""
    figures = requests.with_suffix(".json")
    command = ("edit", requests, "--api-format", row.protocol, "--model-name", row.model, "--output", output)
    clock = CpuClock(os.getpid(), bench.home)
    started, postgres_s = time.perf_counter(), clock.read()[1]
    said = json.loads(
        run_command(
            bench.conninfo,
            endpoints.captions,
            *(*command, "--batch-size", str(_BATCH_SIZE), "--force", "--json"),
            gemini=endpoints.gemini,
            program=(sys.executable, "-m", "benchmarks.timed_command", figures),
        )
    )
    took_s, postgres_s = time.perf_counter() - started, clock.read()[1] - postgres_s
    assert said["failed"] == said["uncaptioned"] == 0 < said["edited"], said
    return Counter(json.loads(figures.read_text("utf-8")) | {"postgres": postgres_s}), took_s


if __name__ == "__main__":
    main()
