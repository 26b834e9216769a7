import pytest

from search_api.access.policy import needed_scope


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/page/page.js",
        "/page/search/search.css",
        "/health/live",
        "/health/ready",
        "/docs",
        "/docs/oauth2-redirect",
        "/static-offline-docs/swagger-ui.css",
        "/openapi.json",
        "/session",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_page_the_documentation_and_health_are_for_everybody(method: str, path: str) -> None:
    assert needed_scope(method, path) is None


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_anybody_may_sign_in_and_out(method: str) -> None:
    assert needed_scope(method, "/session") is None


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/search", b"q=red+mug"),
        ("HEAD", "/images/1/file", b""),
        ("GET", "/feedback", b"query=mug"),
        ("OPTIONS", "/edits", b""),
        ("GET", "/metrics", b""),
        ("GET", "/what/comes/next/year", b""),
        ("POST", "/search", b""),
        ("POST", "/search/image", b"caption=false"),
        ("POST", "/search/image", b"limit=5&caption=false&caption=false"),
        ("POST", "/mcp", b""),
        ("DELETE", "/mcp", b""),
        ("POST", "/mcp/", b""),
    ],
)
def test_looking_takes_the_scope_search(method: str, path: str, query: bytes) -> None:
    assert needed_scope(method, path, query) == "search"


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("POST", "/search/image", b""),
        ("POST", "/search/image", b"caption=true"),
        ("POST", "/search/image", b"caption="),
        ("POST", "/search/image", b"caption=false&caption=true"),
        ("POST", "/search/image", b"caption=true&caption=false"),
        ("POST", "/search/image", b"Caption=false"),
        ("POST", "/search/image", b"\xff\xfe"),
        ("POST", "/search/image/", b"caption=false"),
        ("POST", "/captions", b""),
        ("POST", "/images", b""),
        ("PUT", "/images/1/captions/retrieval", b""),
        ("DELETE", "/images/1/captions/retrieval", b""),
        ("POST", "/edits", b""),
        ("POST", "/feedback", b""),
        ("PATCH", "/what/comes/next/year", b""),
        ("BREW", "/coffee", b""),
        ("get", "/search", b""),
        ("POST", "/mcpx", b""),
    ],
)
def test_all_else_takes_the_scope_write(method: str, path: str, query: bytes) -> None:
    assert needed_scope(method, path, query) == "write"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/page",
        "//",
        "/../",
        "/docs/",
        "/docsx",
        "/session/",
        "/openapi.json/",
        "/health",
        "http://here/",
        "/PAGE/a",
    ],
)
def test_what_only_looks_like_a_public_path_is_guarded(path: str) -> None:
    assert needed_scope("GET", path) == "search"
