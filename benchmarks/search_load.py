"""How fast hybrid search answers over HTTP, one client and eight, beside what it cannot be faster than.

    python benchmarks/search_load.py HOME CAPTIONS.jsonl.gz [--entries 100000] [--requests 200] [--rounds 3]

The service is the real one over the library in HOME, which is loaded first where there is none. Every round asks every
kind of query, so that what else the machine does falls on all of them alike; CPU is milliseconds per request, which a
busy machine changes little. The floors: the same client asking for /health/live; the statement alone that finds the 20
nearest vectors; an exact scan of all vectors in numpy.
"""

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias
from urllib.parse import urlencode

import numpy as np

from benchmarks.cpu import CpuClock
from benchmarks.floors import Floors, open_floors
from benchmarks.libraries import add_arguments, open_library
from benchmarks.recombining import load_captions
from benchmarks.search_queries import Queries, make_queries, take
from benchmarks.serving import Asked, Request, Service, serving
from indexer.catalog.store import Store
from indexer.cli.output import print_table

Cpu: TypeAlias = tuple[float, float]
AskFunction: TypeAlias = Callable[[Sequence[Request], int], tuple[list[Asked], Cpu]]

_CLIENTS = (1, 8)
_LIVE = Request("/health/live")
_COLUMNS = (
    "asked for", "clients", "p50 ms", "p95", "p99", "a second", "rounds", "embed p50", "search p50", "p95",
    "CPU service", "CPU Postgres", "hits",
)  # fmt: skip


@dataclass(slots=True)
class Measured:
    """What the rounds of one kind of request came to; times in milliseconds."""

    took: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    embed: list[float] = field(default_factory=list)
    search: list[float] = field(default_factory=list)
    hits: list[int] = field(default_factory=list)
    cpu: list[Cpu] = field(default_factory=list)

    def add_round(self, asked: Sequence[Asked], cpu_s: Cpu) -> None:
        """Take down one round of requests, and the CPU time that the service and Postgres took for it."""
        self.cpu.append((cpu_s[0] * 1000 / len(asked), cpu_s[1] * 1000 / len(asked)))
        span_s = max(own.sent_s + own.took_s for own in asked) - min(own.sent_s for own in asked)
        self.rates.append(len(asked) / span_s)
        self.took += [own.took_s * 1000 for own in asked]
        for answer in (json.loads(own.body) for own in asked):
            if "took_ms" in answer:
                self.embed.append(answer["took_ms"]["embed"])
                self.search.append(answer["took_ms"]["search"])
                self.hits.append(len(answer["hits"]))

    def cells(self) -> list[str]:
        """Return its row of the table, without what was asked for."""
        whole, embed, search = _percentiles(self.took), _percentiles(self.embed), _percentiles(self.search)
        rates = (
            [f"{np.median(self.rates):.0f}", f"{min(self.rates):.0f}-{max(self.rates):.0f}"] if self.rates else ["", ""]
        )
        hits = f"{statistics.mean(self.hits):.1f}" if self.hits else ""
        cpu = [f"{value:.1f}" for value in np.mean(self.cpu, axis=0)] if self.cpu else ["", ""]
        return [*whole, *rates, embed[0], *search[:2], *cpu, hits]


def main() -> None:
    """Measure every kind of query in rounds, and print a table."""
    wanted = _arguments()
    measured: dict[tuple[str, int], Measured] = defaultdict(Measured)
    queries = make_queries(load_captions(wanted.captions))
    with open_library(wanted) as conninfo:
        with Store(conninfo) as store:
            live = store.generations.get_live()
        assert live is not None
        with open_floors(conninfo, live) as floors, serving(wanted.home) as service:
            service.ask([_request(text) for kind in queries.values() for text in take(kind, 20)])
            ask = partial(_ask, service, CpuClock(service.pid, wanted.home))
            for _ in range(wanted.rounds):
                _measure_round(ask, queries, floors, wanted.requests, measured)
    rows = [(what, clients, *own.cells()) for (what, clients), own in measured.items()]
    print_table(_COLUMNS, rows, title=f"{live.entries} entries, {wanted.rounds} rounds of {wanted.requests} requests")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _measure_round(
    ask: AskFunction, queries: Queries, floors: Floors, count: int, measured: dict[tuple[str, int], Measured]
) -> None:
    for clients in _CLIENTS:
        for kind, texts in queries.items():
            measured[kind, clients].add_round(*ask([_request(text) for text in take(texts, count)], clients))
        measured["floor: /health/live", clients].add_round(*ask([_LIVE] * count, clients))
    measured["floor: 20 nearest by the index", 1].took += floors.nearest(count)
    measured["floor: every vector in numpy", 1].took += floors.exact(count)


def _ask(service: Service, clock: CpuClock, requests: Sequence[Request], clients: int) -> tuple[list[Asked], Cpu]:
    """Return what was answered, and the CPU seconds it took."""
    before = clock.read()
    asked = service.ask(requests, clients=clients)
    after = clock.read()
    return asked, (after[0] - before[0], after[1] - before[1])


def _request(text: str) -> Request:
    return Request("/search?" + urlencode({"q": text}))


def _percentiles(values: Sequence[float]) -> list[str]:
    """Return the 50th, 95th and 99th percentile."""
    return [f"{value:.1f}" for value in np.percentile(values, (50, 95, 99))] if values else ["", "", ""]


if __name__ == "__main__":
    main()
