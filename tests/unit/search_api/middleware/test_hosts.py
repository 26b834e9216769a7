import pytest

from search_api.middleware.hosts import is_named

_LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "LOCALHOST:80", "127.0.0.1:8000", "[::1]:8000", "[::1]"]
)
def test_its_own_names_are_answered(host: str) -> None:
    assert is_named(host, _LOOPBACK)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "me@localhost",
        "localhost:80:80",
        "localhost/",
        "::1",
        "127.0.0.10",
    ],
)
def test_other_names_are_not(host: str) -> None:
    assert not is_named(host, _LOOPBACK)


def test_a_star_is_any_name_at_its_place() -> None:
    assert is_named("photos.example.com:443", ["*.example.com"])
    assert is_named("whatever", ["*"])
    assert not is_named("example.com", ["*.example.com"])
    assert not is_named("badexample.com", ["*.example.com"])
