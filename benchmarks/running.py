"""Run the command, or its captioning alone, over a database of its own."""

import math
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.captioning.prompts import get_prompt
from indexer.catalog.migrating import migrate
from indexer.catalog.store import Store
from indexer.openai_client import build_client
from indexer.pipelines.assembling import build_ingesting
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.run import Run
from indexer.pipelines.spending import Budget
from indexer.pricing import Prices
from indexer.settings import Settings
from indexer.sources.folders import find_files

INDEXER = Path(sys.executable).with_name("indexer")


class NoIndexing:
    """Stands where entries are written: embedding runs beside the calls, and would take the cores they share."""

    def __init__(self) -> None:
        self.written = 0
        self.awaited: set[int] = set()

    def run(self, captioned: Event, _stop: Event) -> None:
        """Wait for the captions."""
        captioned.wait()


@dataclass(frozen=True, slots=True)
class Where:
    """What every scenario is given: a database server, a folder to write in, and perhaps real photos."""

    server: str
    folder: Path
    photos: Path | None = None

    def new_database(self) -> str:
        """Make an empty, migrated database and return its connection string."""
        name = f"bench_{uuid.uuid4().hex}"
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        conninfo = make_conninfo(self.server, dbname=name)
        migrate(conninfo)
        return conninfo

    def new_folder(self) -> Path:
        """Make an empty folder."""
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        return folder


class Address(Protocol):
    """Where an endpoint is, and the key that it wants."""

    base_url: str
    key: str


def start_command(
    conninfo: str,
    endpoint: Address,
    *arguments: str | Path,
    gemini: Address | None = None,
    program: Sequence[str | Path] = (INDEXER,),
) -> "subprocess.Popen[str]":
    """Start `indexer`, or a program that stands for it, with an environment of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    ours = {"DATABASE_URL": conninfo, "OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": endpoint.key}
    if gemini is not None:
        ours |= {"GEMINI_BASE_URL": gemini.base_url, "GEMINI_API_KEY": gemini.key}
    return subprocess.Popen(
        [*program, *map(str, arguments)],
        env={**kept, **ours, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(Path.cwd())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def run_command(
    conninfo: str,
    endpoint: Address,
    *arguments: str | Path,
    gemini: Address | None = None,
    program: Sequence[str | Path] = (INDEXER,),
) -> str:
    """Run `indexer` to its end and return the last line that it printed."""
    out, _ = start_command(conninfo, endpoint, *arguments, gemini=gemini, program=program).communicate()
    lines = out.splitlines()
    assert lines, f"indexer {' '.join(map(str, arguments))} printed nothing"
    return lines[-1]


def caption_only(
    conninfo: str, base_url: str, key: str, sources: Sequence[Path], *, concurrency: int
) -> Iterator[Outcome]:
    """Ingest without writing entries."""
    settings = Settings.load(concurrency=concurrency)
    client = build_client(api_key=key, base_url=base_url, timeout_s=settings.timeout_s)
    captioner = OpenAICaptioner(client, model=settings.model, max_edge=settings.max_edge, prices=Prices({}))
    with Store(conninfo) as store, store.runs.running("benchmark", {}) as run_id:
        prompt = store.prompts.register_prompt(get_prompt(Path("prompts"), "retrieval"))
        run = Run(id=run_id, store=store, captioner=captioner, prompts=(prompt,), budget=Budget(math.inf))
        ingesting = replace(build_ingesting(run, settings, tell=print), indexing=NoIndexing())  # type: ignore[arg-type]
        yield from ingesting.ingest(find_files(sources))


@contextmanager
def killed_at_end(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    """Leave no process behind, whatever happens."""
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
