"""What the catalogue keeps of a request, turn by turn, and the most that a turn can cost; for all who do or plan it."""

from collections.abc import Sequence
from pathlib import Path

from indexer.catalog.store.edits import NewEdit, Source
from indexer.editing.editor import Editor
from indexer.editing.requests import EditRequest
from indexer.models import EditId, ImageId
from indexer.pipelines.editing.keys import Content


def turns_of(request: EditRequest) -> tuple[str, ...]:
    """Return what is asked, turn by turn; once nothing, for a variation."""
    return request.turns or ("",)


def content_of(request: EditRequest, editor: Editor, images: Sequence[bytes], mask: bytes | None) -> Content:
    """Return what decides what a request brings; its pictures are given by their SHA-256."""
    return Content(
        images=images,
        mask=mask,
        api_format=editor.api_format,
        model=editor.model,
        parameters=request.parameters,
    )


def new_edit(request: EditRequest, content: Content, number: int, *, after_id: EditId | None) -> NewEdit:
    """Return a request's turn of a number, from 1, as it is to be registered."""
    turns = turns_of(request)
    return NewEdit(
        key=content.key(turns[:number]),
        after_id=after_id,
        turn=number,
        instruction=turns[number - 1],
        conversation=request.conversation,
        api_format=content.api_format,
        model=content.model,
        parameters=content.parameters,
    )


def sources_of(images: Sequence[ImageId], mask: ImageId | None, *, mask_file: Path | None = None) -> list[Source]:
    """Return what a turn is made of: the picture to be edited, references, and perhaps a mask."""
    sources = [
        Source(position=position, image_id=image_id, role="reference" if position else "input")
        for position, image_id in enumerate(images)
    ]
    if mask is not None:
        file = None if mask_file is None else str(mask_file)
        sources.append(Source(position=len(images), image_id=mask, role="mask", file=file))
    return sources


def most_cost_usd(editor: Editor, request: EditRequest, number: int) -> float | None:
    """Return the most that a turn can cost, a second try after an unusable answer included; None where not known."""
    pictures, characters = len(request.images) + number - 1, sum(map(len, request.turns[:number]))
    most = editor.most_cost_usd(request.parameters, pictures=pictures, characters=characters)
    return None if most is None else 2 * most
