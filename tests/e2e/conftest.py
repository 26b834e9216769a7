"""The installed command as a user runs it: a subprocess with an environment of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import new_database
from tests.e2e.subjects import SUBJECTS, name_subject
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.openai_server import FakeOpenAI, caption_reply
from tests.images import write_images

INDEXER = Path(sys.executable).with_name("indexer")
_CHROMIUM = "/usr/bin/chromium"
# As root without a sandbox, and without a word to anybody but the page's own service.
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Return stdout as JSON, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(slots=True)
class Command:
    """Runs `indexer` in a folder, with these variables beside the bare environment."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str | Path) -> "subprocess.Popen[str]":
        """Start it and return the process."""
        return subprocess.Popen(
            [INDEXER, *map(str, arguments)],
            cwd=self.folder,
            env={**bare_environment(), **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str | Path) -> Finished:
        """Run it to its end."""
        return finish(self.start(*arguments))


def finish(process: "subprocess.Popen[str]") -> Finished:
    """Wait for a command and return what it printed."""
    out, err = process.communicate(timeout=300)
    return Finished(code=process.returncode, out=out, err=err)


def wait_until(true: Callable[[], bool], *, within_s: float = 180) -> None:
    """Wait for something to become true; three minutes, where nothing else is said, for machines are busy."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def bare_environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR")
    # No test may reach a model hub: the default set-up downloads nothing.
    return {**{name: os.environ[name] for name in kept if name in os.environ}, "HF_HUB_OFFLINE": "1"}


def make_home(home: Path, embedders_home: Path) -> Path:
    """Make a home that shares what is written down of models."""
    home.mkdir()
    (home / "embedders").symlink_to(embedders_home / "embedders")
    return home


@pytest.fixture
def indexer(tmp_path: Path, database: str, embedders_home: Path) -> Command:
    """The command over an empty database, without a key; the first test that embeds writes the model down for all."""
    folder, home = tmp_path / "work", make_home(tmp_path / "home", embedders_home)
    folder.mkdir()
    return Command(folder, {"DATABASE_URL": database, "CAPTION_SEARCH_HOME": str(home)})


@pytest.fixture
def paying(indexer: Command, openai_server: FakeOpenAI) -> Command:
    """The command with the fake endpoint and its key."""
    indexer.variables |= {"OPENAI_BASE_URL": openai_server.base_url, "OPENAI_API_KEY": openai_server.key}
    return indexer


@pytest.fixture(scope="session")
def library(postgres: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the name of a database in which a model captioned what `subjects` shows; to be cloned."""
    folder = tmp_path_factory.mktemp("library")
    write_images(folder / "images", len(SUBJECTS))
    with FakeOpenAI(answer=name_subject) as server, new_database(postgres) as database:
        variables = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": server.key, "DATABASE_URL": database}
        home = make_home(folder / "home", embedders_home)
        indexer = Command(folder, {**variables, "CAPTION_SEARCH_HOME": str(home)})
        for limit in (1, 2, 3, len(SUBJECTS)):  # files are read side by side: so the first three have the first numbers
            finished = indexer("ingest", folder / "images", "--limit", str(limit))
            assert finished.code == 0, finished.err
        yield str(conninfo_to_dict(database)["dbname"])


@contextmanager
def cloned(postgres: str, library: str, folder: Path, embedders_home: Path, **variables: str) -> Iterator[Command]:
    """Give the command in a folder, over a clone of the library, for as many tests as like."""
    home = make_home(folder / "home", embedders_home)
    with new_database(postgres, library) as database:
        yield Command(folder, {"DATABASE_URL": database, "CAPTION_SEARCH_HOME": str(home), **variables})


@pytest.fixture
def indexed(paying: Command, library: str, postgres: str, openai_server: FakeOpenAI) -> Iterator[Command]:
    """The command with the fake endpoint, over a clone of the library."""
    openai_server.answer = name_subject
    with new_database(postgres, library) as database:
        paying.variables["DATABASE_URL"] = database
        yield paying


@pytest.fixture
def editing(indexed: Command, gemini_server: FakeGemini, openai_server: FakeOpenAI) -> Command:
    """The command over an indexed library, with an editor; its captioner sees jellyfish everywhere from now on."""
    indexed.variables |= {"GEMINI_BASE_URL": gemini_server.base_url, "GEMINI_API_KEY": gemini_server.key}
    openai_server.answer = lambda asked: caption_reply(f"A glowing jellyfish, number {asked.number}.")
    return indexed


@dataclass(slots=True)
class Served:
    """A service that runs: where it is, and what it has logged since it said so."""

    process: "subprocess.Popen[str]"
    address: str
    logged: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Take in what is logged: a pipe that nobody empties would stop the service in the end."""
        assert self.process.stderr is not None
        self.logged.extend(self.process.stderr)


@contextmanager
def running(command: Command, *flags: str) -> Iterator[Served]:
    """Run `indexer serve` on a free port."""
    with command.start("serve", "--port", "0", *flags) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "http://" in line, line + process.stderr.read()
        served = Served(process, next(word for word in line.split() if word.startswith("http://")))
        listening = Thread(target=served.listen)
        listening.start()
        try:
            yield served
        finally:
            process.terminate()
            process.wait(timeout=60)
            listening.join()


@contextmanager
def serving(command: Command, *flags: str) -> Iterator[str]:
    """Run `indexer serve` on a free port and give its address."""
    with running(command, *flags) as served:
        yield served.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for all tests of a module: no longer, for an event loop of its own runs beside it."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield launched
        launched.close()


@contextmanager
def browsing(
    browser: Browser,
    *,
    width: int = 390,
    has_touch: bool = False,
    scheme: Literal["light", "dark"] = "light",
    locale: str = "en-GB",
) -> Iterator[Page]:
    """Give a page that shares nothing with others, as wide as a phone if nothing else is said."""
    viewport: ViewportSize = {"width": width, "height": 844}
    with browser.new_context(viewport=viewport, has_touch=has_touch, color_scheme=scheme, locale=locale) as context:
        yield context.new_page()


def listen(page: Page) -> list[str]:
    """Return what goes wrong on a page from now on, as it does."""
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said
