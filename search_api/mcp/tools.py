"""The tools for agents: each looks into the index, asks no model and changes nothing."""

import base64
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from mcp_types import CallToolResult, ContentBlock, ImageContent, TextContent
from pydantic import Field

from indexer.catalog.searching import LONGEST_QUERY, Likeness, Query, Results
from indexer.catalog.searching.filters import read_filters
from indexer.errors import NotFoundError
from indexer.imaging.thumbnails import as_jpeg
from indexer.models import Collapse, ImageId, Strictness
from indexer.pipelines.explaining import explain_hit
from indexer.pipelines.presenting_status import StatusAnswer
from search_api.mcp.answers import (
    ExplainedImage,
    FoundImages,
    KnownImage,
    tell_explained,
    tell_found,
    tell_known,
)
from search_api.reader import Reader
from search_api.references import Reference, find_id
from search_api.routes.search import LONGEST_CURSOR, MOST_HITS
from search_api.thumbnails import keep_thumbnail

_NOTHING_INDEXED = "Nothing is indexed yet."
_NOTHING_FITS = "Nothing in the index fits; strictness=low shows the nearest all the same."
_NO_FILE = "There is no readable file of it any more, and so no picture."

Text = Annotated[
    str,
    Field(
        max_length=LONGEST_QUERY,
        description='What the image shows, in plain words. May hold "an exact phrase", -without, folder:holiday, '
        "tag:sea, is:edit, is:portrait, format:png, after:2024-05 and before:2024.",
        examples=["red mug on a desk"],
    ),
]
Limit = Annotated[int, Field(ge=1, le=MOST_HITS, description="How many hits at most.")]
Strict = Annotated[Strictness, Field(description="low shows weak hits too, normal leaves them out, high shows strong.")]
Filters = Annotated[
    dict[str, Any] | None,
    Field(
        description="Which images may be shown at all: folder, origin (original, edit, frame), format, orientation, "
        "tags, parent, has_text, taken, added, width, height, and fields of moderation captions. Each takes a value, a "
        "list of them (any of), or eq, in, not_in, gte, gt, lte, lt.",
        examples=[{"taken": {"gte": "2024-01-01"}, "origin": "original", "folder": ["holiday"]}],
    ),
]
Folding = Annotated[Collapse, Field(description="Fold near-duplicates, or all edits of one image, into one hit.")]
NextPage = Annotated[
    str | None,
    Field(min_length=1, max_length=LONGEST_CURSOR, description="next_cursor of a page, with the same arguments."),
]
Size = Annotated[
    Literal[0, 160, 320, 640, 1280], Field(description="Longest side of the picture in pixels; 0 sends none.")
]


class Tools:
    """What an agent may ask of one index."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def search_images(
        self,
        query: Text = "",
        limit: Limit = 10,
        strictness: Strict = "normal",
        filters: Filters = None,
        collapse: Folding = "duplicates",
        cursor: NextPage = None,
    ) -> Annotated[CallToolResult, FoundImages]:
        """Find images by what they show.

        Describe the picture as a caption would, in a short sentence or a few words. Hits come best first, in the bands
        strong, likely and weak; the search is calibrated, so that no_match means that no image of the index fits. Look
        at a hit with get_image. Without query, filters alone list images, the newest first.
        """
        wanted = Query(
            text=query,
            limit=limit,
            strictness=strictness,
            collapse=collapse,
            filters=read_filters(filters or {}),
            cursor=cursor,
        )
        return _found(self._reader.searcher.search(wanted))

    def similar_images(self, image: Reference, limit: Limit = 10) -> Annotated[CallToolResult, FoundImages]:
        """Find images whose captions are like those of an indexed image, the nearest first, without itself."""
        wanted = Query(limit=limit, strictness="low", like=Likeness())
        return _found(self._reader.matching.find_similar(self._find(image), wanted).results)

    def get_image(self, image: Reference, thumbnail_size: Size = 640) -> Annotated[CallToolResult, KnownImage]:
        """Look at an image: a JPEG of it, and what is known: its captions by kind, size, date, origin and locations."""
        store = self._reader.store
        stored = store.images.get_image(self._find(image))
        captions = store.captions.find_captions(stored.image_id)
        if not thumbnail_size:
            return _answer(tell_known(stored, captions, None))
        try:
            # JPEG, which every client takes: some that run models at home know no WebP.
            jpeg = as_jpeg(keep_thumbnail(self._reader.thumbnails, stored, thumbnail_size).read_bytes())
        except NotFoundError:
            return _answer(tell_known(stored, captions, _NO_FILE))
        picture = ImageContent(type="image", data=base64.b64encode(jpeg).decode(), mime_type="image/jpeg")
        return _answer(tell_known(stored, captions, None), picture)

    def explain_hit(
        self, query: Text, image: Reference, strictness: Strict = "normal"
    ) -> Annotated[CallToolResult, ExplainedImage]:
        """Say why a search for a query shows an image, or why it does not: in a sentence, with the numbers."""
        wanted = Query(text=query, strictness=strictness)
        return _answer(
            tell_explained(explain_hit(self._reader.searcher, self._reader.store, wanted, self._find(image)))
        )

    def index_stats(self) -> Annotated[CallToolResult, StatusAnswer]:
        """Tell what is indexed: images, captions, failures, cost, the index that serves and one that is being built."""
        return _answer(self._reader.status.get())

    def _find(self, reference: str) -> ImageId:
        return find_id(self._reader.store, reference)


def _found(results: Results) -> CallToolResult:
    note = _NOTHING_INDEXED if results.generation is None else _NOTHING_FITS if results.no_match else None
    return _answer(tell_found(results, note))


def _answer(answer: Mapping[str, object], *more: ContentBlock) -> CallToolResult:
    """Return an answer as JSON, for programs and, once more as text, for clients that know no structured content."""
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return CallToolResult(content=[TextContent(type="text", text=text), *more], structured_content=dict(answer))
