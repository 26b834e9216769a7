import pytest

from indexer.catalog.embedding.openai_embeddings import batches, build_embedder
from indexer.errors import SettingsError
from indexer.settings import Settings


def test_requests_are_bounded_by_number() -> None:
    assert [len(batch) for batch in batches(["a dog"] * 600)] == [256, 256, 88]


def test_requests_are_bounded_by_size() -> None:
    assert [len(batch) for batch in batches(["x" * 4_000] * 60)] == [25, 25, 10]


def test_no_text_makes_no_request() -> None:
    assert list(batches([])) == []


def test_what_an_endpoint_would_refuse_is_made_fit() -> None:
    [[empty, blank, long]] = list(batches(["", "  ", "字" * 10_000]))

    assert (empty, blank, len(long)) == (" ", " ", 2_666)


def test_without_an_endpoint_the_embedder_says_what_to_set() -> None:
    with pytest.raises(SettingsError, match="openai:text-embedding-3-small: set OPENAI_API_KEY, or OPENAI_BASE_URL"):
        build_embedder("text-embedding-3-small", Settings.load(), is_waited_for=True)


def test_without_a_model_the_embedder_says_which_setting_lacks_it() -> None:
    with pytest.raises(SettingsError, match="CAPTION_SEARCH_EMBEDDER names no model"):
        build_embedder("", Settings.load(openai_api_key="sk-test"), is_waited_for=True)
