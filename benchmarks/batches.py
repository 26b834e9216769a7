"""A batch whose process is killed while it runs, with lines that fail."""

import json
import time
from collections.abc import Iterator

from benchmarks.endpoints import Endpoint
from benchmarks.faulty import FailsFirst
from benchmarks.running import Where, killed_at_end, run_command, start_command
from benchmarks.verdicts import Verdict
from tests.images import write_images

_IMAGES, _SHARE_FAILING = 300, 0.05
_BATCH_SECONDS = 8.0


def measure_batch(where: Where) -> Iterator[Verdict]:
    """Kill the command while its batch runs, collect it with the next, and run it once more."""
    conninfo, photos = where.new_database(), where.new_folder()
    write_images(photos, _IMAGES)
    command = ("ingest", photos, "--batch", "--json")
    with Endpoint(FailsFirst(_SHARE_FAILING), batch_seconds=_BATCH_SECONDS) as endpoint:
        with killed_at_end(start_command(conninfo, endpoint, *command)):
            while endpoint.seen().requests < _IMAGES // 4:
                time.sleep(0.02)
        at_kill = endpoint.seen().requests
        summary = json.loads(run_command(conninfo, endpoint, *command))
        seen = endpoint.seen()
        run_command(conninfo, endpoint, *command)
        again = endpoint.seen().requests - seen.requests
    failing = seen.requests - _IMAGES
    yield Verdict(
        scenario="batch",
        asked=f"{_IMAGES} images, {_SHARE_FAILING:.0%} of the lines fail at first; kill -9 while the batch runs",
        came=f"killed after {at_kill} lines had run; {summary['captioned']} captioned, {failing} lines asked again, "
        f"{seen.paid_twice} paid twice, ${summary['cost_usd']:.4f}; {again} requests in the third run",
        promise="all captioned, none paid twice, the failing ones asked again",
        held=summary["captioned"] == _IMAGES and seen.paid_twice == 0 and failing > 0 and again == 0,
    )
