"""Which generation is live: switched in one step, by one process at a time, and never in the way of a search."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from indexer.catalog.store import Store
from indexer.models import GenerationId, State

# As if the process had been killed there.
_FAILING = """
    CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity ~ 'entry_[0-9]+_{index}') THEN
            RAISE 'killed';
        END IF;
    END
    $$;
    CREATE EVENT TRIGGER fail ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION fail();
"""


def add(store: Store, state: State = "ready") -> GenerationId:
    return store.generations.add_generation(
        prompt_id=None, captioner="import", model="import", embedder="x", dimensions=3, state=state
    )


def states(store: Store) -> list[State]:
    return [generation.state for generation in store.generations.find_generations()]


@pytest.mark.parametrize("state", ["ready", "retired"])
def test_a_generation_takes_the_place_of_the_live_one(store: Store, state: State) -> None:
    add(store, "live")
    second = add(store, state)

    assert store.generations.activate(second)

    assert states(store) == ["retired", "live"]
    assert store.generations.get_generation(second).activated_at is not None


@pytest.mark.parametrize("state", ["building", "dropping"])
def test_a_generation_that_is_not_whole_is_not_activated(store: Store, state: State) -> None:
    add(store, "live")

    assert not store.generations.activate(add(store, state))

    assert states(store) == ["live", state]


def test_the_live_generation_stays_as_it_is_when_it_is_activated(store: Store) -> None:
    live = add(store, "live")
    before = store.generations.get_live()

    assert not store.generations.activate(live)

    assert store.generations.get_live() == before


def test_a_generation_measured_against_one_takes_the_place_of_no_other(store: Store) -> None:
    first, second, third = add(store, "live"), add(store), add(store)
    assert store.generations.activate(second, instead_of=first)

    assert not store.generations.activate(third, instead_of=first)

    assert states(store) == ["retired", "live", "ready"]


def test_a_building_generation_becomes_ready_and_keeps_its_verdict(store: Store) -> None:
    building = add(store, "building")

    store.generations.mark_ready(building)
    store.generations.note_verdict(building, "no worse")

    generation = store.generations.get_generation(building)
    assert (generation.state, generation.verdict) == ("ready", "no worse")


@pytest.mark.parametrize("state", ["live", "dropping"])
def test_what_serves_or_goes_never_becomes_ready(store: Store, state: State) -> None:
    generation_id = add(store, state)

    store.generations.mark_ready(generation_id)

    assert states(store) == [state]


def test_a_retired_generation_is_taken_up_as_if_it_had_never_been_live(store: Store) -> None:
    first = add(store, "live")
    store.generations.activate(add(store))

    store.generations.mark_ready(first)

    generation = store.generations.get_generation(first)
    assert (generation.state, generation.activated_at) == ("ready", None)


def test_many_activations_at_once_leave_one_live_generation(store: Store) -> None:
    add(store, "live")
    others = [add(store) for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.generations.activate, others * 5))

    generations = store.generations.find_generations()
    assert sorted(generation.state for generation in generations) == ["live", *["retired"] * 4]
    last = max(generations, key=lambda generation: generation.activated_at or generation.created_at)
    assert last.state == "live"


def test_the_live_generation_is_known_while_another_takes_its_place(store: Store, database: str) -> None:
    first, second = add(store, "live"), add(store)

    with psycopg.connect(database) as switching:
        switching.execute("SELECT activate_generation(%s, NULL)", [second])
        during = store.generations.get_live()

    after = store.generations.get_live()
    assert (during and during.id, after and after.id) == (first, second)


def test_one_reindex_runs_at_a_time(store: Store) -> None:
    with store.generations.hold_reindexing() as held, store.generations.hold_reindexing() as held_too:
        assert (held, held_too) == (True, False)

    with store.generations.hold_reindexing() as held_later:
        assert held_later


@pytest.mark.parametrize("index", ["vector", "word"])
def test_a_generation_that_serves_at_once_is_not_there_without_its_indexes(
    store: Store, database: str, index: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_FAILING.format(index=index).encode())

    with pytest.raises(psycopg.errors.RaiseException):
        add(store, "live")

    with psycopg.connect(database) as connection:
        tables = connection.execute("SELECT relname FROM pg_class WHERE relname ~ '^entry_[0-9]+$'").fetchall()
    assert (states(store), tables) == ([], [])
