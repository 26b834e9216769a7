"""A real load client: wrk, a Debian package, which asks as fast as it is answered over so many connections."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_name("requests.lua")
_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of it: requests a second, milliseconds, answers of 400 and more, and connections that broke."""

    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    longest_ms: float
    requests: int
    refused: int
    broken: int


def find_wrk() -> str:
    """Return where wrk is; ends the benchmark where it is missing."""
    found = shutil.which("wrk")
    if found is None:
        sys.exit("wrk is not installed: apt-get install wrk, or its like.")
    return found


def put_load(address: str, paths: Sequence[str], *, connections: int, seconds: int) -> Load:
    """Ask for these paths in turn, again and again, for so long."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(paths) + "\n")
        file.flush()
        flags = ["-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={_TIMEOUT_S}s", "-s", str(_SCRIPT)]
        command = [find_wrk(), *flags, f"http://{address}", "--", file.name]
        finished = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    (line,) = (line for line in finished.stdout.splitlines() if line.startswith("FIGURES "))
    return _read(json.loads(line.removeprefix("FIGURES ")))


def _read(figures: dict[str, int]) -> Load:
    in_ms = {name: figures[f"{name}_us"] / 1000 for name in ("p50", "p95", "p99", "longest")}
    return Load(
        rate=figures["requests"] / figures["duration_us"] * 1e6,
        **{f"{name}_ms": value for name, value in in_ms.items()},
        requests=figures["requests"],
        refused=figures["refused"],
        broken=figures["broken"],
    )
