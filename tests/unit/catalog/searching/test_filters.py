from datetime import datetime

import pytest

from indexer.catalog.searching.dates import Period, read_period
from indexer.catalog.searching.filters import Filter, read_filters
from indexer.errors import QueryError


def test_the_contracts_shape_is_read() -> None:
    filters = read_filters(
        {"taken": {"gte": "2024-01-01"}, "origin": {"in": ["original"]}, "contains_people": {"eq": False}}
    )

    assert filters == (
        Filter(field="taken", operator="gte", values=(read_period("2024-01-01"),)),
        Filter(field="origin", operator="in", values=("original",)),
        Filter(field="contains_people", operator="eq", values=(False,)),
    )


def test_two_bounds_of_one_field_are_two_conditions() -> None:
    filters = read_filters({"width": {"gte": 100, "lt": 200}})

    assert [(f.operator, f.values) for f in filters] == [("gte", (100,)), ("lt", (200,))]


@pytest.mark.parametrize(("value", "operator"), [("sea", "eq"), (["sea", "sand"], "in")])
def test_a_bare_value_or_list_needs_no_operator(value: object, operator: str) -> None:
    [given] = read_filters({"tags": value})

    assert given.operator == operator


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("folder", "/Holiday//2019/", "holiday/2019"),
        ("format", "heic", "HEIF"),
        ("tags", "  Golden   Retriever ", "golden retriever"),
        ("has_text", "yes", True),
        ("has_text", 0, False),
        ("width", "640", 640),
        ("nsfw", "false", False),
        ("setting", "indoor", "indoor"),
    ],
)
def test_values_are_brought_into_the_catalogues_form(field: str, value: object, read: object) -> None:
    [given] = read_filters({field: {"eq": value}})

    assert given.values == (read,)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"origin": {"in": ["painting"]}}, "origin takes one of original, edit, frame, not 'painting'"),
        ({"folder": "a" * 1001}, "folder takes at most 1,000 characters"),
        ({f"x{n}": True for n in range(101)}, "A search takes 100 filters at most"),
        ({"origin": {"gte": "edit"}}, "origin does not know gte: it takes eq, in, not_in"),
        ({"taken": {"in": ["2024"]}}, "taken does not know in"),
        ({"width": {"gte": "wide"}}, "width takes a number of pixels, not 'wide'"),
        ({"width": {"gte": [1, 2]}}, "width takes one value"),
        ({"has_text": {"eq": "maybe"}}, "has_text is true or false, not 'maybe'"),
        ({"tags": {"in": []}}, "tags takes 1 to 100 values"),
        ({"tags": {"in": ["x"] * 101}}, "tags takes 1 to 100 values"),
        ({"folder": {"eq": "/"}}, "folder takes some text"),
        ({"taken": {"gte": "soon"}}, "'soon' is no date"),
        ({"folder": None}, "folder takes some text, not None"),
        ({"tags": {"in": [["sea"]]}}, "tags takes some text"),
    ],
)
def test_impossible_filters_are_refused_in_one_sentence(given: dict[str, object], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        read_filters(given)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024", "2024-01-01", "2025-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2024-5-9", "2024-05-09", "2024-05-10"),
        ("2024-12-31", "2024-12-31", "2025-01-01"),
        ("2024-05-09T10:30:00+02:00", "2024-05-09T08:30:00", "2024-05-09T08:30:00.000001"),
    ],
)
def test_a_date_is_as_long_as_it_is_written(text: str, start: str, end: str) -> None:
    assert read_period(text) == Period(start=datetime.fromisoformat(start), end=datetime.fromisoformat(end))


@pytest.mark.parametrize("text", ["9999", "0000", "", "99999", "2024-00", "１２", "2024-1-1-1"])
def test_dates_that_no_calendar_has_are_refused(text: str) -> None:
    with pytest.raises(QueryError, match="is no date"):
        read_period(text)


def test_what_postgres_cannot_take_never_gets_there() -> None:
    folder, flag = read_filters({"folder": "a\ud800\0b", "is\udfff_safe": "no\0"})

    assert (folder.values, flag.field, flag.values) == (("a\ufffdb",), "is\ufffd_safe", (False,))
