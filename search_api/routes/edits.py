"""`/edits`: have an indexed image edited, and hear what became of it."""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import fastapi
from fastapi import APIRouter, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from indexer.editing.requests import EditRequest, read_request
from indexer.errors import QueryError
from indexer.models import ApiFormat, EditId
from indexer.pipelines.editing.accepting import accept
from indexer.pipelines.editing.editing import refuse
from indexer.pipelines.editing.presenting import EditAnswer, present_edit
from indexer.pipelines.naming import name_image
from search_api.openapi.refusals import Responses, refusals
from search_api.parts import Parts, PartsDep
from search_api.references import Reference, find_id

router = APIRouter(prefix="/edits", tags=["edits"])

_LONGEST_TEXT = 250_000
_MOST_IMAGES, _MOST_TURNS, _MOST_PARAMETERS = 16, 50, 20
_REFUSALS = refusals(
    s404="An image is not indexed, or its file is gone.",
    s503="No endpoint is set for the model; the detail says what to set.",
)
_LOCATION = {"Location": {"description": "Where to ask what became of it.", "schema": {"type": "string"}}}
_ACCEPTED: Responses = {202: {"description": "Accepted, or done before.", "headers": _LOCATION}, **_REFUSALS}


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


class Said(BaseModel):
    """One turn of a conversation; only what the user says asks for an edit."""

    model_config = ConfigDict(extra="forbid")

    role: StrictStr
    content: Annotated[StrictStr, Field(max_length=_LONGEST_TEXT)]


class EditIn(BaseModel):
    """An edit of indexed images: the first is edited, the others are references.

    Without instruction and conversation a variation is asked for, which few models make.
    """

    model_config = ConfigDict(extra="forbid")

    images: Annotated[
        list[Reference],
        BeforeValidator(_listed, json_schema_input_type=int | str | list[int | str]),
        Field(min_length=1, max_length=_MOST_IMAGES),
    ]
    instruction: StrictStr | None = Field(None, min_length=1, max_length=_LONGEST_TEXT, examples=["Make it night."])
    conversations: list[Said] | None = Field(
        None, max_length=_MOST_TURNS, description="Several turns: each edits what the one before brought."
    )
    mask: Reference | None = None
    api_format: ApiFormat = "gemini"
    model_name: StrictStr | None = Field(None, min_length=1, max_length=200, examples=["gemini-3-pro-image-preview"])
    parameters: dict[str, StrictStr | StrictInt] = Field(
        default_factory=dict, max_length=_MOST_PARAMETERS, examples=[{"aspect_ratio": "3:2"}]
    )
    force: StrictBool = Field(False, description="make another of what is done already")
    retry: StrictBool = Field(False, description="try again what was refused, which may cost as much again")


EditRef = Annotated[int, fastapi.Path(ge=1, lt=2**63)]


@router.post("", summary="Have images edited", status_code=HTTPStatus.ACCEPTED, responses=_ACCEPTED)
def edit_images(parts: PartsDep, response: Response, wanted: EditIn) -> EditAnswer:
    """Accept an edit, which costs money and is done in the background; one that is done or refused is told at once.

    Its images are captioned, indexed and searchable afterwards.
    """
    editor = parts.edits.editor(wanted.api_format, wanted.model_name)
    request = refuse(editor, _request(parts, wanted))
    if request.fault is not None:
        raise QueryError(f"This edit cannot be done: {request.fault}.")
    edit_id = accept(parts.store, editor, request, force=wanted.force, retry=wanted.retry)
    parts.edits.wake.set()
    response.headers["Location"] = f"/edits/{edit_id}"
    return present_edit(parts.store, edit_id)


@router.get("/{edit_id}", summary="What became of an edit", responses=refusals(s404="There is no such edit."))
def get_edit(parts: PartsDep, edit_id: EditRef) -> EditAnswer:
    """Tell what became of an edit."""
    return present_edit(parts.store, EditId(edit_id))


def _request(parts: Parts, wanted: EditIn) -> EditRequest:
    """Return what a line of a file of requests would ask for; raises QueryError or NotFoundError."""
    if wanted.instruction is not None and wanted.conversations is not None:
        raise QueryError("Either instruction or conversations: an instruction is a conversation of one turn.")
    said = [turn.model_dump() for turn in wanted.conversations or []]
    if wanted.instruction is not None:
        said = [{"role": "user", "content": wanted.instruction}]
    item: dict[str, object] = {
        "images": [name_image(find_id(parts.store, reference)) for reference in wanted.images],
        "conversations": said,
        "parameters": wanted.parameters,
    }
    if wanted.mask is not None:
        item["mask"] = name_image(find_id(parts.store, wanted.mask))
    return read_request(item, EditRequest(location="POST /edits", folder=Path()))
