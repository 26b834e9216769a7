"""The turns of one request: each edits the result of the one before, and is a child of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from indexer.catalog.store.edits import RegisteredEdit
from indexer.editing.editor import EditCall, Exchange
from indexer.editing.requests import EditRequest
from indexer.errors import NotFoundError
from indexer.imaging.sending import check_proportions, read_for_editing, read_mask
from indexer.models import EditId, ImageId, RequestId, SentPicture
from indexer.pipelines.editing.admitting import Admitted, Admitting, inspect_picture
from indexer.pipelines.editing.calling import Calling, Due, EditFailedError, LeftError, Made, Spent
from indexer.pipelines.editing.filing import Filing
from indexer.pipelines.editing.keys import Content
from indexer.pipelines.editing.registering import content_of, most_cost_usd, new_edit, sources_of, turns_of
from indexer.pipelines.jobs import Job
from indexer.pipelines.locating import file_of
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.preparing import Preparing
from indexer.pipelines.run import Run

_POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn that is done: its images with their files, and what the endpoint said with them."""

    edit_id: EditId
    instruction: str
    image_ids: list[ImageId]
    paths: list[Path]
    reply: Mapping[str, Any] | None
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A request whose pictures are known; `key` is that of its last turn, under which its images are filed."""

    request: EditRequest
    content: Content
    images: tuple[Admitted, ...]
    mask: Admitted | None

    @property
    def turns(self) -> tuple[str, ...]:
        """Return what is asked, turn by turn; once nothing, for a variation."""
        return turns_of(self.request)

    @property
    def key(self) -> bytes:
        """Return the key of the whole request."""
        return self.content.key(self.turns)


class Turning:
    """Does requests of one run turn by turn; safe to share by threads."""

    def __init__(self, run: Run, preparing: Preparing, calling: Calling, filing: Filing, *, force: bool) -> None:
        self._run = run
        self._preparing = preparing
        self._admitting = Admitting(run, preparing)
        self._calling = calling
        self._filing = filing
        self._force = force
        self._forced: dict[bytes, EditId] = {}  # once in a run: equal lines share it
        self._forcing = Lock()

    def begin(self, request: EditRequest, items: list[Job | Outcome]) -> Work:
        """Find and register a request's pictures, adding those to be captioned to `items`.

        Raises BadImageError, EditFailedError for a request with a fault, or LeftError.
        """
        if self._run.stop.is_set():
            raise LeftError
        if request.fault is not None:
            raise EditFailedError(request.fault, retryable=True)
        mask = self._admitting.admit_mask(request, request.mask) if request.mask else None
        if mask is not None:  # a wrong one is told before its picture is captioned
            check_proportions(mask.size, inspect_picture(self._run, request, request.images[0])[1])
        images = []
        for name in request.images:
            images.append(self._admitting.admit(request, name))
            items.extend(images[-1].items)
        sha256s = [image.sha256 for image in images]
        content = content_of(request, self._calling.editor, sha256s, mask.sha256 if mask else None)
        return Work(request=request, content=content, images=tuple(images), mask=mask)

    def turns(self, work: Work, items: list[Job | Outcome], spent: Spent) -> Iterator[Turn]:
        """Yield each turn as it is done, adding its images to `items`; raises EditFailedError or LeftError."""
        done: tuple[Turn, ...] = ()
        for number in range(1, len(work.turns) + 1):
            edit = self._register(work, number, done)
            made = None
            while made is None and edit.state != "done":
                made = self._calling.call(self._due(work, edit, done), spent)
                if made is None:
                    edit = self._wait(edit)
            if made is not None:
                items.extend(self._jobs(made))
            turn = self._fetch(work, edit, number, items) if made is None else _turn(edit, made)
            done = (*done, turn)
            yield turn

    def _jobs(self, made: Made) -> Iterator[Job | Outcome]:
        for output, registered in zip(made.outputs, made.registered, strict=True):
            yield self._preparing.take(output.file, output.read, registered)

    def _due(self, work: Work, edit: RegisteredEdit, done: tuple[Turn, ...]) -> Due:
        return Due(
            edit=edit,
            folder_key=work.key,
            most_usd=self._most_usd(work, edit.turn),
            claim=partial(self._claim, work, edit, done),
            make=partial(self._make_call, work, edit.turn, done),
        )

    def _most_usd(self, work: Work, number: int) -> float:
        """Return the most that a turn can cost in USD, 0 where no budget asks; raises EditFailedError if not known."""
        if not self._run.budget.is_limited:
            return 0.0
        most = most_cost_usd(self._calling.editor, work.request, number)
        if most is None:
            reason = "the most that it can cost is not known, so that no budget can be kept"
            raise EditFailedError(reason, retryable=True)
        return most

    def _register(self, work: Work, number: int, done: tuple[Turn, ...]) -> RegisteredEdit:
        edits = self._run.store.edits
        if work.request.edit_ids:
            return edits.get_registered(work.request.edit_ids[number - 1], self._run.id)
        new = new_edit(work.request, work.content, number, after_id=done[-1].edit_id if done else None)
        if not self._force:
            return edits.register_edit(new)
        with self._forcing:
            forced = self._forced.get(new.key)
            if forced is not None:
                return edits.get_registered(forced, self._run.id)
            edit = edits.register_edit(new, force=True)
            self._forced[new.key] = edit.edit_id
            return edit

    def _claim(self, work: Work, edit: RegisteredEdit, done: tuple[Turn, ...]) -> RequestId | None:
        """Claim a turn together with what it is made of; only the first has the mask."""
        first = done[-1].image_ids[0] if done else work.images[0].image_id
        images = [first, *(image.image_id for image in work.images[1:])]
        mask = None if done else work.mask
        kept = self._filing.keep_mask(mask.file, work.key) if mask else None
        return self._run.store.edits.claim_edit(
            edit.edit_id,
            self._run.id,
            sources_of(images, mask.image_id if mask else None, mask_file=kept),
            after_id=done[-1].edit_id if done else None,
            retry=self._run.retry_failed,
        )

    def _wait(self, edit: RegisteredEdit) -> RegisteredEdit:
        """Return an edit once nobody is at it any more, reading only; raises EditFailedError where it is refused."""
        while (seen := self._run.store.edits.get_registered(edit.edit_id, self._run.id)).state == "sent":
            if self._run.stop.wait(_POLL_S):
                raise LeftError
        if seen.state == "failed" and not seen.retryable:
            raise EditFailedError(seen.reason or "it was refused", retryable=False)
        return seen

    def _fetch(self, work: Work, edit: RegisteredEdit, number: int, items: list[Job | Outcome]) -> Turn:
        """Return a turn that was done before; its images may still want captions, or a file in this folder."""
        paths = []
        for image_id in edit.image_ids:
            image = self._run.store.images.get_image(image_id)
            try:
                file = file_of(image, self._filing.fetch(image, work.key, number))
            except NotFoundError as exc:
                reason = f"turn {number} was done, but its image is gone: put it back, or make another with --force"
                raise EditFailedError(reason, retryable=True) from exc
            items.extend(self._admitting.admit_output(file))
            paths.append(file.path)
        return Turn(
            edit_id=edit.edit_id,
            instruction=edit.instruction,
            image_ids=edit.image_ids,
            paths=paths,
            reply=edit.reply,
            is_new=False,
        )

    def _make_call(self, work: Work, number: int, done: tuple[Turn, ...]) -> EditCall:
        """Read what a turn sends: in a conversation only what is new; else the last result, and the references."""
        instruction, parameters = work.turns[number - 1], work.request.parameters
        if self._calling.editor.converses and done:
            return EditCall(
                instruction=instruction, pictures=(), parameters=parameters, history=tuple(self._history(work, done))
            )
        first = done[-1].paths[0] if done else work.images[0].file
        pictures = tuple(read_for_editing(path) for path in [first, *(image.file for image in work.images[1:])])
        mask = None
        if work.mask is not None and not done:
            mask = read_mask(work.mask.file, like=pictures[0], original_size=work.images[0].size)
        return EditCall(instruction=instruction, pictures=pictures, mask=mask, parameters=parameters)

    def _history(self, work: Work, done: tuple[Turn, ...]) -> Iterator[Exchange]:
        pictures: tuple[SentPicture, ...] = tuple(read_for_editing(image.file) for image in work.images)
        for turn in done:
            images = tuple(self._filing.read(path) for path in turn.paths)
            yield Exchange(instruction=turn.instruction, pictures=pictures, reply=turn.reply, images=images)
            pictures = ()


def _turn(edit: RegisteredEdit, made: Made) -> Turn:
    return Turn(
        edit_id=edit.edit_id,
        instruction=edit.instruction,
        image_ids=[registered.image_id for registered in made.registered],
        paths=[output.file.path for output in made.outputs],
        reply=made.reply,
        is_new=True,
    )
