"""The turns of one request: each edits the result of the one before, and is a child of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from indexer.catalog.store.edits import NewEdit, RegisteredEdit, Source
from indexer.editing.editor import EditCall, Exchange
from indexer.editing.requests import EditRequest
from indexer.errors import NotFoundError
from indexer.imaging.sending import read_for_editing, read_mask
from indexer.models import EditId, ImageId, Role, SentPicture
from indexer.pipelines.editing.admitting import Admitted, Admitting, file_of
from indexer.pipelines.editing.calling import Calling, EditFailedError, LeftError, Made, Spent
from indexer.pipelines.editing.filing import Filing
from indexer.pipelines.editing.keys import Content
from indexer.pipelines.jobs import Job
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
        return self.request.turns or ("",)

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

    def begin(self, request: EditRequest, items: list[Job | Outcome]) -> Work:
        """Find and register a request's pictures, adding those to be captioned to `items`.

        Raises BadImageError, EditFailedError for a request with a fault, or LeftError.
        """
        if self._run.stop.is_set():
            raise LeftError
        if request.fault is not None:
            raise EditFailedError(request.fault, retryable=True)
        images = []
        for name in request.images:
            images.append(self._admitting.admit(request, name))
            items.extend(images[-1].items)
        mask = self._admitting.admit_mask(request, request.mask) if request.mask else None
        content = Content(
            images=[image.sha256 for image in images],
            mask=mask.sha256 if mask else None,
            api_format=self._calling.editor.api_format,
            model=self._calling.editor.model,
            parameters=request.parameters,
        )
        return Work(request=request, content=content, images=tuple(images), mask=mask)

    def turns(self, work: Work, items: list[Job | Outcome], spent: Spent) -> Iterator[Turn]:
        """Yield each turn as it is done, adding its images to `items`; raises EditFailedError or LeftError."""
        done: list[Turn] = []
        for number in range(1, len(work.turns) + 1):
            edit = self._register(work, number, done, force=self._force)
            while edit.state != "done":
                call = partial(self._make_call, work, number, tuple(done))
                made = self._calling.call(edit, call, work.key, self._most_usd(work, number), spent)
                if made is not None:
                    items.extend(self._jobs(made))
                    done.append(_turn(edit, made))
                    break
                edit = self._wait(work, number, done)
            else:
                done.append(self._fetch(work, edit, number, items))
            yield done[-1]

    def _jobs(self, made: Made) -> Iterator[Job | Outcome]:
        for output, registered in zip(made.outputs, made.registered, strict=True):
            yield self._preparing.take(output.file, output.read, registered)

    def _most_usd(self, work: Work, number: int) -> float:
        """Return the most that a turn can cost, a second try included, in USD; 0 where no budget asks for it.

        Raises EditFailedError where that is not known.
        """
        if not self._run.budget.is_limited:
            return 0.0
        pictures, characters = len(work.images) + number - 1, sum(map(len, work.turns[:number]))
        parameters = work.request.parameters
        most = self._calling.editor.most_cost_usd(parameters, pictures=pictures, characters=characters)
        if most is None:
            reason = "the most that it can cost is not known, so that no budget can be kept"
            raise EditFailedError(reason, retryable=True)
        return 2 * most

    def _register(self, work: Work, number: int, done: list[Turn], *, force: bool) -> RegisteredEdit:
        new = NewEdit(
            key=work.content.key(work.turns[:number]),
            after_id=done[-1].edit_id if done else None,
            turn=number,
            instruction=work.turns[number - 1],
            conversation=work.request.conversation,
            api_format=work.content.api_format,
            model=work.content.model,
            parameters=work.content.parameters,
        )
        if work.request.edit_ids:
            edit = self._run.store.edits.get_registered(work.request.edit_ids[number - 1])
        else:
            edit = self._run.store.edits.register_edit(new, force=force)
        if edit.state != "done":
            self._run.store.edits.add_sources(edit.edit_id, list(self._sources(work, done)))
        return edit

    def _sources(self, work: Work, done: list[Turn]) -> Iterator[Source]:
        """Yield what a turn is made of: the picture to be edited, references, and with the first turn the mask."""
        first = done[-1].image_ids[0] if done else work.images[0].image_id
        for position, image_id in enumerate([first, *(image.image_id for image in work.images[1:])]):
            role: Role = "reference" if position else "input"
            yield Source(position=position, image_id=image_id, role=role)
        if work.mask is not None and not done:
            kept = self._filing.keep_mask(work.mask.path, work.key)
            yield Source(position=len(work.images), image_id=work.mask.image_id, role="mask", file=str(kept))

    def _wait(self, work: Work, number: int, done: list[Turn]) -> RegisteredEdit:
        """Look again at an edit that another is at; raises EditFailedError where it is refused."""
        edit = self._register(work, number, done, force=False)
        if edit.state == "failed" and not edit.retryable:
            raise EditFailedError(edit.reason or "it was refused", retryable=False)
        if edit.state == "sent" and self._run.stop.wait(_POLL_S):
            raise LeftError
        return edit

    def _fetch(self, work: Work, edit: RegisteredEdit, number: int, items: list[Job | Outcome]) -> Turn:
        """Return a turn that was done before; its images may still want captions, or a file in this folder."""
        paths = []
        for image_id in edit.image_ids:
            image = self._run.store.images.get_image(image_id)
            try:
                path = self._filing.fetch(image, work.key, number)
            except NotFoundError as exc:
                reason = f"turn {number} was done, but its image is gone: put it back, or make another with --force"
                raise EditFailedError(reason, retryable=True) from exc
            items.extend(self._admitting.admit_output(file_of(image, path)))
            paths.append(path)
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
        first = done[-1].paths[0] if done else work.images[0].path
        pictures = tuple(read_for_editing(path) for path in [first, *(image.path for image in work.images[1:])])
        mask = None
        if work.mask is not None and not done:
            mask = read_mask(work.mask.path, like=pictures[0], original_size=work.images[0].size)
        return EditCall(instruction=instruction, pictures=pictures, mask=mask, parameters=parameters)

    def _history(self, work: Work, done: tuple[Turn, ...]) -> Iterator[Exchange]:
        pictures: tuple[SentPicture, ...] = tuple(read_for_editing(image.path) for image in work.images)
        for turn in done:
            images = tuple(path.read_bytes() for path in turn.paths)
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
