"""The .sql files and the store hold each other to account."""

import inspect
import re
from collections.abc import Callable
from importlib.resources import files

import psycopg
import pytest
from psycopg import sql

from indexer.catalog.queries import Part, compose, load_queries, sql_folder
from indexer.catalog.searching.conditions import make_conditions
from indexer.catalog.searching.filters import read_filters
from indexer.catalog.store import Store
from indexer.catalog.store.edits import Edits
from indexer.catalog.store.indexing_lock import IndexingLock
from indexer.catalog.store.store import Store as StoreClass

NOUNS = sorted(path.stem for path in (sql_folder() / "queries").glob("*.sql"))
QUERIES = [(noun, name) for noun in NOUNS for name in load_queries(noun)]
# Methods that run a query under another name: a lock is an object of its own, and a transaction may have several.
RENAMED: dict[tuple[str, str], Callable[..., object]] = {
    ("generations", "hold_indexing"): IndexingLock.take,
    ("generations", "release_indexing"): IndexingLock.release,
    ("edits", "add_output"): Edits.store_edit,
    ("edits", "finish_edit"): Edits.store_edit,
}
DDL = {
    ("partitions", "index_partition"),
    ("partitions", "create_partition"),
    ("partitions", "detach_partition"),
    ("partitions", "finish_detaching"),
    ("partitions", "drop_partition"),
}
EVERY_FILTER = make_conditions(
    read_filters(
        {
            "folder": "holiday",
            "origin": ["edit"],
            "format": "jpg",
            "orientation": "square",
            "tags": "sea",
            "parent": 17,
            "has_text": True,
            "width": {"gte": 100},
            "height": {"lt": 100},
            "taken": {"eq": "2024"},
            "added": {"gte": "2024-05"},
            "contains_people": {"not_in": [True]},
        }
    ),
    phrases=["red mug"],
    excluded=["cat"],
)
TEMPLATE_PARTS: dict[str, Part] = {
    "generation": 1,
    "dimensions": 384,
    "window": 200,
    "few": 1000,
    "source": sql.SQL("entry e JOIN image i ON i.id = e.image_id"),
    "reach": 0.03,
    "most_reached": 5000,
    "is_filtered": True,
    "use_words": True,
    "use_vector": True,
    "conditions": EVERY_FILTER.clause if EVERY_FILTER else False,
    "walking": EVERY_FILTER.walking if EVERY_FILTER else False,
}


@pytest.mark.parametrize("noun", NOUNS)
def test_every_file_of_queries_has_its_noun_in_the_store(noun: str, store: Store) -> None:
    assert hasattr(store, noun)


@pytest.mark.parametrize(("noun", "name"), QUERIES)
def test_every_query_is_run_by_the_method_of_its_name(noun: str, name: str, store: Store) -> None:
    method = RENAMED.get((noun, name)) or getattr(getattr(store, noun), name)

    assert f'"{name}"' in inspect.getsource(method)


def test_every_store_method_that_runs_a_query_names_an_existing_one() -> None:
    source = "".join(inspect.getsource(inspect.getmodule(kind)) for kind in [*_noun_classes(), IndexingLock])  # type: ignore[arg-type]
    used = set(re.findall(r'(?:fetch|fetch_one|search|execute|compose)\(\s*"(\w+)",\s*"(\w+)"', source))

    assert used == set(QUERIES)


@pytest.mark.parametrize(("noun", "name"), [query for query in QUERIES if query not in DDL])
def test_every_query_can_be_prepared_on_the_migrated_database(noun: str, name: str, database: str) -> None:
    text = load_queries(noun)[name]
    parts = {key: value for key, value in TEMPLATE_PARTS.items() if f"{{{key}}}" in text}
    with psycopg.connect(database) as connection:
        statement = compose(noun, name, **parts).as_string(connection)
        numbered = _number_parameters(statement)

        connection.execute(f"PREPARE checked AS {numbered}".encode())


def test_a_partition_is_made_with_its_vector_index(store: Store, database: str) -> None:
    generation_id = store.generations.add_generation(
        prompt_id=None, captioner="import", model="import", embedder="x", dimensions=7, state="live"
    )

    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = %s", [f"entry_{generation_id}"]
        ).fetchall()
    assert any("hnsw" in row[0] and "halfvec(7)" in row[0] for row in found)


def _noun_classes() -> list[type]:
    source = inspect.getsource(StoreClass.__init__)
    module = inspect.getmodule(StoreClass)
    return [getattr(module, name) for name in re.findall(r"= (\w+)\(self\._database\)", source)]


def _number_parameters(statement: str) -> str:
    """Turn psycopg's %(name)s into $1, $2, …, as psycopg does before it sends a statement."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match.group(1) not in names:
            names.append(match.group(1))
        return f"${names.index(match.group(1)) + 1}"

    return re.sub(r"%\((\w+)\)s", number, statement).replace("%%", "%")


def test_the_stop_words_are_those_that_postgres_leaves_out(database: str) -> None:
    text = (files("indexer.catalog") / "stop_words.txt").read_text(encoding="utf-8")
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT to_tsvector('english', %s)::text", [text]).fetchone()

    assert row == ("",)
