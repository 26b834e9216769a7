"""Edits that are asked for once more on purpose: each beside the others, with the pictures that it was made of."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from tests.edits import ask
from tests.fakes.edit_scripts import IMAGE_SAFETY, ByInstruction, Hangs
from tests.fakes.edits import paint
from tests.integration.edits import Desk

FIRST = "picture-000.jpg"
BLUE = ask(FIRST, "Make it blue.")
TAKES = "SELECT take, state FROM edit ORDER BY take"
LINEAGE = """
    SELECT two.take, one.take, s.image_id = o.image_id
    FROM edit two
    JOIN edit one ON one.id = two.after_id
    JOIN edit_source s ON s.edit_id = two.id AND s.position = 0
    JOIN edit_output o ON o.edit_id = one.id
    ORDER BY two.take
"""


def test_one_that_another_run_is_at_is_left_as_it_is(desk: Desk) -> None:
    line = ask(FIRST, "One.", "Two.")
    desk.edit(line)
    desk.gemini.edits.answer = ByInstruction({"Two": Hangs(1, paint)})
    with ThreadPoolExecutor(1) as other:
        first = other.submit(desk.edit, line, force=True)
        while len(desk.gemini.edits.accepted) < 4:
            Event().wait(0.01)
        second = desk.edit(line, force=True)

    assert (first.result().statuses, second.statuses) == (["edited"], ["edited"])
    assert desk.rows(LINEAGE) == [(1, 1, True), (2, 2, True), (3, 3, True)]


def test_one_that_is_refused_is_told_and_never_taken_for_the_one_before(desk: Desk) -> None:
    desk.edit(BLUE)
    desk.gemini.edits.answer = lambda _: IMAGE_SAFETY

    refused, again = desk.edit(BLUE, force=True), desk.edit(BLUE, force=True)
    desk.gemini.edits.answer = paint
    retried = desk.edit(BLUE, force=True, retry_failed=True)

    assert (refused.statuses, again.statuses, retried.statuses) == (["failed"], ["failed"], ["edited"])
    assert again.reasons == refused.reasons
    assert desk.rows(TAKES) == [(1, "done"), (2, "done")]


def test_equal_lines_share_the_one_that_a_run_makes(desk: Desk) -> None:
    desk.edit(BLUE)

    done = desk.edit(*[BLUE] * 12, force=True, concurrency=1)

    assert sorted(done.statuses) == ["edited", *["known"] * 11]
    assert len(desk.gemini.edits.accepted) == 2


def test_one_that_a_dead_run_left_open_is_taken_up(desk: Desk) -> None:
    desk.edit(BLUE)
    with desk.store.runs.running("dies", {}) as dead_run:
        desk.gemini.edits.answer = lambda _: IMAGE_SAFETY
        desk.edit(BLUE, force=True)
        desk.execute("UPDATE edit SET state = 'sent', run_id = %s WHERE take = 2", dead_run)
    desk.gemini.edits.answer = paint

    assert desk.edit(BLUE, force=True).statuses == ["edited"]
    assert desk.rows(TAKES) == [(1, "done"), (2, "done")]
