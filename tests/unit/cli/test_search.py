import pytest

from indexer.catalog.searching import Query
from indexer.cli.search import _nothing_fits


def test_a_search_that_found_nothing_tells_how_to_see_the_nearest() -> None:
    said = _nothing_fits(Query(text="zebra"))

    assert said == "Nothing in the index fits “zebra”. `--strictness low` shows the nearest all the same."


@pytest.mark.parametrize("text", ["zebra tag:sea", "zebra -grass", '"striped zebra"'])
def test_nothing_is_promised_beyond_the_filters(text: str) -> None:
    assert _nothing_fits(Query(text=text)).endswith("shows the nearest of what its filters let through.")


@pytest.mark.parametrize("query", [Query(text="tag:sea"), Query(text="zebra", strictness="low")])
def test_where_nothing_was_cut_off_nothing_more_is_promised(query: Query) -> None:
    assert _nothing_fits(query) == f"Nothing in the index fits “{query.text}”."
