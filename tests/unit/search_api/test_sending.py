import pytest

from search_api.middleware.answers import is_known
from search_api.sending import read_range


@pytest.mark.parametrize(
    ("wanted", "satisfiable"),
    [
        ("bytes=0-9", True),
        ("bytes=99-", True),
        ("bytes=-5", True),
        ("bytes=-500", True),
        ("bytes=0-999999", True),
        ("bytes=100-", False),
        ("bytes=-0", False),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("lines=0-9", None),
        ("", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_one_range_of_bytes_is_read_and_everything_else_is_none(wanted: str, satisfiable: bool | None) -> None:
    assert read_range(wanted, 100) is satisfiable


def test_an_empty_file_has_no_range() -> None:
    assert (read_range("bytes=0-", 0), read_range("bytes=-1", 0)) == (False, False)


@pytest.mark.parametrize(
    ("if_none_match", "known"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False), (None, False)],
)
def test_an_answer_is_known_by_any_of_its_tags(if_none_match: str | None, known: bool) -> None:
    assert is_known(if_none_match, '"a"') is known
    assert not is_known(if_none_match, None)
