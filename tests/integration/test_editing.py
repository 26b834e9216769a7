"""Runs of edits: each turn paid once, whoever asks for it and however often; stopped ones leave nothing behind."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from indexer.errors import ModelUnusableError, SettingsError
from indexer.pipelines.editing.editing import Edited
from indexer.pipelines.editing.planning import plan_edits
from tests.edits import ask, find_outputs
from tests.fakes.edit_scripts import IMAGE_SAFETY, ByInstruction, Hangs
from tests.fakes.edits import EditAsked, EditReply, paint
from tests.fakes.openai_server import FakeOpenAI
from tests.integration.edits import Desk, Wanted

FIRST, SECOND = "picture-000.jpg", "picture-001.jpg"
BLUE = ask(FIRST, "Make it blue.")


def test_a_request_that_stands_twice_in_a_file_is_paid_once(desk: Desk) -> None:
    done = desk.edit(BLUE, BLUE)

    assert sorted(done.statuses) == ["edited", "known"]
    assert len(desk.gemini.edits.accepted) == 1
    assert len({path for each in done.edited for path in each.files}) == 1


def test_no_more_is_begun_and_not_kept_than_is_asked_for_at_once(desk: Desk) -> None:
    begun: list[int] = []

    def answer(asked: EditAsked) -> EditReply:
        begun.extend(count for (count,) in desk.rows("SELECT count(*) FROM edit WHERE state = 'sent'"))
        return paint(asked)

    desk.gemini.edits.answer, desk.gemini.edits.latency_s = answer, 0.1

    desk.edit(*(ask(f"picture-00{number % 4}.jpg", f"Make it blue {number}.") for number in range(8)), concurrency=2)

    assert len(begun) == 8
    assert max(begun) == 2


def test_two_runs_at_once_pay_each_edit_once(desk: Desk) -> None:
    desk.gemini.edits.latency_s = 0.2
    requests = desk.load(*(ask(f"picture-00{number}.jpg", "Make it blue.") for number in range(4)))

    def run(_: int) -> list[Edited]:
        told: list[Edited] = []
        with desk.running(Wanted()) as (editing, _editor):
            list(editing.edit(requests, told.append))
        return told

    with ThreadPoolExecutor(2) as pool:
        told = [each for edited in pool.map(run, range(2)) for each in edited]

    assert sorted(each.outcome.status for each in told) == ["edited"] * 4 + ["known"] * 4
    assert list(desk.gemini.edits.paid_for().values()) == [1] * 4
    assert len(find_outputs(desk.folder)) == 4


def test_a_turn_that_two_requests_share_is_paid_once_and_lies_in_both_folders(desk: Desk) -> None:
    done = desk.edit(BLUE, ask(FIRST, "Make it blue.", "Make it round."))

    one, two = ([path.read_bytes() for path in each.files] for each in done.edited)
    assert sorted(asked.instruction for asked in desk.gemini.edits.accepted) == ["Make it blue.", "Make it round."]
    assert one == two[:1]
    assert len({path.parent for each in done.edited for path in each.files}) == 2
    assert set(desk.gemini.edits.returned().values()) == set(two)


def test_a_second_run_sends_and_writes_nothing(desk: Desk) -> None:
    desk.edit(BLUE, ask(SECOND, "One.", "Two."))
    before = find_outputs(desk.folder)

    again = desk.edit(BLUE, ask(SECOND, "One.", "Two."))

    assert (again.statuses, again.captioned) == (["known"] * 2, 0)
    assert len(desk.gemini.edits.accepted) == 3
    assert find_outputs(desk.folder) == before


def test_another_folder_gets_copies_of_what_is_done(desk: Desk) -> None:
    line = ask(FIRST, "One.", "Two.")
    desk.edit(line)

    [copied] = desk.edit(line, line, output="copies").edited[:1]

    assert len(desk.gemini.edits.accepted) == 2
    assert [path.read_bytes() for path in copied.files] == list(find_outputs(desk.folder).values())
    assert find_outputs(desk.folder, "copies") == find_outputs(desk.folder)


def test_an_output_folder_that_was_moved_is_known_by_what_it_holds(desk: Desk) -> None:
    line = ask(FIRST, "One.", "Two.")
    desk.edit(line)
    desk.output.rename(desk.folder / "moved")

    moved = desk.edit(line, output="moved")
    [again] = desk.edit(line, output="moved").edited

    assert (moved.statuses, len(desk.gemini.edits.accepted)) == (["known"], 2)
    assert [str(path.relative_to(desk.folder / "moved")) for path in again.files] == list(
        find_outputs(desk.folder, "moved")
    )
    assert desk.rows("SELECT count(*) FROM location WHERE location LIKE %s", f"{desk.output}/%") == [(0,)]


def test_an_output_that_was_deleted_is_told_and_not_paid_again_unasked(desk: Desk) -> None:
    [first] = desk.edit(BLUE).edited[0].files
    first.unlink()

    gone = desk.edit(BLUE)
    forced = desk.edit(BLUE, force=True)

    assert gone.reasons == ["turn 1 was done, but its image is gone: put it back, or make another with --force"]
    assert (forced.statuses, len(desk.gemini.edits.accepted)) == (["edited"], 2)
    assert desk.edit(BLUE).statuses == ["known"]


def test_force_makes_another_beside_the_first_and_later_runs_know_the_newest(desk: Desk) -> None:
    [first] = desk.edit(BLUE).edited

    [second] = desk.edit(BLUE, force=True).edited
    [third] = desk.edit(BLUE).edited

    assert [path.name[-8:] for path in first.files + second.files] == ["_1_0.png", "_1_1.png"]
    assert (third.outcome.status, third.files) == ("known", second.files)
    assert list(find_outputs(desk.folder).values()) == [each.files[0].read_bytes() for each in (first, second)]
    assert desk.rows("SELECT take, state FROM edit ORDER BY take") == [(1, "done"), (2, "done")]


def test_what_a_dead_run_had_begun_is_done_by_the_next(desk: Desk) -> None:
    with desk.store.runs.running("dies", {}) as dead_run:
        desk.gemini.edits.answer = lambda _: IMAGE_SAFETY
        desk.edit(BLUE)
        desk.execute("UPDATE edit SET state = 'sent', run_id = %s", dead_run)
    desk.gemini.edits.answer = paint

    done = desk.edit(BLUE)

    assert (done.statuses, len(desk.gemini.edits.accepted)) == (["edited"], 2)


def test_an_edit_that_another_living_run_is_at_is_awaited(desk: Desk) -> None:
    desk.gemini.edits.answer = Hangs(1, paint)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(desk.edit, BLUE)
        while not desk.gemini.edits.accepted:
            Event().wait(0.01)
        [second] = desk.edit(BLUE).statuses

    assert (first.result().statuses, second) == (["edited"], "known")
    assert len(desk.gemini.edits.accepted) == 1


def test_a_stopped_run_keeps_what_is_in_flight_and_gives_the_rest_back(desk: Desk) -> None:
    stop = Event()

    def answer(asked: EditAsked) -> EditReply:
        stop.set()
        return paint(asked)

    desk.gemini.edits.answer = answer
    lines = [ask(f"picture-00{number}.jpg", "Make it blue.") for number in range(4)]

    stopped = desk.edit(*lines, stop=stop, concurrency=1)
    finished = desk.edit(*lines)

    assert sorted(stopped.statuses) == ["edited", "left", "left", "left"]
    assert sorted(finished.statuses) == ["edited", "edited", "edited", "known"]
    assert desk.rows("SELECT DISTINCT state FROM edit") == [("done",)]
    assert desk.rows("SELECT count(*) FROM failure") == [(0,)]
    assert finished.captioned + stopped.captioned == 8


def test_what_a_budget_leaves_is_no_failure(desk: Desk) -> None:
    lines = [ask(f"picture-00{number}.jpg", "Make it blue.") for number in range(4)]

    done = desk.edit(*lines, budget=0.1, concurrency=1)

    assert sorted(done.statuses) == ["edited", "left", "left", "left"]
    assert desk.rows("SELECT location, reason FROM failure") == []
    assert len(desk.gemini.edits.accepted) == 1


def test_no_more_is_sent_than_is_in_flight_when_a_disk_is_full(desk: Desk) -> None:
    lines = [ask(FIRST, f"Make it {colour}.") for colour in ("blue", "red", "green", "black", "white", "grey")]

    def break_folder(asked: EditAsked) -> EditReply:
        if not asked.number:
            desk.output.rename(desk.folder / "gone")
            desk.output.write_text("no folder")
        return paint(asked)

    desk.gemini.edits.answer = break_folder

    with pytest.raises(SettingsError, match="cannot be written to"):
        desk.edit(*lines, concurrency=1)

    assert len(desk.gemini.edits.accepted) == 1
    assert desk.rows("SELECT DISTINCT state FROM edit") == [("accepted",)]
    assert desk.rows("SELECT outcome, count(*) FROM request WHERE edit_id IS NOT NULL GROUP BY 1") == [("unusable", 1)]


def test_edits_in_flight_are_kept_when_captions_cannot_be_made_at_all(desk: Desk, openai_server: FakeOpenAI) -> None:
    openai_server.key = "sk-other"
    desk.gemini.edits.answer = ByInstruction({"green": Hangs(0.5, paint), "red": Hangs(2, paint)})
    lines = [BLUE, ask(FIRST, "Make it green."), ask(FIRST, "Make it red.")]

    with pytest.raises(ModelUnusableError):
        desk.edit(*lines)
    states = desk.rows("SELECT state FROM edit")
    openai_server.key = "sk-test"
    again = desk.edit(*lines)

    assert (states, again.statuses, again.captioned) == ([("done",)] * 3, ["known"] * 3, 4)
    assert len(desk.gemini.edits.accepted) == 3


def test_who_waits_for_an_edit_only_reads(desk: Desk) -> None:
    desk.gemini.edits.answer = Hangs(1.5, paint)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(desk.edit, BLUE)
        while not desk.gemini.edits.accepted:
            Event().wait(0.01)
        written = desk.rows("SELECT xmin::text FROM edit_source")
        desk.edit(BLUE)

    assert first.result().statuses == ["edited"]
    assert desk.rows("SELECT xmin::text FROM edit_source") == written


def test_a_number_and_its_digits_are_the_same_parameter(desk: Desk, openai_server: FakeOpenAI) -> None:
    openai: dict[str, Any] = {"api_format": "openai", "model": "gpt-image-1"}

    [text] = desk.edit(ask(FIRST, "Make it blue.", parameters={"n": "2"}), **openai).edited
    [number] = desk.edit(ask(FIRST, "Make it blue.", parameters={"n": 2}), **openai).edited

    assert (text.outcome.status, len(text.files)) == ("edited", 2)
    assert (number.outcome.status, number.files) == ("known", text.files)
    assert len(openai_server.edits.accepted) == 1


def test_a_budget_of_what_a_dry_run_says_is_enough(desk: Desk) -> None:
    with desk.making(Wanted()) as (run, editor):
        plan = plan_edits(run, editor, desk.load(BLUE, BLUE), force=True)

    assert plan.calls == 1
    assert desk.edit(BLUE, budget=plan.most_cost_usd).statuses == ["edited"]
