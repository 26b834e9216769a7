"""Edits: what editors were asked, turn by turn, and what came of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from indexer.catalog.queries import compose
from indexer.catalog.store.database import Database
from indexer.catalog.store.images import Registered, Wanted, registered_of, registration
from indexer.catalog.store.requests import completion
from indexer.errors import NotFoundError
from indexer.models import (
    ApiFormat,
    EditId,
    EditState,
    FoundFile,
    ImageFacts,
    ImageId,
    RequestId,
    Role,
    RunId,
    Usage,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEdit:
    """One turn to be asked; `key` (32 bytes) is made of its inputs, instructions, model and parameters.

    `after_id` is the turn before, `conversation` all turns of its request as they were written.
    """

    key: bytes
    after_id: EditId | None
    turn: int
    instruction: str
    conversation: Sequence[Mapping[str, Any]]
    api_format: ApiFormat
    model: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredEdit:
    """An edit as it stands."""

    edit_id: EditId
    key: bytes
    turn: int
    instruction: str
    state: EditState
    reason: str | None
    retryable: bool
    reply: Mapping[str, Any] | None
    image_ids: list[ImageId]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedEdit:
    """The last turn of a request that the service is to do, and who is asked."""

    edit_id: EditId
    api_format: ApiFormat
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Whether an edit is done, or was refused for good."""

    done: bool
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One picture that an edit is made of; `file` is where a mask lies, which has no location."""

    position: int
    image_id: ImageId
    role: Role
    file: str | None = None
    sha256: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEdit:
    """One edit with all that is known of it; tokens and cost are those of all its calls, USD where known."""

    edit_id: EditId
    key: bytes
    take: int
    after_id: EditId | None
    turn: int
    instruction: str
    conversation: list[dict[str, Any]]
    api_format: ApiFormat
    model: str
    parameters: dict[str, Any]
    state: EditState
    is_queued: bool
    reason: str | None
    retryable: bool
    created_at: datetime
    finished_at: datetime | None
    image_ids: list[ImageId]
    requests: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOutput:
    """An image that an editor returned, and the file that holds it."""

    facts: ImageFacts
    file: FoundFile


class Edits:
    """Queries of sql/queries/edits.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register_edit(self, edit: NewEdit, *, force: bool = False) -> RegisteredEdit:
        """Return the edit of a key, added where it is new; with `force`, another take of what is done or at work."""
        values = asdict(edit) | {
            "conversation": json.dumps(edit.conversation),
            "parameters": json.dumps(edit.parameters),
        }
        [row] = self._database.fetch("edits", "register_edit", force=force, **values)
        return RegisteredEdit(**row)

    def find_finished(self, keys: Sequence[bytes]) -> dict[bytes, Finished]:
        """Return what became of the edits of these keys, of those that are known."""
        rows = self._database.fetch("edits", "find_finished", keys=list(keys))
        return {row["key"]: Finished(done=row["done"], refused=row["refused"]) for row in rows}

    def add_sources(self, edit_id: EditId, sources: Sequence[Source]) -> None:
        """Note what an edit that is accepted will be made of, where nothing is noted yet."""
        query = compose("edits", "add_sources")
        with (
            self._database.connection() as connection,
            connection.pipeline(),
            connection.transaction(),
            connection.cursor() as cursor,
        ):
            cursor.executemany(query, [{"edit_id": edit_id, **asdict(source)} for source in sources])

    def register_mask(self, facts: ImageFacts) -> ImageId:
        """Add a mask and return its id: an image at no location, never captioned, found or counted."""
        [row] = self._database.fetch(
            "edits",
            "register_mask",
            sha256=facts.sha256,
            format=facts.format,
            width=facts.width,
            height=facts.height,
            size_bytes=facts.size_bytes,
        )
        return ImageId(row["image_id"])

    def claim_edit(
        self,
        edit_id: EditId,
        run_id: RunId,
        sources: Sequence[Source] = (),
        *,
        after_id: EditId | None = None,
        retry: bool = False,
    ) -> RequestId | None:
        """Open a request for an edit before it is sent, and note what it is made of, and which turn it comes after.

        None when it is finished, when a living run is doing it, or, unless `retry`, when it was refused.
        """
        made_of = json.dumps(
            [
                {"position": each.position, "image_id": each.image_id, "role": each.role, "file": each.file}
                for each in sources
            ]
        )
        values = {"edit_id": edit_id, "run_id": run_id, "retry": retry, "after_id": after_id, "sources": made_of}
        [row] = self._database.fetch("edits", "claim_edit", **values)
        return None if row["request_id"] is None else RequestId(row["request_id"])

    def open_again(self, edit_id: EditId, run_id: RunId) -> RequestId:
        """Open a second request of an edit whose first answer was of no use."""
        [row] = self._database.fetch("edits", "open_again", edit_id=edit_id, run_id=run_id)
        return RequestId(row["request_id"])

    def store_edit(
        self,
        edit_id: EditId,
        request_id: RequestId,
        outputs: Sequence[NewOutput],
        wanted: Wanted,
        *,
        reply: Mapping[str, Any] | None,
        usage: Usage,
        attempts: int,
    ) -> list[Registered]:
        """Keep the images that an edit brought, finish it and complete its request, all or nothing.

        May be called again where it is not known whether it was kept.
        """
        registered = []
        # In a pipeline: its statements wait for each other's answers no more than they have to.
        with self._database.connection() as connection, connection.pipeline(), connection.transaction():
            for position, output in enumerate(outputs):
                registering = registration(output.facts, output.file, wanted)
                row = connection.execute(compose("images", "register_image"), registering).fetchone()
                registered.append(registered_of(row, output.facts))
                added = {"edit_id": edit_id, "position": position, "image_id": registered[-1].image_id}
                connection.execute(compose("edits", "add_output"), added)
            told = {"edit_id": edit_id, "reply": None if reply is None else json.dumps(reply)}
            connection.execute(compose("edits", "finish_edit"), told)
            completed = {"request_id": request_id, **completion("answered", usage, attempts)}
            connection.execute(compose("requests", "close_request"), completed)
        return registered

    def fail_edit(self, edit_id: EditId, reason: str, *, retryable: bool) -> None:
        """Note that an edit brought no image, and why; one that is finished stays so."""
        self._database.execute("edits", "fail_edit", edit_id=edit_id, reason=reason, retryable=retryable)

    def release_edit(self, edit_id: EditId, run_id: RunId) -> None:
        """Give an edit back that a run claimed and did not finish."""
        self._database.execute("edits", "release_edit", edit_id=edit_id, run_id=run_id)

    def queue_edit(self, edit_id: EditId) -> None:
        """Have the service do the request that ends with this edit; turns that failed are tried again."""
        self._database.execute("edits", "queue_edit", edit_id=edit_id)

    def unqueue_edit(self, edit_id: EditId) -> None:
        """Note that the service is done with a request."""
        self._database.execute("edits", "unqueue_edit", edit_id=edit_id)

    def find_queued(self) -> list[QueuedEdit]:
        """Return the last turns of the requests that the service is to do and nobody is at, the oldest first."""
        return [QueuedEdit(**row) for row in self._database.fetch("edits", "find_queued")]

    def claim_queued(self, edit_ids: Sequence[EditId], run_id: RunId) -> list[EditId]:
        """Take requests that nobody is at for a run, and return those that were taken."""
        rows = self._database.fetch("edits", "claim_queued", edit_ids=list(edit_ids), run_id=run_id)
        return sorted(EditId(row["edit_id"]) for row in rows)

    def get_registered(self, edit_id: EditId, run_id: RunId) -> RegisteredEdit:
        """Return an edit as it stands, `sent` only where a living run or this one is at it; raises NotFoundError."""
        row = self._database.fetch_one("edits", "get_registered", edit_id=edit_id, run_id=run_id)
        if row is None:
            raise NotFoundError("edit", edit_id)
        return RegisteredEdit(**row)

    def find_searchable(self, image_ids: Sequence[ImageId]) -> set[ImageId]:
        """Return which of these images the live generation has an entry of."""
        rows = self._database.fetch("edits", "find_searchable", image_ids=list(image_ids))
        return {row["image_id"] for row in rows}

    def find_turns(self, edit_id: EditId) -> list[StoredEdit]:
        """Return the turns of a request up to this one, the first one first; none for an unknown edit."""
        return [StoredEdit(**row) for row in self._database.fetch("edits", "find_turns", edit_id=edit_id)]

    def find_sources(self, edit_id: EditId) -> list[Source]:
        """Return what an edit is made of, in its order."""
        return [Source(**row) for row in self._database.fetch("edits", "find_sources", edit_id=edit_id)]
