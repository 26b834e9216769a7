"""Runs of edits in this process: the real stages, clients and database, and endpoints that fake what costs money."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import psycopg

from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.captioning.prompts import DEFAULT_FOLDER
from indexer.catalog.embedding import Embedder
from indexer.catalog.store import Store
from indexer.editing.editor import Editor
from indexer.editing.requests import EditRequest, load_requests
from indexer.models import ApiFormat
from indexer.pipelines.assembling import build_editing, build_ingesting, make_editing_run
from indexer.pipelines.choosing_editors import build_editor
from indexer.pipelines.editing.editing import Edited, Editing, refuse
from indexer.pipelines.editing.filing import Filing
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.run import Run
from indexer.settings import Settings
from tests.edits import OUTPUT, write_requests
from tests.fakes.gemini_server import FakeGemini

FLASH, PRO = "gemini-2.5-flash-image", "gemini-3-pro-image-preview"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a run is to edit; the defaults are those of the tests."""

    model: str = FLASH
    api_format: ApiFormat = "gemini"
    concurrency: int = 4
    force: bool = False
    retry_failed: bool = False
    budget: float | None = None
    output: str = OUTPUT
    stop: Event = field(default_factory=Event)


@dataclass(slots=True)
class Done:
    """What a run told: of requests in their order, and of captions."""

    edited: list[Edited] = field(default_factory=list)
    captions: list[Outcome] = field(default_factory=list)

    @property
    def statuses(self) -> list[str]:
        return [each.outcome.status for each in self.edited]

    @property
    def reasons(self) -> list[str]:
        return [each.outcome.reason for each in self.edited]

    @property
    def captioned(self) -> int:
        return Counter(outcome.status for outcome in self.captions)["captioned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Edits pictures in a folder; captions are made by the fake endpoint."""

    store: Store
    database: str
    folder: Path
    settings: Settings
    gemini: FakeGemini
    embedder: Embedder

    @property
    def output(self) -> Path:
        return self.folder / OUTPUT

    def edit(self, *lines: object, **wanted: Any) -> Done:
        """Do a file of these lines in a run of its own."""
        done = Done()
        with self.running(Wanted(**wanted)) as (editing, editor):
            requests = [refuse(editor, request) for request in self.load(*lines)]
            done.captions.extend(editing.edit(requests, done.edited.append))
        done.edited.sort(key=lambda each: each.request.number)
        return done

    def load(self, *lines: object) -> list[EditRequest]:
        """Return the requests of a file with these lines."""
        return list(load_requests(write_requests(self.folder, *lines)))

    @contextmanager
    def running(self, wanted: Wanted) -> Iterator[tuple[Editing, Editor]]:
        """Give the stages of a run that is alive."""
        settings = self.settings.model_copy(update={"budget": wanted.budget})
        with self.making(wanted, settings) as (run, editor), self.store.runs.running("edit", {}) as run_id:
            alive = replace(run, id=run_id, stop=wanted.stop)
            ingesting = build_ingesting(alive, settings, tell=print, load_embedder=lambda _: self.embedder)
            filing, concurrency = Filing(self.folder / wanted.output).open(), wanted.concurrency
            editing = build_editing(ingesting, editor, filing, concurrency=concurrency, force=wanted.force)
            yield editing, editor

    @contextmanager
    def making(self, wanted: Wanted, settings: Settings | None = None) -> Iterator[tuple[Run, Editor]]:
        """Give a run that has not begun, and the editor."""
        settings = settings or self.settings
        editor = build_editor(settings, api_format=wanted.api_format, model=wanted.model, timeout_s=20)
        prompts, retry = DEFAULT_FOLDER, wanted.retry_failed
        run, _said = make_editing_run(self.store, settings, editor, prompts, retry_failed=retry, dry_run=False)
        assert isinstance(run.captioner, OpenAICaptioner)
        try:
            yield run, editor
        finally:
            run.captioner.client.close()
            editor._client.close()  # type: ignore[attr-defined]

    def rows(self, query: str, *values: object) -> list[Any]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(query.encode(), values or None).fetchall()

    def execute(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(statement.encode(), values)
