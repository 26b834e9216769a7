"""Whether a filter starves a search, and what it costs: hits filled, recall against the exact answer, latency.

    python benchmarks/filters.py HOME CAPTIONS.jsonl.gz [--entries 100000] [--queries 60] [--rounds 2]

The exact answer scores every image that the filter keeps, by the product's own formula; which images those are is asked
of the tables directly. Latency is that of the real service, over HTTP.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, LiteralString

import numpy as np
import psycopg
import regex

from benchmarks.libraries import add_arguments, open_library
from benchmarks.recombining import HELD_OUT, load_captions
from benchmarks.serving import Request, Service, serving
from indexer.catalog.embedding import load_for_queries
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.store import Store
from indexer.catalog.store.database import Database
from indexer.catalog.store.hits import Candidate, Hits, Sought
from indexer.cli.output import print_table
from indexer.models import Generation, ImageId

_LIMIT = 20
_ROUNDED = 0.0001  # scores travel with four digits
_OUTDOORS = regex.compile(r"\b(dog|dogs|snow|beach|grass)\b")
_COLUMNS = ("filter", "keeps", "filled, least", "recall@20", "worst query", "p50 ms", "p95", "search p50", "p95")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A filter as it is asked for, and the statement that names the images it keeps."""

    name: str
    filters: Mapping[str, Any]
    keeps: LiteralString


CASES = (
    Case(name="none", filters={}, keeps="SELECT id FROM image"),
    Case(
        name="tags: one-in-1000",
        filters={"tags": {"eq": "one-in-1000"}},
        keeps="SELECT id FROM image WHERE 'one-in-1000' = ANY(keywords)",
    ),
    Case(
        name="tags: one-in-100",
        filters={"tags": {"eq": "one-in-100"}},
        keeps="SELECT id FROM image WHERE 'one-in-100' = ANY(keywords)",
    ),
    Case(
        name="tags: one-in-10",
        filters={"tags": {"eq": "one-in-10"}},
        keeps="SELECT id FROM image WHERE 'one-in-10' = ANY(keywords)",
    ),
    Case(
        name="one in ten, taken in 2012",
        filters={"tags": {"eq": "one-in-10"}, "taken": {"gte": "2012-01-01", "lt": "2013-01-01"}},
        keeps="SELECT id FROM image WHERE 'one-in-10' = ANY(keywords) AND extract(year FROM taken_at) = 2012",
    ),
    Case(
        name="edits and frames without people",
        filters={"origin": {"in": ["edit", "frame"]}, "contains_people": {"eq": False}},
        keeps="SELECT i.id FROM image i JOIN caption c ON c.image_id = i.id AND c.kind = 'moderation' "
        "WHERE i.origin <> 'original' AND NOT (c.fields -> 'contains_people')::boolean",
    ),
    Case(
        name="folder of something else",
        filters={"folder": {"eq": "music"}},
        keeps="SELECT image_id FROM location WHERE relative_path LIKE 'music/%'",
    ),
)


class ExactHits(Hits):
    """Scores every one of the images it is given, in place of candidates."""

    allowed: Sequence[ImageId] = ()

    def find_hits(self, generation: Generation, sought: Sought, *, limit: int) -> list[Candidate]:
        """Return the best of the images given, whatever the filter."""
        if sought.image_ids is None:
            sought = replace(sought, conditions=None, image_ids=self.allowed)
        return super().find_hits(generation, sought, limit=limit)


@dataclass(slots=True)
class Measured:
    """What came of one filter; times in milliseconds."""

    filled: list[int] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    search: list[float] = field(default_factory=list)


def main() -> None:
    """Measure every filter and print a table."""
    wanted = _arguments()
    captions = load_captions(wanted.captions)
    texts = [own[HELD_OUT] for own in captions if _OUTDOORS.search(own[HELD_OUT])][: wanted.queries]
    measured: dict[str, Measured] = defaultdict(Measured)
    with open_library(wanted) as conninfo:
        with serving(wanted.home) as service:
            answers = _ask_all(service, texts, wanted.rounds, measured)
        kept = {case.name: _find_kept(conninfo, case) for case in CASES}
        _compare(conninfo, texts, kept, answers, measured)
    print_table(_COLUMNS, [_row(name, len(kept[name]), own) for name, own in measured.items()])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args()


def _ask_all(
    service: Service, texts: Sequence[str], rounds: int, measured: Mapping[str, Measured]
) -> dict[str, list[dict[str, Any]]]:
    """Ask for every text behind every filter, in rounds; return the answers of the last by filter."""
    answers = {}
    for case in CASES:
        service.ask([_request(text, case) for text in texts[:5]])
    for _ in range(rounds):
        for case in CASES:
            asked = service.ask([_request(text, case) for text in texts])
            answers[case.name] = [json.loads(own.body) for own in asked]
            measured[case.name].took += [own.took_s * 1000 for own in asked]
            measured[case.name].search += [answer["took_ms"]["search"] for answer in answers[case.name]]
    return answers


def _request(text: str, case: Case) -> Request:
    wanted = {"q": text, "filters": case.filters, "limit": _LIMIT, "strictness": "low"}
    return Request("/search", json.dumps(wanted))


def _find_kept(conninfo: str, case: Case) -> list[ImageId]:
    with psycopg.connect(conninfo) as connection:
        return [row[0] for row in connection.execute(case.keeps)]


def _compare(
    conninfo: str,
    texts: Sequence[str],
    kept: Mapping[str, list[ImageId]],
    answers: Mapping[str, list[dict[str, Any]]],
    measured: Mapping[str, Measured],
) -> None:
    """Hold every answer against the exact one."""
    embedder = load_for_queries("all-MiniLM-L6-v2")
    database = Database(conninfo, max_connections=1)
    with Store(conninfo) as store:
        store.hits = exact = ExactHits(database)
        searcher = Searcher(store, lambda _: embedder)
        for case in CASES:
            exact.allowed = kept[case.name]
            for text, answer in zip(texts, answers[case.name], strict=True):
                best = searcher.search(Query(text=text, limit=_LIMIT, strictness="low")).hits
                assert {hit["image_id"] for hit in answer["hits"]} <= set(exact.allowed), f"{case.name}: {text}"
                least = best[-1].score - _ROUNDED
                found = sum(hit["score"] >= least for hit in answer["hits"])
                measured[case.name].filled.append(len(answer["hits"]))
                measured[case.name].recall.append(found / len(best))
    database.close()


def _row(name: str, kept: int, measured: Measured) -> tuple[object, ...]:
    times = [f"{value:.1f}" for took in (measured.took, measured.search) for value in np.percentile(took, (50, 95))]
    recall = measured.recall
    return name, kept, min(measured.filled), f"{np.mean(recall):.4f}", f"{min(recall):.2f}", *times


if __name__ == "__main__":
    main()
