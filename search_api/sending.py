"""Send files: whole, in part, or not at all where the client has them."""

import re
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from search_api.middleware.answers import HEAD_ONLY, is_known
from search_api.openapi.refusals import Responses, refusals
from search_api.problems import problem

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def sent_as(*media_types: str) -> Responses:
    """Return how a file of one of these types is answered, whole, in part or not at all."""
    content = {each: {"schema": {"type": "string", "format": "binary"}} for each in media_types}
    etag = {"ETag": {"description": "What If-None-Match and If-Range take.", "schema": {"type": "string"}}}
    return {
        200: {"description": "The file.", "content": content, "headers": etag},
        206: {"description": "The part of the file that Range asks for.", "content": content, "headers": etag},
        304: {"description": "The file has not changed: If-None-Match names its ETag.", "headers": etag},
        **refusals(s404="The image is not indexed, or its file is gone.", s416="The file has no such range."),
    }


class SentFile(FileResponse):
    """A file that never changes under its ETag.

    Several ranges at once, and what is no range, are answered with the whole file, as RFC 9110 allows.
    """

    def __init__(
        self, path: Path, *, media_type: str, etag: str, headers: dict[str, str], name: str | None = None
    ) -> None:
        """Send a file; `name` is what it is saved as."""
        super().__init__(
            path,
            media_type=media_type,
            headers={**headers, "ETag": f'"{etag}"'},
            filename=name,
            content_disposition_type="inline",
            stat_result=(status := path.stat()),
        )
        self._size_bytes = status.st_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what is wanted of the file."""
        headers = Headers(scope=scope)
        if scope.get(HEAD_ONLY) or is_known(headers.get("if-none-match"), self.headers["etag"]):
            await super().__call__({**scope, "method": "HEAD"}, receive, send)
            return
        wanted = read_range(headers.get("range", ""), self._size_bytes)
        if wanted is None:
            rest = [(name, value) for name, value in scope["headers"] if name != b"range"]
            await super().__call__({**scope, "headers": rest}, receive, send)
        elif not wanted:
            answer = problem(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"The file has {self._size_bytes} bytes.")
            answer.headers["Content-Range"] = f"bytes */{self._size_bytes}"
            await answer(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def read_range(wanted: str, size_bytes: int) -> bool | None:
    """Tell whether a file has something of one range of bytes; None where it is none, or more than one."""
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if first == "":
        return int(last) > 0 and size_bytes > 0
    if last != "" and int(last) < int(first):
        return None
    return int(first) < size_bytes
