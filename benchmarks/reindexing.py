"""A prompt revised, the library reindexed, switched and rolled back, under a client that searches all the while.

    python benchmarks/reindexing.py [--images 1000] [--rate 20] [--latency 0.2]

Real commands, a real service, pictures in a folder, and an endpoint that says "… of one." to the first prompt and "… of
two." to the revised one: a hit of the other generation would show. The floor of a search is the same client before.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from functools import partial
from hashlib import sha256
from pathlib import Path

from benchmarks.endpoints import Endpoint
from benchmarks.serving import INDEXER, serving
from benchmarks.steady_client import Searches, searching
from benchmarks.switching import COLOURS, PLACES, TEXTS, THINGS, is_empty, is_mixed, median_ms
from indexer.cli.output import print_table
from tests.fakes.openai_server import Asked, Reply, caption_reply
from tests.images import write_images

_REVISED = "Name every colour."
_WARM_UP_S, _FLOOR_S, _PAUSE_S = 3.0, 10.0, 2.0


def main() -> None:
    """Do it once, and print what the client saw."""
    wanted = _arguments()
    answer = partial(_answer, latency_s=wanted.latency)
    with tempfile.TemporaryDirectory(prefix="caption-search-") as name, Endpoint(answer) as endpoint:
        home, work = Path(name) / "home", Path(name) / "work"
        write_images(work / "pictures", wanted.images)
        command = _Command(home, work, endpoint)
        ingested = command("ingest", "pictures", "--json")
        with serving(home) as service:
            client = partial(searching, service.address, TEXTS, a_second=wanted.rate)
            with client():
                time.sleep(_WARM_UP_S)
            with client() as floor:
                time.sleep(_FLOOR_S)
            before = endpoint.seen().requests
            with client() as reindexed:
                command.revise()
                reindex = command("reindex", "--json")
                time.sleep(_PAUSE_S)
            with client() as rolled_back:
                rollback = command("generations", "rollback", "--json")
                time.sleep(_PAUSE_S)
        figures = {
            "ingest_s": ingested["took_s"],
            "reindex_s": reindex["took_s"],
            "requests": endpoint.seen().requests - before,
            "switch_ms": reindex["switch_ms"],
            "rollback_s": rollback["took_s"],
            "verdict": reindex["verdict"],
        }
        _show(wanted, {"nothing (the floor)": floor, "reindex and switch": reindexed, "rollback": rolled_back}, figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20.0, help="searches a second")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds that the endpoint takes")
    return parser.parse_args()


def _answer(asked: Asked, *, latency_s: float) -> Reply:
    """Describe a picture in a way of its own, which says with which prompt it was asked for."""
    time.sleep(latency_s)
    number = int(sha256(asked.image).hexdigest()[:8], 16)
    said = f"A {COLOURS[number % 10]} {THINGS[number // 10 % 10]} on {PLACES[number // 100 % 10]}, number {number}"
    return caption_reply(f"{said} of {'two' if _REVISED in asked.text else 'one'}.")


class _Command:
    """Runs `indexer` over one home, in one folder, and returns the last line of its JSON with the seconds it took."""

    def __init__(self, home: Path, folder: Path, endpoint: Endpoint) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        ours = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": endpoint.key, "HF_HUB_OFFLINE": "1"}
        self._environment = {**kept, **ours, "CAPTION_SEARCH_HOME": str(home)}
        self._folder = folder

    def __call__(self, *arguments: str) -> dict[str, object]:
        started = time.perf_counter()
        ended = subprocess.run(
            [INDEXER, *arguments],
            env=self._environment,
            cwd=self._folder,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        took_s = round(time.perf_counter() - started, 2)
        said: dict[str, object] = json.loads(ended.stdout.splitlines()[-1])
        return {**said, "took_s": took_s}

    def revise(self) -> None:
        """Add a sentence to the retrieval prompt."""
        self("prompts", "init", "--json")
        path = self._folder / "prompts" / "retrieval.toml"
        path.write_text(path.read_text(encoding="utf-8").replace('text = """', f'text = """{_REVISED} ', 1), "utf-8")


def _show(wanted: argparse.Namespace, searches: dict[str, Searches], figures: dict[str, object]) -> None:
    rows = [
        (what, len(s.all), s.failed, s.count(is_empty), s.count(is_mixed), f"{median_ms(s):.0f}", f"{s.longest_ms:.0f}")
        for what, s in searches.items()
    ]
    title = f"{wanted.images} images, {wanted.rate:g} searches a second, the endpoint takes {wanted.latency} s"
    print_table(("while", "searches", "failed", "empty", "mixed", "median ms", "longest ms"), rows, title=title)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
