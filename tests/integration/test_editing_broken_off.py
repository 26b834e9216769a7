"""Runs of edits that break off, or nearly do: what is paid for is kept and told, and nobody waits for the rest."""

import shutil
from pathlib import Path

import psycopg
import pytest

from indexer.errors import ModelUnusableError, SettingsError
from indexer.pipelines.editing.editing import Edited
from tests.edits import ask
from tests.fakes.edit_scripts import ByInstruction, Hangs
from tests.fakes.edits import EditAsked, EditReply, paint
from tests.fakes.serving import Fault
from tests.integration.edits import Desk, Wanted

FIRST = "picture-000.jpg"
BLUE = ask(FIRST, "Make it blue.")
WRONG_KEY = Fault(status=401, message="API key not valid")
# The connection that holds the run's lock stays: without it the run would not be alive.
DROP_IDLE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle'
      AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')
"""
DROP_ONCE = """
    CREATE SEQUENCE drops;
    CREATE FUNCTION drop_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('drops') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER drop_once BEFORE INSERT ON edit_output FOR EACH ROW EXECUTE FUNCTION drop_once()
"""


def test_an_edit_that_cannot_be_kept_is_given_back_and_its_equal_does_not_wait(desk: Desk) -> None:
    desk.execute("ALTER TABLE edit_output ADD CONSTRAINT broken CHECK (false)")

    with pytest.raises(psycopg.errors.CheckViolation):
        desk.edit(BLUE, BLUE)

    assert desk.rows("SELECT state, run_id FROM edit") == [("accepted", None)]


def test_a_folder_that_is_removed_meanwhile_ends_the_run_in_one_sentence(desk: Desk) -> None:
    def answer(asked: EditAsked) -> EditReply:
        shutil.rmtree(desk.output)
        return paint(asked)

    desk.gemini.edits.answer = answer

    with pytest.raises(SettingsError, match=r"Edited images cannot be written to .*/edits: No such file"):
        desk.edit(BLUE)

    assert desk.rows("SELECT state FROM edit") == [("accepted",)]
    assert desk.rows("SELECT outcome FROM request WHERE edit_id IS NOT NULL") == [("unusable",)]


def test_what_is_finished_is_told_though_the_run_breaks_off(desk: Desk) -> None:
    desk.gemini.edits.answer = ByInstruction({"red": Hangs(0.3, WRONG_KEY), "blue": Hangs(0.8, paint)})
    told: list[Edited] = []

    with desk.running(Wanted()) as (editing, _editor), pytest.raises(ModelUnusableError):
        list(editing.edit(desk.load(BLUE, ask(FIRST, "Make it red.")), told.append))

    assert {each.outcome.location[-1]: (each.outcome.status, each.outcome.requests) for each in told} == {
        "1": ("edited", 1),
        "2": ("left", 1),
    }
    assert [len(each.files) for each in told if each.outcome.status == "edited"] == [1]


def test_connections_that_are_dropped_meanwhile_cost_no_image(desk: Desk) -> None:
    def answer(asked: EditAsked) -> EditReply:
        desk.execute(DROP_IDLE)
        return paint(asked)

    desk.gemini.edits.answer = answer

    assert desk.edit(BLUE).statuses == ["edited"]
    assert len(desk.gemini.edits.accepted) == 1


def test_a_connection_that_is_dropped_while_an_image_is_kept_costs_none(desk: Desk) -> None:
    desk.execute(DROP_ONCE)

    done = desk.edit(BLUE)

    assert (done.statuses, len(desk.gemini.edits.accepted)) == (["edited"], 1)
    assert desk.rows("SELECT state, (SELECT count(*) FROM edit_output) FROM edit") == [("done", 1)]
    assert desk.rows("SELECT outcome FROM request WHERE edit_id IS NOT NULL") == [("answered",)]


def test_a_finished_edit_stays_known_when_its_parent_is_gone(desk: Desk) -> None:
    [made] = desk.edit(BLUE).edited
    [[image_id]] = desk.rows("SELECT image_id FROM location WHERE location = %s", str(desk.folder / FIRST))
    Path(desk.folder / FIRST).unlink()

    again = desk.edit(BLUE, ask(f"image:{image_id}", "Make it blue."), ask(FIRST, "Make it red."))

    assert again.statuses == ["known", "known", "failed"]
    assert [each.files for each in again.edited[:2]] == [made.files] * 2
    assert again.reasons[2] == f"{FIRST}: There is no file any more for image {image_id}"
