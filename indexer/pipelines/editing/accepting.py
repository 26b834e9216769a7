"""Requests that are accepted now and done later: kept as edits not sent yet, of which the last turn names them all."""

from pathlib import Path

from indexer.catalog.store import Store
from indexer.catalog.store.edits import RegisteredEdit, StoredEdit
from indexer.catalog.store.images import StoredImage
from indexer.editing.editor import Editor
from indexer.editing.requests import EditRequest
from indexer.errors import NotFoundError
from indexer.models import EditId
from indexer.pipelines.editing.registering import content_of, new_edit, sources_of, turns_of
from indexer.pipelines.locating import find_file
from indexer.pipelines.naming import find_image, name_image


def accept(store: Store, editor: Editor, request: EditRequest, *, force: bool, retry: bool) -> EditId:
    """Keep a request on indexed images, to be done later where it is not done yet; return its last turn.

    With `force` it is done once more; what was refused is tried again with either. Raises NotFoundError for an image
    that is not indexed, or whose file is gone.
    """
    images = [_find(store, name) for name in request.images]
    mask = _find(store, request.mask) if request.mask else None
    edits: list[RegisteredEdit] = []
    content = content_of(request, editor, [image.sha256 for image in images], mask.sha256 if mask else None)
    for number in range(1, len(turns_of(request)) + 1):
        new = new_edit(request, content, number, after_id=edits[-1].edit_id if edits else None)
        edits.append(store.edits.register_edit(new, force=force))
    if edits[0].state != "done":
        sources = sources_of([image.image_id for image in images], mask.image_id if mask else None)
        store.edits.add_sources(edits[0].edit_id, sources)
    if not (force or retry) and any(edit.state == "failed" and not edit.retryable for edit in edits):
        return edits[-1].edit_id
    image_ids = [image_id for edit in edits for image_id in edit.image_ids]
    if any(edit.state != "done" for edit in edits) or store.edits.find_searchable(image_ids) != set(image_ids):
        store.edits.queue_edit(edits[-1].edit_id)
    return edits[-1].edit_id


def load_accepted(store: Store, edit_id: EditId) -> EditRequest:
    """Return the request whose last turn this is, as it was accepted; raises NotFoundError."""
    turns = find_turns(store, edit_id)
    sources = store.edits.find_sources(turns[0].edit_id)
    said = [{"role": "user", "content": turn.instruction} for turn in turns]
    return EditRequest(
        location=f"edit {edit_id}",
        folder=Path(),
        written={"conversations": said},
        images=tuple(name_image(source.image_id) for source in sources if source.role != "mask"),
        turns=tuple(turn.instruction for turn in turns if turn.instruction),
        mask=next((name_image(source.image_id) for source in sources if source.role == "mask"), None),
        parameters=turns[0].parameters,
        edit_ids=tuple(turn.edit_id for turn in turns),
    )


def find_turns(store: Store, edit_id: EditId) -> list[StoredEdit]:
    """Return the turns of a request up to this one, the first one first; raises NotFoundError."""
    if not (turns := store.edits.find_turns(edit_id)):
        raise NotFoundError("edit", edit_id)
    return turns


def give_up(store: Store, edit_id: EditId, reason: str) -> None:
    """Note why a request was not done, with the turn that it came to; it is no longer to be done."""
    if undone := next((turn for turn in find_turns(store, edit_id) if turn.state != "done"), None):
        store.edits.fail_edit(undone.edit_id, reason, retryable=undone.retryable)
    store.edits.unqueue_edit(edit_id)


def _find(store: Store, name: str) -> StoredImage:
    image = store.images.get_image(find_image(store, name))
    find_file(image)
    return image
