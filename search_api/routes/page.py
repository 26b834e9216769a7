"""`/`: the web page, plain files without a build step."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from indexer.errors import NotFoundError

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parents[1] / "page"
_MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript"}
# Listed once: a name from outside is looked up here, and never becomes a path.
_FILES = {path.relative_to(_FOLDER).as_posix(): path for path in _FOLDER.rglob("*") if path.suffix in _MEDIA_TYPES}
_HEADERS = {
    # Captions are hostile text: even if one slipped through, nothing in the page may run but our own files. A blob is a
    # picture that the reader chose, before it is sent.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@router.head("/")
@router.get("/")
def page() -> FileResponse:
    """Send the page."""
    return page_file("index.html")


@router.get("/page/{name:path}")
def page_file(name: str) -> FileResponse:
    """Send one of the page's own files."""
    path = _FILES.get(name)
    if path is None:
        raise NotFoundError("file of the page", name)
    return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], headers=_HEADERS)
