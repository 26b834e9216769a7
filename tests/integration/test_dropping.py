"""Dropping a generation beside searches: none waits for it, and whatever interrupts it, the next drop ends it."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psycopg
import pytest
from psycopg import sql

from indexer.catalog.store import Store
from indexer.errors import GenerationError, NotFoundError
from indexer.models import GenerationId, State
from indexer.pipelines.generations.dropping import drop, drop_remains

LONGEST_WAIT_S = 2.0


def add(store: Store, state: State = "retired") -> GenerationId:
    return store.generations.add_generation(
        prompt_id=None, captioner="import", model="import", embedder="x", dimensions=3, state=state
    )


@contextmanager
def searching(database: str, table: str = "entry") -> Iterator[None]:
    """Hold a transaction open that has read a table, as a long search does."""
    with psycopg.connect(database) as connection:
        connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        yield


def time_search(database: str, live: GenerationId) -> float:
    """Search the live generation as a new client, and return how long that took in seconds."""
    with psycopg.connect(database, autocommit=True, options="-c statement_timeout=20s") as connection:
        started = time.perf_counter()
        connection.execute("SELECT FROM generation WHERE state = 'live'")
        connection.execute(
            "SELECT FROM entry e JOIN image i ON i.id = e.image_id LEFT JOIN caption c ON c.id = e.caption_id "
            "WHERE e.generation_id = %s",
            [live],
        )
        return time.perf_counter() - started


def partitions(database: str) -> set[str]:
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE tablename ~ '^entry_\\d+$'").fetchall()
    return {row[0] for row in rows}


def generations(store: Store) -> dict[int, State]:
    return {generation.id: generation.state for generation in store.generations.find_generations()}


def drop_in_a_process(database: str, generation_id: GenerationId) -> None:
    """Drop a generation with connections of one's own, as another command does."""
    with Store(database) as own:
        drop(own, generation_id)


@pytest.mark.parametrize("table", ["entry", "image", "caption", "generation"])
def test_no_search_waits_for_a_drop_behind_a_long_search(store: Store, database: str, table: str) -> None:
    live, retired = add(store, "live"), add(store)
    dropping = threading.Thread(target=drop, args=(store, retired))

    with searching(database, table):
        dropping.start()
        waited = [time_search(database, live) for _ in range(60)]
        was_dropping = dropping.is_alive()
    dropping.join(60)

    assert was_dropping
    assert max(waited) < LONGEST_WAIT_S
    assert (generations(store), partitions(database)) == ({live: "live"}, {f"entry_{live}"})


def test_no_search_waits_for_a_new_generation_behind_a_long_transaction(store: Store, database: str) -> None:
    live = add(store, "live")
    adding = threading.Thread(target=add, args=(store, "building"))

    with psycopg.connect(database) as writing:
        writing.execute("UPDATE image SET changes = changes")
        writing.execute("SELECT FROM entry")
        adding.start()
        waited = [time_search(database, live) for _ in range(60)]
        was_adding = adding.is_alive()
    adding.join(60)

    assert was_adding
    assert max(waited) < LONGEST_WAIT_S
    assert len(generations(store)) == len(partitions(database)) == 2


@pytest.mark.parametrize("state", ["building", "ready", "retired", "dropping"])
def test_a_generation_goes_with_its_table(store: Store, database: str, state: State) -> None:
    live, other = add(store, "live"), add(store, state)

    drop(store, other)

    assert (generations(store), partitions(database)) == ({live: "live"}, {f"entry_{live}"})


def test_the_live_generation_is_not_dropped(store: Store, database: str) -> None:
    live = add(store, "live")

    with pytest.raises(GenerationError, match="Generation 1 is live: activate another one before you drop it"):
        drop(store, live)

    assert (generations(store), partitions(database)) == ({live: "live"}, {f"entry_{live}"})


def test_a_generation_that_is_not_there_cannot_be_dropped(store: Store) -> None:
    with pytest.raises(NotFoundError, match="There is no generation 7"):
        drop(store, GenerationId(7))


