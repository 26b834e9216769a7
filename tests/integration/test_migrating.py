"""Migrations: from nothing, at once, and after a killed process."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from indexer.catalog.migrating import connect, describe, migrate, pending
from indexer.catalog.opening import open_served_store
from indexer.catalog.queries import sql_folder
from indexer.errors import DatabaseError
from indexer.settings import Settings

ALL = sorted(path.stem for path in (sql_folder() / "migrations").glob("*.sql"))


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty")
        yield make_conninfo(postgres, dbname="empty")
        connection.execute("DROP DATABASE empty WITH (FORCE)")


def test_an_empty_database_gets_every_migration_once(empty_database: str) -> None:
    assert migrate(empty_database) == ALL
    assert migrate(empty_database) == []


def test_many_processes_may_migrate_at_once(empty_database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(migrate, [empty_database] * 4))

    assert sorted(len(names) for names in applied) == [0, 0, 0, len(ALL)]


def test_a_lock_row_left_by_a_killed_process_holds_nobody_up(empty_database: str) -> None:
    migrate(empty_database)
    with connect(empty_database) as connection:
        connection.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0002.editing-keys-judgements'")
        connection.execute("DROP TABLE edit_output, edit_source, edit, api_key, judgement CASCADE")
        connection.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 999999)")

    assert migrate(empty_database) == ["0002.editing-keys-judgements"]


def test_the_service_refuses_a_database_that_lacks_a_migration(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database)

    with pytest.raises(DatabaseError, match="run `indexer db migrate`"), open_served_store(Settings.load()):
        pass


def test_looking_for_pending_migrations_writes_nothing(empty_database: str) -> None:
    with connect(empty_database) as connection:
        assert pending(connection) == ALL
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_an_unreachable_database_is_told_without_its_password() -> None:
    conninfo = "postgresql://me:geheim@127.0.0.1:1/pictures"

    with pytest.raises(DatabaseError) as caught:
        connect(conninfo)

    assert "127.0.0.1" in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert describe(conninfo) == "127.0.0.1/pictures"


def test_what_computes_columns_needs_no_search_path_as_when_a_dump_is_restored(empty_database: str) -> None:
    migrate(empty_database)
    with connect(empty_database) as connection:
        connection.execute("SET search_path = ''")
        connection.execute("CREATE TABLE public.restored (LIKE public.entry INCLUDING GENERATED)")
        row = connection.execute("SELECT public.term_vector('a:1 dog:2'::tsvector)::text").fetchone()

    assert row is not None
    assert row[0].endswith("/1000000000")
