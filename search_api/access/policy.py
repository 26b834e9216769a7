"""What a request needs: nothing, the scope `search`, or the scope `write`. A path that is not named here is guarded."""

from urllib.parse import parse_qs

from indexer.models import AccessScope

_PUBLIC = frozenset({"/", "/docs", "/docs/oauth2-redirect", "/openapi.json", "/session"})
_PUBLIC_BELOW = ("/page/", "/health/", "/static-offline-docs/")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Tools for agents: all of them only look.
_LOOKING_BELOW = "/mcp/"


def needed_scope(method: str, path: str, query: bytes = b"") -> AccessScope | None:
    """Return the scope that a request needs; None where anybody may come."""
    if path in _PUBLIC or path.startswith(_PUBLIC_BELOW):
        return None
    if method in _READING or f"{path}/".startswith(_LOOKING_BELOW):
        return "search"
    if method == "POST" and (path == "/search" or (path == "/search/image" and _forbids_captions(query))):
        return "search"
    return "write"


def _forbids_captions(query: bytes) -> bool:
    """Tell whether a search by a file says that it must cost nothing, however often it says something of that."""
    said = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("caption", [])
    return bool(said) and all(value == "false" for value in said)
