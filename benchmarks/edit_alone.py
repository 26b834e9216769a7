"""Edits without captions and entries: those are made beside the calls, and take the cores that all of it shares."""

import math
from collections.abc import Iterator
from pathlib import Path

from benchmarks.edit_endpoints import EditEndpoints
from benchmarks.edit_rows import Row
from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.captioning.prompts import get_prompt
from indexer.catalog.store import Store
from indexer.editing.requests import load_requests
from indexer.openai_client import build_client
from indexer.pipelines.assembling import build_editing, build_ingesting
from indexer.pipelines.choosing_editors import build_editor
from indexer.pipelines.editing.editing import Edited
from indexer.pipelines.editing.filing import Filing
from indexer.pipelines.ingesting import Ingesting
from indexer.pipelines.jobs import Job
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.run import Run
from indexer.pipelines.spending import Budget
from indexer.pricing import Prices
from indexer.settings import Settings


class _NoCaptions:
    """Stands where images are captioned and indexed."""

    def __init__(self, ingesting: Ingesting) -> None:
        self.run, self.preparing, self.following = ingesting.run, ingesting.preparing, ingesting.following
        self.asking = ingesting.asking

    def ingest_prepared(self, prepared: Iterator[Job | Outcome]) -> Iterator[Outcome]:
        """Take what was read and do no more with it."""
        return (item for item in prepared if isinstance(item, Outcome))


def edit_alone(
    conninfo: str, row: Row, requests: Path, output: Path, endpoints: EditEndpoints, batch_size: int
) -> None:
    """Do the edits of a file, whether they were done before or not."""
    captions, edits = endpoints.captions, endpoints.edits
    settings = Settings.load(
        openai_api_key=captions.key, openai_base_url=captions.base_url,
        gemini_api_key=edits.key, gemini_base_url=edits.base_url,
    )  # fmt: skip
    client = build_client(api_key=captions.key, base_url=captions.base_url, timeout_s=settings.timeout_s)
    captioner = OpenAICaptioner(client, model=settings.model, max_edge=settings.max_edge, prices=Prices({}))
    editor = build_editor(settings, api_format=row.protocol, model=row.model, timeout_s=settings.timeout_s)
    with Store(conninfo) as store, store.runs.running("benchmark", {}) as run_id:
        prompt = store.prompts.register_prompt(get_prompt(Path("prompts"), "retrieval"))
        run = Run(id=run_id, store=store, captioner=captioner, prompts=(prompt,), budget=Budget(math.inf))
        ingesting: Ingesting = _NoCaptions(build_ingesting(run, settings, tell=print))  # type: ignore[assignment]
        filing, made = Filing(output).open(), list[Edited]()
        editing = build_editing(ingesting, editor, filing, concurrency=batch_size, force=True)
        list(editing.edit(load_requests(requests), made.append))
    assert {edited.outcome.status for edited in made} == {"edited"}
