"""The fake endpoint's Files API: what is uploaded for batches, and what batches leave."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from typing import Any

from tests.fakes.openai_requests import BadRequestError, Request, page


@dataclass(slots=True, kw_only=True)
class FileRules:
    """What an upload may be; tests lower it."""

    most_file_bytes: int = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that the server keeps."""

    id: str = field(default_factory=lambda: f"file-{uuid.uuid4().hex[:24]}")
    name: str
    purpose: str
    content: bytes
    created_at: int = field(default_factory=lambda: int(time.time()))

    def shown(self) -> dict[str, Any]:
        """Return the file object."""
        return {
            "object": "file",
            "id": self.id,
            "purpose": self.purpose,
            "filename": self.name,
            "bytes": len(self.content),
            "created_at": self.created_at,
            "expires_at": None,
            "status": "processed",
            "status_details": None,
        }


@dataclass(slots=True)
class Files:
    """All files; whoever uses it holds a lock."""

    rules: FileRules
    _files: dict[str, StoredFile] = field(default_factory=dict)

    def respond(self, request: Request) -> Mapping[str, Any] | bytes:
        match (request.method, *request.path[1:]):
            case ("POST",):
                return self._upload(request)
            case ("GET",):
                return self._list(request.query)
            case ("GET", file_id):
                return self.get(file_id).shown()
            case ("GET", file_id, "content"):
                return self.get(file_id).content
            case ("DELETE", file_id):
                del self._files[self.get(file_id).id]
                return {"id": file_id, "object": "file", "deleted": True}
        raise request.unknown()

    def add(self, name: str, purpose: str, content: bytes) -> StoredFile:
        file = StoredFile(name=name, purpose=purpose, content=content)
        self._files[file.id] = file
        return file

    def get(self, file_id: str) -> StoredFile:
        if file_id not in self._files:
            raise BadRequestError(f"No such File object: {file_id}", param="id", status=404)
        return self._files[file_id]

    def _list(self, query: Mapping[str, str]) -> dict[str, Any]:
        listed = [file.shown() for file in self._files.values() if query.get("purpose", file.purpose) == file.purpose]
        if query.get("order", "desc") == "desc":
            listed.reverse()
        return page(listed, query, default=10_000, most=10_000)

    def _upload(self, request: Request) -> dict[str, Any]:
        form = _read_form(request)
        for name in ("purpose", "file"):
            if name not in form:
                raise BadRequestError(f"Missing required parameter: '{name}'.", param=name)
        purpose, upload = form["purpose"].content.decode(), form["file"]
        if set(form) != {"purpose", "file"} or purpose != "batch":
            raise BadRequestError(f"'{purpose}' is not one of ['batch'] - 'purpose'", param="purpose")
        if not upload.name or not upload.name.endswith(".jsonl"):
            raise BadRequestError("Invalid file format for Batch API. Must be .jsonl", param="file")
        if not upload.content:
            raise BadRequestError("File is empty.", param="file")
        if len(upload.content) > self.rules.most_file_bytes:
            message = f"Maximum content size limit ({self.rules.most_file_bytes}) exceeded"
            raise BadRequestError(message, param="file", status=413)
        return self.add(upload.name, "batch", upload.content).shown()


@dataclass(frozen=True, slots=True)
class _Part:
    name: str | None
    content: bytes


def _read_form(request: Request) -> dict[str, _Part]:
    """Take multipart/form-data apart; its content stays as it is, to the byte."""
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or boundary is None:
        raise BadRequestError("Expected multipart/form-data")
    parts = (b"\r\n" + request.raw).split(b"\r\n--" + boundary.encode())[1:]
    if not parts or not parts[-1].startswith(b"--"):
        raise BadRequestError("There was an error parsing the body")
    return dict(_read_part(part.removeprefix(b"\r\n")) for part in parts[:-1])


def _read_part(raw: bytes) -> tuple[str, _Part]:
    head, _, content = raw.partition(b"\r\n\r\n")
    headers = HeaderParser().parsestr(head.decode())
    name = headers.get_param("name", header="content-disposition")
    return str(name), _Part(headers.get_filename(), content)
