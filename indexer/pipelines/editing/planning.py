"""What a run of edits would do and cost; looking at files and the catalogue only, sending and writing nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from indexer.editing.editor import Editor
from indexer.editing.requests import EditRequest
from indexer.errors import BadImageError
from indexer.pipelines.editing.admitting import inspect_picture
from indexer.pipelines.editing.registering import content_of, most_cost_usd, turns_of
from indexer.pipelines.run import Run


@dataclass(slots=True)
class EditPlan:
    """Counts of requests and calls; the most that they can cost is None where a price is not known."""

    requests: int = 0
    known: int = 0
    refused: int = 0
    calls: int = 0
    most_cost_usd: float | None = 0.0
    faults: list[tuple[str, str]] = field(default_factory=list)

    def summary(self) -> dict[str, object]:
        """Return the plan under the names that `edit --dry-run --json` prints."""
        return {
            "requests": self.requests,
            "known": self.known,
            "refused": self.refused,
            "failed": len(self.faults),
            "calls": self.calls,
            "most_cost_usd": None if self.most_cost_usd is None else round(self.most_cost_usd, 6),
        }


def plan_edits(run: Run, editor: Editor, requests: Iterable[EditRequest], *, force: bool) -> EditPlan:
    """Return the plan for these requests; what stands twice is asked once."""
    plan, planned = EditPlan(), set[bytes]()
    for request in requests:
        plan.requests += 1
        try:
            keys = _keys(run, editor, request)
        except BadImageError as exc:
            plan.faults.append((request.location, str(exc)))
            continue
        finished = {} if force else run.store.edits.find_finished(keys)
        open_ = [number for number, key in enumerate(keys, start=1) if not (key in finished and finished[key].done)]
        if not open_:
            plan.known += 1
        elif (first := finished.get(keys[open_[0] - 1])) and first.refused and not run.retry_failed:
            plan.refused += 1
        else:
            for number in open_:
                if keys[number - 1] not in planned:
                    _add_call(plan, editor, request, number)
            planned.update(keys)
    return plan


def _keys(run: Run, editor: Editor, request: EditRequest) -> list[bytes]:
    """Return the keys of all turns of a request; raises BadImageError."""
    if request.fault is not None:
        raise BadImageError(request.fault)
    images = [inspect_picture(run, request, name)[0] for name in request.images]
    mask = inspect_picture(run, request, request.mask)[0] if request.mask else None
    content, turns = content_of(request, editor, images, mask), turns_of(request)
    return [content.key(turns[:number]) for number in range(1, len(turns) + 1)]


def _add_call(plan: EditPlan, editor: Editor, request: EditRequest, number: int) -> None:
    plan.calls += 1
    most = most_cost_usd(editor, request, number)
    plan.most_cost_usd = None if plan.most_cost_usd is None or most is None else plan.most_cost_usd + most
