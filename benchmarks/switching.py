"""Generations activated, taken back and dropped under a client that searches all the while.

    python benchmarks/switching.py [--images 1000] [--rate 20] [--rounds 5]

Every image has two captions, "… of one." and "… of two.", one for each generation: a hit of the other would show. The
service and the commands are the real ones. The floor of a search is the same client before anything is switched.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from benchmarks.serving import INDEXER, serving
from benchmarks.steady_client import Searches, searching
from indexer.catalog.embedded_postgres import embedded_postgres
from indexer.catalog.embedding import DEFAULT, Embedder, Embedders
from indexer.catalog.migrating import migrate
from indexer.catalog.store import Store
from indexer.cli.output import print_table
from indexer.models import GenerationId, PromptId, State
from indexer.pipelines.indexing import Indexing
from indexer.settings import Settings
from tests.factories import make_answer, make_facts, make_found, make_prompt, make_wanted

COLOURS = ("red", "blue", "green", "yellow", "white", "black", "brown", "silver", "golden", "purple")
THINGS = ("mug", "dog", "bicycle", "lamp", "boat", "chair", "horse", "guitar", "clock", "umbrella")
PLACES = (
    "a beach",
    "a desk",
    "a meadow",
    "a street",
    "a roof",
    "a river",
    "a market",
    "a snowy hill",
    "a stage",
    "a bus",
)
TEXTS = [f"a {colour} {thing}" for colour in COLOURS for thing in THINGS]
NAMES = {1: "one", 2: "two"}
# The moment noted is that in the transaction: it is seen once that is committed.
_NOTICED_S = 0.05
_WARM_UP_S, _FLOOR_S, _PAUSE_S = 3.0, 10.0, 1.0


@dataclass(slots=True)
class Switches:
    """What the switches took in milliseconds: the transaction, and the commands until the switch and to their end."""

    transaction: list[float] = field(default_factory=list)
    until_live: list[float] = field(default_factory=list)
    command: list[float] = field(default_factory=list)
    moments: list[tuple[float, int]] = field(default_factory=list)


def main() -> None:
    """Switch to and fro, drop one, and print what the client saw."""
    wanted = _arguments()
    with tempfile.TemporaryDirectory(prefix="caption-search-") as name, _library(Path(name), wanted.images) as store:
        home, switches = Path(name), Switches()
        with serving(home) as service:
            with searching(service.address, TEXTS, a_second=wanted.rate):
                time.sleep(_WARM_UP_S)
            with searching(service.address, TEXTS, a_second=wanted.rate) as floor:
                time.sleep(_FLOOR_S)
            with searching(service.address, TEXTS, a_second=wanted.rate) as switched:
                for _ in range(wanted.rounds):
                    _switch_by_command(home, store, switches, "activate", "2")
                    _switch_by_command(home, store, switches, "rollback")
                    _switch_alone(store, switches, GenerationId(2))
                    _switch_alone(store, switches, GenerationId(1))
            with searching(service.address, TEXTS, a_second=wanted.rate) as dropped:
                time.sleep(_PAUSE_S)
                dropping_s = _run(home, "drop", "2", "--yes")
                time.sleep(_PAUSE_S)
    _show(wanted, {"nothing (the floor)": floor, "switching": switched, "dropping": dropped}, switches, dropping_s)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20.0, help="searches a second")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


@contextmanager
def _library(home: Path, images: int) -> Iterator[Store]:
    """Give the store of a catalogue with two generations: one live, two ready."""
    with embedded_postgres(home) as conninfo:
        migrate(conninfo)
        embedder = Embedders(Settings.load(home=home)).for_bulk(DEFAULT)
        with Store(conninfo) as store:
            prompts = [store.prompts.register_prompt(make_prompt(f"Describe, {name}.")).id for name in NAMES.values()]
            for number in range(images):
                _add_image(store, number, prompts)
            _add_generation(store, embedder, prompts[0], "live")
            _add_generation(store, embedder, prompts[1], "building")
            yield store


def _add_image(store: Store, number: int, prompts: list[PromptId | None]) -> None:
    colour, thing, place = COLOURS[number % 10], THINGS[number // 10 % 10], PLACES[number // 100 % 10]
    registered = store.images.register_image(
        make_facts(str(number)), make_found(f"{number}.jpg"), make_wanted(2, captioner="openai", model="m")
    )
    for prompt_id, name in zip(prompts, NAMES.values(), strict=True):
        answer = make_answer(f"A {colour} {thing} on {place}, number {number} of {name}.", prompt_id=prompt_id)
        store.captions.store_answer(registered.image_id, answer, captioner="openai", model="m")


def _add_generation(store: Store, embedder: Embedder, prompt_id: PromptId | None, state: State) -> None:
    generation_id = store.generations.add_generation(
        prompt_id=prompt_id,
        captioner="openai",
        model="m",
        embedder=embedder.name,
        dimensions=embedder.dimensions,
        state=state,
    )
    _fill(store, embedder, generation_id)
    if state == "building":
        store.partitions.build_indexes(generation_id, embedder.dimensions)
        store.generations.mark_ready(generation_id)
        _fill(store, embedder, generation_id)  # calibrates it, as a reindex does before it switches


def _fill(store: Store, embedder: Embedder, generation_id: GenerationId) -> None:
    everything = Event()
    everything.set()
    with store.runs.running("benchmark", {}) as run_id:
        indexing = Indexing(
            store=store, load_embedder=lambda _: embedder, first=None, run_id=run_id, generation_id=generation_id
        )
        indexing.run(everything, Event())


def _switch_by_command(home: Path, store: Store, switches: Switches, *arguments: str) -> None:
    time.sleep(_PAUSE_S)
    started = time.time()
    switches.command.append(_run(home, *arguments) * 1000)
    live = store.generations.get_live()
    assert live is not None
    assert live.activated_at is not None
    switches.moments.append((live.activated_at.timestamp(), live.id))
    switches.until_live.append((live.activated_at.timestamp() - started) * 1000)


def _switch_alone(store: Store, switches: Switches, generation_id: GenerationId) -> None:
    time.sleep(_PAUSE_S)
    started = time.perf_counter()
    assert store.generations.activate(generation_id)
    switches.transaction.append((time.perf_counter() - started) * 1000)
    switches.moments.append((time.time(), generation_id))


def _run(home: Path, *arguments: str) -> float:
    """Run `indexer generations …` and return its seconds."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    started = time.perf_counter()
    subprocess.run(
        [INDEXER, "generations", *arguments],
        env={**kept, "CAPTION_SEARCH_HOME": str(home.resolve()), "HF_HUB_OFFLINE": "1"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def _show(wanted: argparse.Namespace, searches: dict[str, Searches], switches: Switches, dropping_s: float) -> None:
    rows = [(what, *_cells(own)) for what, own in searches.items()]
    title = f"{wanted.images} images, {wanted.rate:g} searches a second, {len(switches.moments)} switches"
    print_table(("while", "searches", "failed", "empty", "mixed", "median ms", "longest ms"), rows, title=title)
    late = _count_late(searches["switching"], switches)
    figures = {
        "transaction_ms": _round(switches.transaction),
        "command_until_live_ms": _round(switches.until_live),
        "command_ms": _round(switches.command),
        "answers_of_the_old_one_after_a_switch": late,
        "drop_s": round(dropping_s, 2),
    }
    print(json.dumps(figures))


def _cells(searches: Searches) -> tuple[object, ...]:
    counts = (len(searches.all), searches.failed, searches.count(is_empty), searches.count(is_mixed))
    return *counts, f"{median_ms(searches):.0f}", f"{searches.longest_ms:.0f}"


def is_empty(answer: dict[str, Any]) -> bool:
    """Tell whether an answer has no hit."""
    return not answer["hits"]


def is_mixed(answer: dict[str, Any]) -> bool:
    """Tell whether a hit's caption is of another generation than the one that the answer names."""
    name = NAMES[answer["generation"]["id"]]
    return any(not hit["caption"].endswith(f" of {name}.") for hit in answer["hits"])


def _count_late(searches: Searches, switches: Switches) -> int:
    """Count the searches that were due well after a switch and were answered by the generation before it."""
    late = 0
    for search in searches.all:
        live = [generation for at, generation in switches.moments if at <= search.due_at]
        answered_at = search.due_at + search.took_s
        either = any(search.due_at - _NOTICED_S < at < answered_at for at, _ in switches.moments)
        late += bool(live and not either and search.answer and search.answer["generation"]["id"] != live[-1])
    return late


def median_ms(searches: Searches) -> float:
    """Return how long half of the searches took at the most, in milliseconds."""
    return statistics.median(search.took_s for search in searches.all) * 1000


def _round(values: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(values), 1), "longest": round(max(values), 1)}


if __name__ == "__main__":
    main()
