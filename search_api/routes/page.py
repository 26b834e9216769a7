"""`/`: the web page, plain files without a build step."""

from pathlib import Path
from typing import Annotated

import fastapi
from fastapi import APIRouter
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parents[1] / "page"
_SCRIPTS = ("page", "address", "service", "hits", "verdicts", "image", "lineage", "edits")
_MEDIA_TYPES = {
    "index.html": "text/html",
    "page.css": "text/css",
    "image.css": "text/css",
    "icon.svg": "image/svg+xml",
    **{f"{name}.js": "text/javascript" for name in _SCRIPTS},
}
_HEADERS = {
    # Captions are hostile text: even if one slipped through, nothing in the page may run but our own file.
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

PageFile = Annotated[str, fastapi.Path(pattern=f"^({'|'.join(_MEDIA_TYPES)})$")]


@router.head("/")
@router.get("/")
def page() -> FileResponse:
    """Send the page."""
    return page_file("index.html")


@router.get("/page/{name}")
def page_file(name: PageFile) -> FileResponse:
    """Send one of the page's own files."""
    return FileResponse(_FOLDER / name, media_type=_MEDIA_TYPES[name], headers=_HEADERS)
