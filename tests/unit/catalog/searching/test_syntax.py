import pytest

from indexer.catalog.searching.dates import read_period
from indexer.catalog.searching.filters import Filter
from indexer.catalog.searching.syntax import read_box
from indexer.errors import QueryError


def make_filter(field: str, operator: str, *values: object) -> Filter:
    return Filter(field=field, operator=operator, values=values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "red mug on a desk",
        "t-shirt",
        "12:30",
        "http://example.org/a",
        "c++ & c#",
        "長椅 上的人",
        "rock 'n' roll",
        "a - b",
    ],
)
def test_words_stay_as_they_are(text: str) -> None:
    wish = read_box(text)

    assert wish.text == text
    assert (wish.phrases, wish.excluded, wish.filters) == ((), (), ())


@pytest.mark.parametrize("text", ['"red mug" desk', "“red mug” desk", "„red mug“ desk"])
def test_a_phrase_is_asked_for_and_counts_as_words(text: str) -> None:
    wish = read_box(text)

    assert wish.phrases == ("red mug",)
    assert wish.text == "red mug desk"


def test_a_word_or_phrase_after_a_minus_is_left_out() -> None:
    wish = read_box('beach -people -"sun set" sand')

    assert wish.excluded == ("people", "sun set")
    assert wish.text == "beach sand"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("folder:Holiday/2019/", make_filter("folder", "in", "holiday/2019")),
        ('folder:"My Pictures"', make_filter("folder", "in", "my pictures")),
        ("-folder:private", make_filter("folder", "not_in", "private")),
        ("tag:Sea", make_filter("tags", "in", "sea")),
        ("TAG:sea tag:beach", make_filter("tags", "in", "sea", "beach")),
        ("is:edit", make_filter("origin", "in", "edit")),
        ("is:edit is:frame", make_filter("origin", "in", "edit", "frame")),
        ("-is:edit", make_filter("origin", "not_in", "edit")),
        ("is:portrait", make_filter("orientation", "in", "portrait")),
        ("format:jpg", make_filter("format", "in", "JPEG")),
        ("after:2024", make_filter("taken", "gte", read_period("2024"))),
        ("before:2024-05-01", make_filter("taken", "lt", read_period("2024-05-01"))),
    ],
)
def test_operators_become_filters(text: str, expected: Filter) -> None:
    wish = read_box(f"mug {text} desk")

    assert wish.filters == (expected,)
    assert wish.text == "mug desk"


@pytest.mark.parametrize("text", ["colour:red", "-after:2024", "note:"])
def test_what_is_no_operator_is_words(text: str) -> None:
    assert read_box(text).filters == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dog is:nice", "is: takes one of original, edit, frame, landscape, portrait, square, not 'nice'"),
        ("folder: holiday", "folder: wants what it means right behind it"),
        ("Tag:", "Tag: wants what it means right behind it"),
    ],
)
def test_an_operator_without_a_usable_value_is_said(text: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        read_box(text)


@pytest.mark.parametrize("text", ["after:yesterday", "before:2024-13", "after:2024-02-30"])
def test_an_impossible_date_is_said(text: str) -> None:
    with pytest.raises(QueryError, match="is no date: write 2024, 2024-05 or 2024-05-31"):
        read_box(text)


@pytest.mark.parametrize("text", ['"red mug', 'red mug"', "“red mug", 'red "mug'])
def test_a_quote_without_its_partner_is_ignored(text: str) -> None:
    assert read_box(text).text == "red mug"


@pytest.mark.parametrize("text", ['"', '""', "-", '-""', "::", ": :", '"unclosed phrase', "“”"])
def test_odd_punctuation_is_no_error(text: str) -> None:
    wish = read_box(text)

    assert (wish.phrases, wish.excluded, wish.filters) == ((), (), ())
