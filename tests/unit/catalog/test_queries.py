import pytest

from indexer.catalog.queries import compose, load_queries, sql_folder

NOUNS = sorted(path.stem for path in (sql_folder() / "queries").glob("*.sql"))


def test_the_folder_has_migrations_and_queries() -> None:
    assert list((sql_folder() / "migrations").glob("*.sql"))
    assert NOUNS


@pytest.mark.parametrize("noun", NOUNS)
def test_every_file_has_queries_with_names_and_bodies(noun: str) -> None:
    queries = load_queries(noun)

    assert queries
    assert all(queries.values())
    assert all(name.isidentifier() for name in queries)


@pytest.mark.parametrize("noun", NOUNS)
def test_no_name_is_given_twice_in_a_file(noun: str) -> None:
    text = (sql_folder() / "queries" / f"{noun}.sql").read_text(encoding="utf-8")

    assert text.count("-- name:") == len(load_queries(noun))


def test_a_statement_without_parts_is_sent_as_it_is_written() -> None:
    name, text = next(iter(load_queries("runs").items()))

    assert compose("runs", name).as_string() == text


def test_parts_are_filled_in_as_names_and_numbers() -> None:
    statement = compose("entries", "find_documents", generation=7).as_string()

    assert "e.generation_id = 7 " in statement
    assert "{generation}" not in statement


def test_the_partition_of_a_generation_is_quoted_as_a_name() -> None:
    assert '"entry_7"' in compose("partitions", "create_partition", generation=7).as_string()


def test_a_query_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError, match="drop_everything"):
        compose("entries", "drop_everything")
