"""Files of requests on their way into a batch."""

import uuid
from pathlib import Path

from indexer.captioning.chat_requests import Dialect
from indexer.captioning.openai_batches import MOST_BYTES, MOST_LINES
from indexer.models import RequestId

KEY_PREFIX = "caption-search-"


class RequestFile:
    """Requests in one dialect, a line each; `key` is what its batch will be found by."""

    def __init__(
        self, folder: Path, dialect: Dialect, *, most_bytes: int = MOST_BYTES, most_lines: int = MOST_LINES
    ) -> None:
        self.key = f"{KEY_PREFIX}{uuid.uuid4().hex}"
        self.path = folder / f"{self.key}.jsonl"
        self.dialect = dialect
        self.request_ids: list[RequestId] = []
        self._most_bytes = most_bytes
        self._most_lines = most_lines
        self._size_bytes = 0

    def has_room(self, line: bytes) -> bool:
        """Tell whether a line may still be added."""
        return len(self.request_ids) < self._most_lines and self._size_bytes + len(line) <= self._most_bytes

    def add(self, request_id: RequestId, line: bytes) -> None:
        """Write a request's line."""
        with self.path.open("ab") as file:
            file.write(line)
        self._size_bytes += len(line)
        self.request_ids.append(request_id)
