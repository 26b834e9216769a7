import pytest
from starlette.datastructures import Headers

from search_api.middleware.origins import is_foreign

HOST = "localhost:8000"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://localhost:8000"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin", "origin": "https://photos.example"},  # a proxy in between
    ],
)
def test_programs_and_our_own_page_may_write(headers: dict[str, str]) -> None:
    assert not is_foreign(Headers({"host": HOST, **headers}))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8001"},
        {"origin": "http://localhost"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://[::1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://localhost:8000"},
    ],
)
def test_a_page_of_another_site_may_not(headers: dict[str, str]) -> None:
    assert is_foreign(Headers({"host": HOST, **headers}))
