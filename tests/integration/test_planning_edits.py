"""What a run of edits would do: `indexer edit --dry-run`."""

import pytest

from indexer.pipelines.editing.editing import refuse
from indexer.pipelines.editing.planning import EditPlan, plan_edits
from tests.edits import ask
from tests.fakes.edit_scripts import IMAGE_SAFETY, ByInstruction
from tests.integration.edits import Desk, Wanted

FIRST, SECOND = "picture-000.jpg", "picture-001.jpg"
BLUE, TURNS = ask(FIRST, "Make it blue."), ask(FIRST, "Make it blue.", "Make it round.")


def plan(desk: Desk, *lines: object, force: bool = False, retry_failed: bool = False) -> EditPlan:
    with desk.making(Wanted(retry_failed=retry_failed)) as (run, editor):
        return plan_edits(run, editor, [refuse(editor, request) for request in desk.load(*lines)], force=force)


def test_a_plan_counts_each_call_once_and_writes_nothing(desk: Desk) -> None:
    planned = plan(desk, BLUE, BLUE, TURNS, ask("missing.png", "Go."), ask(FIRST))

    assert (planned.requests, planned.calls, planned.known, len(planned.faults)) == (5, 2, 0, 2)
    assert planned.most_cost_usd is not None
    assert planned.most_cost_usd > 0.07
    assert desk.gemini.edits.accepted == []
    assert desk.rows("SELECT (SELECT count(*) FROM edit) + (SELECT count(*) FROM image)") == [(0,)]
    assert not desk.output.exists()


def test_what_is_done_is_known_and_asked_again_with_force_only(desk: Desk) -> None:
    desk.edit(BLUE)

    planned, forced = plan(desk, BLUE, TURNS), plan(desk, BLUE, TURNS, force=True)

    assert (planned.known, planned.calls, forced.known, forced.calls) == (1, 1, 0, 2)
    assert planned.faults == forced.faults == []


@pytest.mark.parametrize("turns", [("Bad.",), ("Bad.", "Two."), ("One.", "Bad.")])
def test_what_was_refused_is_asked_again_only_when_told_to(turns: tuple[str, ...], desk: Desk) -> None:
    desk.gemini.edits.answer = ByInstruction({"Bad": IMAGE_SAFETY})
    line = ask(FIRST, *turns)
    desk.edit(line)

    planned, retried = plan(desk, line), plan(desk, line, retry_failed=True)

    assert (planned.refused, planned.calls, retried.refused) == (1, 0, 0)
    assert retried.calls == len(turns) - turns.index("Bad.")
