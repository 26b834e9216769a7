"""Call an editor for one turn, durably: claim it, ask, and commit what came back in the same breath."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Semaphore
from typing import Any

import tenacity

from indexer.catalog.store.edits import NewOutput, RegisteredEdit
from indexer.catalog.store.images import Registered, Wanted
from indexer.catalog.store.requests import RequestOutcome
from indexer.editing.editor import EditAnswer, EditCall, Editor
from indexer.errors import (
    BadImageError,
    DatabaseError,
    ModelRefusedError,
    ModelUnavailableError,
    ModelUnusableError,
    SettingsError,
)
from indexer.imaging.reading import ReadImage
from indexer.models import FoundFile, RequestId, Usage, clean_text
from indexer.pipelines.asking import Asking, Hope
from indexer.pipelines.editing.filing import Filing
from indexer.pipelines.jobs import read_for
from indexer.pipelines.run import Run
from indexer.sources.folders import find_file

# A database that is away for a moment does not cost an image that is paid for.
_KEEPS_TRYING_S, _LONGEST_WAIT_S = 10.0, 1.0


class EditFailedError(Exception):
    """A turn brought no image, and why; unless `retryable`, only being asked to would try it again."""

    def __init__(self, reason: str, *, retryable: bool) -> None:
        super().__init__(reason)
        self.retryable = retryable


class LeftError(Exception):
    """The run was stopped, or its budget spent, before a turn could be done."""


@dataclass(slots=True)
class Spent:
    """What one request's calls took; a call of unknown cost counts as nothing."""

    requests: int = 0
    usage: Usage = field(default_factory=Usage)

    def add(self, requests: int, usage: Usage) -> None:
        """Count one call with all its tries."""
        self.requests += requests
        self.usage = self.usage.plus(usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An image that came back: filed as it came, and read once."""

    file: FoundFile
    read: ReadImage


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What an edit brought: its images with what they were registered as, and what the endpoint said with them."""

    outputs: list[Output]
    registered: list[Registered]
    reply: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An edit that may have to be done, its images to be filed under `folder_key`.

    `claim` opens its request, or says that it is finished or at work; `make` reads its pictures, once it is sure to be
    sent. `most_usd` is what it can cost.
    """

    edit: RegisteredEdit
    folder_key: bytes
    most_usd: float
    claim: Callable[[], RequestId | None]
    make: Callable[[], EditCall]


class Calling:
    """The editor's stage of one run; `call` is called from many threads."""

    def __init__(self, run: Run, editor: Editor, asking: Asking, filing: Filing, wanted: Callable[[], Wanted]) -> None:
        self.editor = editor
        self._run = run
        self._asking = asking
        # Held until an answer is committed, not only until it is there: no more can be paid for and lost.
        self._places = Semaphore(asking.limiter.ceiling)
        self._filing = filing
        self._wanted = wanted
        self._keeping = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(DatabaseError),
            stop=tenacity.stop_after_delay(_KEEPS_TRYING_S),
            wait=tenacity.wait_exponential(multiplier=0.1, max=_LONGEST_WAIT_S),
            reraise=True,
        )
        self._hope = Hope("edits in a row brought no image")

    def call(self, due: Due, spent: Spent) -> Made | None:
        """Do an edit and return what it brought; None where it is finished, or another is at it.

        Raises EditFailedError, BadImageError, LeftError or ModelUnusableError.
        """
        with self._places:
            if self._run.stop.is_set() or not self._run.budget.reserve(due.most_usd, self._run.stop):
                raise LeftError
            before_usd = spent.usage.cost_usd or 0.0
            try:
                request_id = due.claim()
                return None if request_id is None else self._do(due, request_id, spent)
            except (EditFailedError, BadImageError, LeftError):
                raise
            except BaseException:
                self._run.stop.set()  # it ends the run, and the next in line would take this place and be paid for
                self._run.store.edits.release_edit(due.edit.edit_id, self._run.id)
                raise
            finally:
                self._run.budget.settle(due.most_usd, (spent.usage.cost_usd or 0.0) - before_usd)

    def _do(self, due: Due, request_id: RequestId, spent: Spent) -> Made:
        edit = due.edit
        try:
            call = due.make()
        except BadImageError as exc:
            self._run.store.requests.drop_unsent([request_id])
            raise self._failed(edit, exc.reason, retryable=True) from exc
        except SettingsError:
            self._run.store.requests.drop_unsent([request_id])
            raise
        reason = ""
        for is_last in (False, True):
            answer, tries = self._send(edit, request_id, call, spent)
            with self._accounted(request_id, tries, answer.usage):
                filed, reason = self._file(edit, answer, due.folder_key)
                if filed:
                    return self._keep(edit, request_id, answer, filed, tries)
            self._close(request_id, "unusable", tries, answer.usage)
            if not is_last:
                request_id = self._run.store.edits.open_again(edit.edit_id, self._run.id)
        error = self._failed(edit, reason, retryable=False)
        self._hope.lose(reason)
        raise error

    def _send(
        self, edit: RegisteredEdit, request_id: RequestId, call: EditCall, spent: Spent
    ) -> tuple[EditAnswer, int]:
        tries = self._asking.begin(partial(self._run.store.edits.note_wait, edit.edit_id))
        usage = Usage()
        try:
            answer = tries.ask(partial(self.editor.edit, call))
            usage = answer.usage
        except ModelRefusedError as exc:
            usage = exc.usage or usage
            self._close(request_id, "refused", tries.count, usage)
            error = self._failed(edit, str(exc), retryable=False)
            self._hope.lose(str(exc))
            raise error from exc
        except ModelUnavailableError as exc:
            self._close(request_id, "unavailable", tries.count)
            if self._run.stop.is_set():
                self._run.store.edits.release_edit(edit.edit_id, self._run.id)
                raise LeftError from exc
            error = self._failed(edit, str(exc), retryable=True)
            self._hope.lose(str(exc), is_down=True)
            raise error from exc
        except ModelUnusableError:
            self._close(request_id, "unavailable", tries.count)
            raise
        finally:
            spent.add(tries.count, usage)
        return answer, tries.count

    def _file(self, edit: RegisteredEdit, answer: EditAnswer, key: bytes) -> tuple[list[Output], str]:
        """Write the images down as they came; where they are none, say why."""
        filed, reason = [], f"the model made no image{f': {answer.said}' if answer.said else ''}"
        for content in answer.images:
            unnamed = self._filing.write(key, content)
            try:
                read = read_for(self._run.captioner, find_file(unnamed, self._filing.output))
            except BadImageError as exc:
                self._filing.discard(unnamed)
                reason = f"the model's answer is no usable image: {exc.reason}"
                continue
            path = self._filing.name(unnamed, key, edit.turn, read.facts.format)
            facts = replace(read.facts, origin="edit")
            filed.append(Output(file=find_file(path, self._filing.output), read=replace(read, facts=facts)))
        return filed, reason

    def _keep(
        self, edit: RegisteredEdit, request_id: RequestId, answer: EditAnswer, filed: list[Output], tries: int
    ) -> Made:
        # A reply names its images by number: with one of them missing, it cannot be given back.
        reply = answer.reply if len(filed) == len(answer.images) else None
        keep = partial(
            self._run.store.edits.store_edit,
            edit.edit_id,
            request_id,
            [NewOutput(facts=output.read.facts, file=output.file) for output in filed],
            self._wanted(),
            reply=reply,
            usage=answer.usage,
            attempts=tries,
        )
        registered = self._keeping(keep)
        self._hope.win()
        return Made(outputs=filed, registered=registered, reply=reply)

    @contextmanager
    def _accounted(self, request_id: RequestId, tries: int, usage: Usage) -> Iterator[None]:
        """Note what was paid for images that then could not be kept."""
        try:
            yield
        except SettingsError:
            self._close(request_id, "unusable", tries, usage)
            raise

    def _failed(self, edit: RegisteredEdit, reason: str, *, retryable: bool) -> EditFailedError:
        said = clean_text(reason)
        self._run.store.edits.fail_edit(edit.edit_id, said, retryable=retryable)
        return EditFailedError(said, retryable=retryable)

    def _close(self, request_id: RequestId, outcome: RequestOutcome, tries: int, usage: Usage | None = None) -> None:
        if not tries:  # the run was stopped before it was sent
            self._run.store.requests.drop_unsent([request_id])
            return
        self._run.store.requests.close_request(request_id, outcome, attempts=tries, usage=usage or Usage())
