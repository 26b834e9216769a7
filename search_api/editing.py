"""Edits that were accepted are done by the service itself, also those that another one left behind when it died."""

import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from threading import Event, Lock

from indexer.captioning.prompts import DEFAULT_FOLDER
from indexer.catalog.store.edits import QueuedEdit
from indexer.editing.editor import TIMEOUT_S, Editor
from indexer.errors import CaptionSearchError, DatabaseError, QueryError
from indexer.models import ApiFormat, EditId, RunId
from indexer.pipelines.assembling import build_editing, build_ingesting, make_editing_run
from indexer.pipelines.choosing_editors import build_editor, find_other_format
from indexer.pipelines.editing.accepting import give_up, load_accepted
from indexer.pipelines.editing.editing import Edited, Editing
from indexer.pipelines.editing.filing import Filing
from search_api.means import Means

_log = logging.getLogger(__name__)

_LOOKS_EVERY_S = 1.0
# So many groups of edits are done side by side, each of one model, and so many calls of a group.
_GROUPS, _CALLS = 4, 4
# What breaks off so often would go on paying for nothing.
_MOST_TRIES = 3


class EditQueue:
    """Does what is accepted, as long as the service runs; `wake` has it look at once."""

    def __init__(self, means: Means) -> None:
        self.wake = Event()
        self.editor = lru_cache(maxsize=16)(self._build_editor)
        self._store = means.store
        self._settings = means.settings
        self._load_embedder = means.load_embedder
        self._budget = means.budget
        self._busy: set[EditId] = set()
        self._tries: Counter[EditId] = Counter()
        self._stops: set[Event] = set()
        self._groups = ThreadPoolExecutor(_GROUPS, "edits")
        self._beginning = Lock()
        self._is_over = False

    def run(self, stop: Event) -> None:
        """Do edits until `stop`, also after the database was away."""
        while not stop.is_set():
            self._begin()
            self.wake.wait(_LOOKS_EVERY_S)
            self.wake.clear()

    def close(self) -> None:
        """Begin nothing any more, and wait for the calls in flight: their answers are paid for.

        A look for edits is not waited for: it may be waiting for the database.
        """
        with self._beginning:
            self._is_over = True
        for running in list(self._stops):
            running.set()
        self._groups.shutdown()

    def _begin(self) -> None:
        try:
            queued = self._store.edits.find_queued()
        except DatabaseError as exc:
            _log.warning("edits wait: %s", exc)
            return
        fresh = sorted((edit for edit in queued if edit.edit_id not in self._busy), key=_who)
        for who, edits in groupby(fresh, key=_who):
            edit_ids = [edit.edit_id for edit in edits]
            with self._beginning:
                if self._is_over:
                    return
                self._busy.update(edit_ids)
                self._groups.submit(self._do, *who, edit_ids).add_done_callback(_log_fault)

    def _do(self, api_format: ApiFormat, model: str, edit_ids: Sequence[EditId]) -> None:
        stop = Event()  # a run that breaks off sets its own
        self._stops.add(stop)
        try:
            if self._is_over:
                return
            with self._store.runs.running("edit", {"model": model, "edits": list(edit_ids)}) as run_id:
                ended = self._edit(api_format, model, edit_ids, run_id, stop)
                self._store.runs.finish_run(run_id, {"ended": ended})
        except DatabaseError as exc:
            _log.warning("edits %s broke off: %s", edit_ids, exc)
        finally:
            self._stops.discard(stop)
            self._busy.difference_update(edit_ids)

    def _edit(self, api_format: ApiFormat, model: str, edit_ids: Sequence[EditId], run_id: RunId, stop: Event) -> str:
        self._store.requests.lose_abandoned()
        mine = self._store.edits.claim_queued(edit_ids, run_id)
        self._tries.update(mine)
        self._give_up_worn(mine, _MOST_TRIES + 1, "it broke off again and again: the log of the service says why")
        try:
            editing = self._build_editing(api_format, model, run_id, stop)
            requests = [load_accepted(self._store, edit_id) for edit_id in mine if self._tries[edit_id]]
            for _outcome in editing.edit(requests, self._tell):
                pass
        except DatabaseError:
            raise
        except CaptionSearchError as exc:
            _log.warning("edits %s broke off: %s", mine, exc)
            self._give_up_worn(mine, _MOST_TRIES, str(exc))
            return "failed"
        if stop.is_set():
            return "stopped"
        for edit_id in mine:
            if self._tries.pop(edit_id, 0):  # what was given up may be asked for again by now
                self._store.edits.unqueue_edit(edit_id)
        return "done"

    def _give_up_worn(self, edit_ids: Sequence[EditId], tries: int, reason: str) -> None:
        for edit_id in edit_ids:
            if self._tries[edit_id] >= tries:
                self._give_up(edit_id, reason)

    def _give_up(self, edit_id: EditId, reason: str) -> None:
        give_up(self._store, edit_id, reason)
        del self._tries[edit_id]  # whoever asks again has all tries again

    def _tell(self, edited: Edited) -> None:
        """Note what did not succeed; what was left is left for the next run, unless there is no money for it."""
        edit_id, outcome = edited.request.edit_ids[-1], edited.outcome
        if edited.error is not None:
            self._give_up(edit_id, str(edited.error))
        elif outcome.status == "failed":
            self._give_up(edit_id, outcome.reason)
        elif outcome.status == "left" and self._budget.is_exhausted:
            self._give_up(edit_id, "the budget is spent: set a higher one, and start the service again")

    def _build_editing(self, api_format: ApiFormat, model: str, run_id: RunId, stop: Event) -> Editing:
        editor = self.editor(api_format, model)
        run, said = make_editing_run(
            self._store, self._settings, editor, DEFAULT_FOLDER, retry_failed=False, dry_run=False
        )
        if said:
            _log.info(said)
        ingesting = build_ingesting(
            replace(run, id=run_id, stop=stop, budget=self._budget),
            self._settings,
            tell=_log.info,
            load_embedder=self._load_embedder,
        )
        filing = Filing(self._settings.home / "edits").open()
        return build_editing(ingesting, editor, filing, concurrency=_CALLS, force=False)

    def _build_editor(self, api_format: ApiFormat, model: str | None) -> Editor:
        if model is not None and (other := find_other_format(self._settings, api_format, model)):
            raise QueryError(f"{model} is no {api_format} model: its api_format is {other}.")
        return build_editor(self._settings, api_format=api_format, model=model, timeout_s=TIMEOUT_S)


def _who(edit: QueuedEdit) -> tuple[ApiFormat, str]:
    return edit.api_format, edit.model


def _log_fault(future: Future[None]) -> None:
    if (fault := future.exception()) is not None:
        _log.error("edits broke off", exc_info=fault)
