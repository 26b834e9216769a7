"""Show that the service over HTTP answers as the search in this process does."""

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.serving import Request, serving
from indexer.catalog.embedding import load_for_queries
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.store import Store

_DEEP = 10


def compare_answers(home: Path, store: Store, texts: Sequence[str]) -> str:
    """Ask the service over the library in `home`, and the store itself; say how many answers are the same."""
    requests = [Request(f"/search?{urlencode({'q': text, 'limit': _DEEP, 'strictness': 'low'})}") for text in texts]
    with serving(home) as service:
        answers = [json.loads(asked.body) for asked in service.ask(requests)]
    embedder = load_for_queries("all-MiniLM-L6-v2")
    searcher = Searcher(store, lambda _: embedder)
    ours = [searcher.search(Query(text=text, limit=_DEEP, strictness="low")).hits for text in texts]
    same = sum(
        [hit["image_id"] for hit in answer["hits"]] == [hit.image_id for hit in hits]
        for answer, hits in zip(answers, ours, strict=False)
    )
    return f"{same} of {len(answers)} answers over HTTP have the same {_DEEP} hits in the same order"
