"""The contract's JSON for an edit that was asked for: one shape for all turns of it."""

from collections.abc import Container
from typing import Any

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11

from indexer.catalog.store import Store
from indexer.catalog.store.edits import Source, StoredEdit
from indexer.models import ApiFormat, EditId, EditState, ImageId, Role
from indexer.pipelines.addresses import AddressesIfAny, addresses_if
from indexer.pipelines.editing.accepting import find_turns
from indexer.pipelines.lineage import find_lost


class SourceAnswer(TypedDict):
    """A picture that an edit is made of; no address where no file of it is left."""

    image_id: ImageId
    role: Role
    thumbnail_url: str | None


class OutputAnswer(AddressesIfAny):
    """An image that an edit returned; `indexed` once searches find it. No address where no file of it is left."""

    image_id: ImageId
    indexed: bool


class TurnAnswer(TypedDict):
    """One turn; an empty instruction asks for a variation. Tokens and USD are of all its calls, null where unknown."""

    edit_id: EditId
    turn: int
    instruction: str
    state: EditState
    reason: str | None
    images: list[OutputAnswer]
    requests: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


class EditAnswer(TypedDict):
    """An edit of one or more turns.

    accepted: nothing is sent yet. sent: it is being made; `reason` says why that takes long, if it does. failed:
    `reason` says why; `retryable`, null else, where the same may succeed later. done: all its images are there, and
    `indexed` once all are searchable, too. The service is at it while it is `queued`.
    """

    edit_id: EditId
    state: EditState
    reason: str | None
    retryable: bool | None
    indexed: bool
    queued: bool
    api_format: ApiFormat
    model: str
    parameters: dict[str, Any]
    sources: list[SourceAnswer]
    turns: list[TurnAnswer]
    created_at: str
    finished_at: str | None


def present_edit(store: Store, edit_id: EditId) -> EditAnswer:
    """Return the request whose last turn this is; raises NotFoundError."""
    turns = find_turns(store, edit_id)
    image_ids = [image_id for turn in turns for image_id in turn.image_ids]
    searchable = store.edits.find_searchable(image_ids)
    sources = store.edits.find_sources(turns[0].edit_id)
    relatives = store.lineages.find_relatives([*image_ids, *(source.image_id for source in sources)])
    lost = find_lost(((source.image_id, source.file) for source in sources), relatives)
    failed = next((turn for turn in turns if turn.state == "failed"), None)
    told = failed or next((turn for turn in turns if turn.state == "sent"), None)
    last = turns[-1]
    return {
        "edit_id": edit_id,
        "state": _state([turn.state for turn in turns]),
        "reason": told.reason if told else None,
        "retryable": failed.retryable if failed else None,
        "indexed": last.state == "done" and searchable.issuperset(image_ids),
        "queued": last.is_queued,
        "api_format": last.api_format,
        "model": last.model,
        "parameters": last.parameters,
        "sources": [_source(source, lost) for source in sources],
        "turns": [_turn(turn, searchable, lost) for turn in turns],
        "created_at": last.created_at.isoformat(),
        "finished_at": last.finished_at.isoformat() if last.finished_at else None,
    }


def _state(states: list[EditState]) -> EditState:
    """Return the state of all turns: of some that are done, and others that are not, it is being made."""
    if "failed" in states:
        return "failed"
    return states[0] if len(set(states)) == 1 else "sent"


def _source(source: Source, lost: Container[ImageId]) -> SourceAnswer:
    return {
        "image_id": source.image_id,
        "role": source.role,
        "thumbnail_url": addresses_if(source.image_id, is_lost=source.image_id in lost)["thumbnail_url"],
    }


def _turn(turn: StoredEdit, searchable: set[ImageId], lost: Container[ImageId]) -> TurnAnswer:
    return {
        "edit_id": turn.edit_id,
        "turn": turn.turn,
        "instruction": turn.instruction,
        "state": turn.state,
        "reason": turn.reason,
        "images": [
            {
                "image_id": image_id,
                **addresses_if(image_id, is_lost=image_id in lost),
                "indexed": image_id in searchable,
            }
            for image_id in turn.image_ids
        ],
        "requests": turn.requests,
        "input_tokens": turn.input_tokens,
        "output_tokens": turn.output_tokens,
        "cost_usd": turn.cost_usd,
    }
