"""Edit: every request becomes images, turn by turn, which are captioned, embedded and searchable; or fails."""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from indexer.catalog.store.failures import NewFailure
from indexer.editing.editor import Editor
from indexer.editing.requests import EditRequest
from indexer.errors import BadImageError, CaptionSearchError, ModelUnusableError, SettingsError
from indexer.models import ImageId
from indexer.pipelines.editing.calling import EditFailedError, LeftError, Spent
from indexer.pipelines.editing.turning import Turn, Turning
from indexer.pipelines.ingesting import Ingesting
from indexer.pipelines.jobs import Job
from indexer.pipelines.look_ahead import LookAhead
from indexer.pipelines.outcomes import Outcome, Status

_AHEAD = 4  # so many requests are made ready while others are called


@dataclass(slots=True, kw_only=True)
class Edited:
    """What came of one request: its outcome, and its images in the order of their turns.

    `items` are images to be captioned: its parents, where they were new, and what was made of them. `error` is what it
    met that ends the run; it is left then.
    """

    request: EditRequest
    outcome: Outcome
    turns: list[Turn] = field(default_factory=list)
    items: list[Job | Outcome] = field(default_factory=list)
    error: CaptionSearchError | None = None

    @property
    def files(self) -> list[Path]:
        """Return the files of all its images."""
        return [path for turn in self.turns for path in turn.paths]

    @property
    def error_said(self) -> str | None:
        """Return which turn its images end before, and why; None where all are there."""
        if self.outcome.status in ("edited", "known"):
            return None
        return f"turn {len(self.turns) + 1}: {self.outcome.reason or 'not done yet'}"

    @property
    def image_ids(self) -> list[ImageId]:
        """Return the ids of all its images."""
        return [image_id for turn in self.turns for image_id in turn.image_ids]


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """One run over requests; edits and captions go on side by side."""

    ingesting: Ingesting
    turning: Turning
    concurrency: int

    def edit(self, requests: Iterable[EditRequest], tell: Callable[[Edited], None]) -> Iterator[Outcome]:
        """Yield an outcome for each image as it is captioned, and return when every caption has its entry.

        `tell` hears what came of each request, from any thread, but never twice at once. Setting the run's `stop` ends
        it after the calls in flight. What makes the whole run pointless (a wrong key, a full disk) is raised, also
        after those.
        """
        # Closed here, not whenever it is forgotten: what is in flight is awaited while it can still be kept.
        with closing(self._make_all(requests, tell)) as made:
            yield from self.ingesting.ingest_prepared(made)

    def _make_all(
        self, requests: Iterable[EditRequest], tell: Callable[[Edited], None]
    ) -> Generator[Job | Outcome, None, None]:
        telling = Lock()

        def perform(request: EditRequest) -> Edited:
            edited = Edited(request=request, outcome=Outcome(location=request.location, status="left"))
            try:
                self._perform(edited)
            except BaseException:
                self.ingesting.run.stop.set()  # now: others may wait for what this one was at
                raise
            finally:
                with telling:  # here: whoever breaks off awaits what is in flight, and looks at nothing of it
                    tell(edited)
            return edited

        with ThreadPoolExecutor(self.concurrency + _AHEAD, "edit") as editors:
            ahead: LookAhead[EditRequest, Edited] = LookAhead(editors, perform, 2 * self.concurrency + _AHEAD)
            try:
                for edited in ahead.over(requests):
                    if isinstance(edited, Edited):
                        yield from edited.items
            except BaseException:
                self.ingesting.run.stop.set()  # those that wait in line are not paid for any more
                raise

    def _perform(self, edited: Edited) -> None:
        request, spent, outcome = edited.request, Spent(), edited.outcome
        try:
            work = self.turning.begin(request, edited.items)
            edited.turns.extend(self.turning.turns(work, edited.items, spent))
            self.ingesting.run.store.failures.forget_failures([request.location])
            status: Status = "edited" if any(turn.is_new for turn in edited.turns) else "known"
            outcome = replace(outcome, status=status)
        except LeftError:
            pass
        except (EditFailedError, BadImageError) as exc:
            outcome = self._fail(request, exc, was_tried=spent.requests > 0)
        except (ModelUnusableError, SettingsError) as exc:
            edited.error = exc
            raise
        finally:
            edited.outcome = replace(outcome, requests=spent.requests, usage=spent.usage)

    def _fail(self, request: EditRequest, error: EditFailedError | BadImageError, *, was_tried: bool) -> Outcome:
        retryable = error.retryable if isinstance(error, EditFailedError) else True
        is_faulty = request.fault is not None
        failure = NewFailure(
            location=request.location,
            stage="request" if is_faulty else "edit",
            reason=str(error),
            retryable=retryable and not is_faulty,
            was_tried=was_tried,
        )
        if request.number or request.edit_ids:  # what was asked by flags is told, and nobody could mend it later
            self.ingesting.run.store.failures.record_failure(self.ingesting.run.id, failure)
        return Outcome(location=request.location, status="failed", reason=str(error))


def refuse(editor: Editor, request: EditRequest) -> EditRequest:
    """Return a request as the editor names its parameters, with its fault where the editor cannot do it."""
    if request.fault is not None:
        return request
    request = replace(request, parameters=editor.name_parameters(request.parameters))
    fault = editor.find_fault(
        images=len(request.images),
        turns=request.turns,
        has_mask=request.mask is not None,
        parameters=request.parameters,
    )
    return replace(request, fault=fault)
