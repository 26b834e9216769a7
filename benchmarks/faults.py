"""What becomes of a run when the endpoint, or the run itself, fails: figures beside what is promised.

    PYTHONPATH=. python benchmarks/faults.py [--only 429 500 mixed kill batch limit rpm memory bytes] [--photos FOLDER]

The endpoint is local, strict and a process of its own. `limit`, `rpm` and `bytes` leave embedding out, which runs
beside the calls at its own pace; the others run the real command.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psycopg

from benchmarks.batches import measure_batch
from benchmarks.endpoints import Endpoint, Seen, Steady
from benchmarks.faulty import Mixed, Sometimes
from benchmarks.limits import measure_limit, measure_per_minute
from benchmarks.running import Where, killed_at_end, run_command, start_command
from benchmarks.sizes import measure_bytes, measure_memory
from benchmarks.verdicts import Verdict, conclude
from indexer.catalog.embedded_postgres import embedded_postgres
from tests.fakes.openai_server import Fault
from tests.images import write_images

_IMAGES, _KILLED = 400, 200
_CONCURRENCY = 10
# What no good answer of the endpoint looks like; sentences and keywords are all it says.
_BAD_ROWS = """
    WITH serving AS (
        SELECT 'caption' AS at, sentences || keywords || array_remove(ARRAY[visible_text], '') AS texts
        FROM caption WHERE quarantine IS NULL
        UNION ALL SELECT 'entry', sentences FROM entry
    )
    SELECT count(*) FROM serving
    WHERE cardinality(texts) = 0 OR EXISTS (
        SELECT FROM unnest(texts) AS text
        WHERE text !~ '^(A picture called |Someone made )?[0-9a-f]{12}[.]?$')
"""
_ENDED = """
    SELECT count(*) FILTER (WHERE is_servable(i.id)),
           count(*) FILTER (WHERE NOT is_servable(i.id) AND EXISTS (SELECT FROM failure f WHERE f.image_id = i.id)),
           (SELECT count(*) FROM entry)
    FROM image i
"""


def main() -> None:
    """Run the scenarios asked for, and say what came of each."""
    wanted = _arguments()
    with (
        tempfile.TemporaryDirectory(prefix="caption-search-") as name,
        embedded_postgres(Path(name) / "home") as server,
    ):
        where = Where(server, Path(name), wanted.photos)
        verdicts = (verdict for scenario in wanted.only for verdict in SCENARIOS[scenario](where))
        conclude(verdicts, as_json=wanted.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[*SCENARIOS], default=[*SCENARIOS], metavar="NAME")
    parser.add_argument("--photos", type=Path, help="Real photos, for `bytes`.")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def measure_busy(where: Where) -> Iterator[Verdict]:
    """Have 30% of the answers say to come back later."""
    fault = Fault(status=429, message="Rate limit reached", retry_after="1")
    yield _measure_faults(where, "429", "30% are 429 with Retry-After: 1", Sometimes(0.3, fault))


def measure_broken(where: Where) -> Iterator[Verdict]:
    """Have 60% of the answers be errors of the server."""
    yield _measure_faults(where, "500", "60% are 500", Sometimes(0.6, Fault(status=500)))


def measure_mixed(where: Where) -> Iterator[Verdict]:
    """Have half of the answers be of no use, in every way there is."""
    yield _measure_faults(where, "mixed", "half are faults of 20 sorts", Mixed())


def _measure_faults(where: Where, name: str, asked: str, answer: Sometimes | Mixed) -> Verdict:
    conninfo, photos, started = where.new_database(), where.new_folder(), time.monotonic()
    write_images(photos, _IMAGES)
    with Endpoint(answer) as endpoint:
        run_command(
            conninfo, endpoint, "ingest", photos, "--concurrency", str(_CONCURRENCY), "--timeout", "2", "--json"
        )
        seen = endpoint.seen()
    with psycopg.connect(conninfo) as connection:
        [[captioned, failed, entries]] = connection.execute(_ENDED).fetchall()
        [[bad]] = connection.execute(_BAD_ROWS).fetchall()
    came = (
        f"{captioned} captioned, {failed} listed as failures, {entries} entries, {bad} bad rows; "
        f"{seen.requests} requests, {seen.paid_twice} paid twice, {time.monotonic() - started:.0f} s"
    )
    return Verdict(
        scenario=name,
        asked=f"{_IMAGES} images, {asked}",
        came=came,
        promise="captioned + failures = all; entries = captioned; bad rows 0",
        held=captioned + failed == _IMAGES and entries == captioned and not bad and not seen.malformed,
    )


def measure_kill(where: Where) -> Iterator[Verdict]:
    """Kill the command half way and run it again, with every image once, and with every image three times."""
    yield _measure_kill(where, copies=1)
    yield _measure_kill(where, copies=3)


def _measure_kill(where: Where, *, copies: int) -> Verdict:
    conninfo, photos = where.new_database(), where.new_folder()
    for number in range(copies):
        write_images(photos / str(number), _KILLED)
    command = ("ingest", photos, "--concurrency", str(_CONCURRENCY), "--json")
    with Endpoint(Steady(0.2)) as endpoint:
        with killed_at_end(start_command(conninfo, endpoint, *command)):
            _wait_for(endpoint, lambda seen: seen.requests >= _KILLED // 2)
        at_kill = endpoint.seen().requests
        run_command(conninfo, endpoint, *command)
        resumed = endpoint.seen()
        run_command(conninfo, endpoint, *command)
        again = endpoint.seen().requests - resumed.requests
    return Verdict(
        scenario="kill",
        asked=f"{_KILLED} images, each {copies} times, {_CONCURRENCY} in flight; kill -9 at half, run again, and again",
        came=f"killed after {at_kill} requests; {len(resumed.paid)} images paid, {resumed.paid_twice} of them twice; "
        f"{again} requests in the third run",
        promise=f"paid twice at most {_CONCURRENCY}; third run 0",
        held=len(resumed.paid) == _KILLED and resumed.paid_twice <= _CONCURRENCY and again == 0,
    )


def _wait_for(endpoint: Endpoint, is_so: Callable[[Seen], bool]) -> None:
    while not is_so(endpoint.seen()):
        time.sleep(0.02)


SCENARIOS: dict[str, Callable[[Where], Iterable[Verdict]]] = {
    "429": measure_busy,
    "500": measure_broken,
    "mixed": measure_mixed,
    "kill": measure_kill,
    "batch": measure_batch,
    "limit": measure_limit,
    "rpm": measure_per_minute,
    "memory": measure_memory,
    "bytes": measure_bytes,
}

if __name__ == "__main__":
    main()