def test_a_generation_that_is_being_written_is_not_dropped(store: Store) -> None:
    building = add(store, "building")

    with store.generations.hold_indexing() as lock:
        lock.take(building)
        with pytest.raises(GenerationError, match="being written"):
            drop(store, building)

    assert generations(store) == {building: "building"}


def test_a_generation_is_not_dropped_beneath_a_reindex(store: Store) -> None:
    building, retired = add(store, "building"), add(store)

    with store.generations.hold_reindexing():
        with pytest.raises(GenerationError, match="A reindex is running"):
            drop(store, building)
        drop(store, retired)

    assert generations(store) == {building: "building"}


def test_a_drop_that_ended_before_it_detached_is_completed(store: Store, database: str) -> None:
    generation_id = add(store)
    store.generations.mark_dropping(generation_id)

    assert drop_remains(store) == [generation_id]

    assert (generations(store), partitions(database)) == ({}, set())


def test_a_drop_killed_while_it_waits_for_searches_is_completed(store: Store, database: str) -> None:
    live, killed, other = add(store, "live"), add(store), add(store)
    store.generations.mark_dropping(killed)
    with searching(database), psycopg.connect(database, autocommit=True) as detaching:
        detach = threading.Thread(target=_detach, args=(detaching, killed))
        detach.start()
        _wait_for(database, "SELECT FROM pg_inherits WHERE inhdetachpending")
        with psycopg.connect(database, autocommit=True) as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", [detaching.info.backend_pid])
        detach.join(60)

    drop(store, other)
    drop_remains(store)

    assert (generations(store), partitions(database)) == ({live: "live"}, {f"entry_{live}"})


def test_a_drop_that_ended_after_it_detached_is_completed(store: Store, database: str) -> None:
    generation_id = add(store)
    store.generations.mark_dropping(generation_id)
    with psycopg.connect(database, autocommit=True) as connection:
        _detach(connection, generation_id)

    drop(store, generation_id)

    assert (generations(store), partitions(database)) == ({}, set())


def test_a_drop_that_ended_before_the_generation_was_forgotten_is_completed(store: Store, database: str) -> None:
    generation_id = add(store)
    store.generations.mark_dropping(generation_id)
    store.partitions.remove_partition(generation_id)

    drop(store, generation_id)

    assert (generations(store), partitions(database)) == ({}, set())


def test_nothing_but_what_was_being_dropped_is_swept_up(store: Store) -> None:
    others = {add(store, "live"): "live", add(store): "retired", add(store, "building"): "building"}

    assert drop_remains(store) == []

    assert generations(store) == others


def test_drops_at_once_queue_up(store: Store, database: str) -> None:
    retired = [add(store) for _ in range(3)]

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda generation_id: drop(store, generation_id), retired))

    assert (generations(store), partitions(database)) == ({}, set())


def test_two_drops_beside_a_reader_do_not_wait_for_each_other(store: Store, database: str) -> None:
    retired = [add(store) for _ in range(2)]
    drops = [threading.Thread(target=drop_in_a_process, args=(database, one), daemon=True) for one in retired]

    with searching(database):
        for each in drops:
            each.start()
        _wait_for(database, "SELECT FROM pg_inherits WHERE inhdetachpending")
        time.sleep(0.5)  # the other one asks for its turn meanwhile
    for each in drops:
        each.join(20)

    assert [each.is_alive() for each in drops] == [False, False]
    assert (generations(store), partitions(database)) == ({}, set())


def test_a_dropped_generation_leaves_no_words_behind(store: Store, database: str) -> None:
    generation_id = add(store)
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO lexeme VALUES (%s, 'mug', 1)", [generation_id])

    drop(store, generation_id)

    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM lexeme").fetchone() == (0,)


def _detach(connection: psycopg.Connection, generation_id: GenerationId) -> None:
    table = sql.Identifier(f"entry_{generation_id}")
    with suppress(psycopg.errors.AdminShutdown):
        connection.execute(sql.SQL("ALTER TABLE entry DETACH PARTITION {} CONCURRENTLY").format(table))


def _wait_for(database: str, query: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        while connection.execute(query.encode()).fetchone() is None:
            time.sleep(0.01)
