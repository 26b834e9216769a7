import pytest
from starlette.datastructures import Headers

from search_api.access.credentials import COOKIE, key_in_cookie, key_in_headers


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, None),
        ({"authorization": "Bearer cs_1_a"}, "cs_1_a"),
        ({"authorization": "bearer   cs_1_a"}, "cs_1_a"),
        ({"authorization": "Bearer"}, ""),
        ({"x-api-key": "cs_1_a"}, "cs_1_a"),
        ({"x-api-key": ""}, ""),
        ({"authorization": "Bearer cs_1_a", "x-api-key": "cs_2_b"}, "cs_1_a"),
        ({"authorization": "Basic dXNlcjp3b3Jk"}, None),  # a proxy's own
        ({"authorization": "Basic dXNlcjp3b3Jk", "x-api-key": "cs_1_a"}, "cs_1_a"),
        ({"cookie": f"{COOKIE}=cs_1_a"}, None),
    ],
)
def test_a_program_sends_its_key_in_a_header(headers: dict[str, str], key: str | None) -> None:
    assert key_in_headers(Headers(headers)) == key


@pytest.mark.parametrize(
    ("cookie", "key"),
    [
        ("", None),
        (f"{COOKIE}=cs_1_a", "cs_1_a"),
        (f"theme=dark; {COOKIE}=cs_1_a; other", "cs_1_a"),
        (f"x{COOKIE}=cs_1_a", None),
        (f'{COOKIE}="cs_1_a"', "cs_1_a"),
    ],
)
def test_the_page_sends_its_key_in_a_cookie(cookie: str, key: str | None) -> None:
    assert key_in_cookie(Headers({"cookie": cookie})) == key
