"""What every kind of test may use: a real Postgres, an empty database of it, the fake endpoint."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from indexer.catalog.embedded_postgres import embedded_postgres
from indexer.catalog.embedding import DEFAULT, Embedder, Embedders
from indexer.catalog.migrating import migrate
from indexer.catalog.store import Store
from indexer.settings import Settings
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.openai_server import FakeOpenAI

_TEMPLATE = "caption_search_template"
# A database is 430 files: on a disk where as many were just deleted, it took 350 ms to clone, and 19 in memory.
_MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there gets a name of its own
_PLENTY_BYTES = 2**31


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the settings of whoever runs the tests, and their network, out of them."""
    for name in os.environ:
        if name.startswith(("CAPTION_SEARCH_", "OPENAI_", "DF_", "DATABASE_URL", "GEMINI_", "GOOGLE_", "HF_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("CAPTION_SEARCH_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def embedders_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home in which the default model is exported once, for all tests."""
    home = tmp_path_factory.mktemp("embedders-home")
    (home / "embedders").mkdir()
    return home


@contextmanager
def server_folder() -> Iterator[Path]:
    """Give a folder for a server's data, outside pytest's own, in memory where there is plenty.

    As root, the server runs as a user of its own, and pytest closes its folders to others whenever a session starts.
    """
    is_plenty = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _PLENTY_BYTES
    with tempfile.TemporaryDirectory(prefix="caption-search-", dir=_MEMORY if is_plenty else None) as name:
        yield Path(name)


@pytest.fixture
def server_home() -> Iterator[Path]:
    """Give a folder in which an embedded server of the test's own may live."""
    with server_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Give the connection string of a server with a migrated template database; durability is off."""
    with server_folder() as folder, embedded_postgres(folder) as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
        migrate(make_conninfo(conninfo, dbname=_TEMPLATE))
        yield conninfo


@pytest.fixture(scope="session")
def embedder(embedders_home: Path) -> Embedder:
    return Embedders(Settings.load(home=embedders_home)).for_queries(DEFAULT)


@contextmanager
def new_database(postgres: str, template: str = _TEMPLATE) -> Iterator[str]:
    """Give the connection string of a database cloned from another; the default is migrated and empty."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        cloned = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        connection.execute(cloned)
        yield make_conninfo(postgres, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """Give the connection string of an empty, migrated database of the test's own."""
    with new_database(postgres) as conninfo:
        yield conninfo


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with Store(database) as opened:
        yield opened


@pytest.fixture
def openai_server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def gemini_server() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        yield server
