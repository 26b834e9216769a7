"""Where a request carries its key: a header of a program, or the cookie of the page."""

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

COOKIE = "caption_search_key"


def key_in_headers(headers: Headers) -> str | None:
    """Return the key that a program presents, right or wrong."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return headers.get("x-api-key")


def key_in_cookie(headers: Headers) -> str | None:
    """Return the key that the page was given."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)
