"""Runs of edits: each turn paid once, whoever asks for it and however often."""

from tests.edits import ask
from tests.integration.edits import Desk

FIRST, SECOND = "picture-000.jpg", "picture-001.jpg"


def test_a_request_that_stands_twice_in_a_file_is_paid_once(desk: Desk) -> None:
    line = ask(FIRST, "Make it blue.")

    done = desk.edit(line, line)

    assert sorted(done.statuses) == ["edited", "known"]
    assert len(desk.gemini.edits.accepted) == 1
    assert len({path for each in done.edited for path in each.files}) == 1


def test_a_turn_that_two_requests_share_is_paid_once(desk: Desk) -> None:
    done = desk.edit(ask(FIRST, "Make it blue."), ask(FIRST, "Make it blue.", "Make it round."))

    assert sorted(asked.instruction for asked in desk.gemini.edits.accepted) == ["Make it blue.", "Make it round."]
    assert [len(each.files) for each in done.edited] == [1, 2]
    shared = [each.files[0].read_bytes() for each in done.edited]
    assert shared[0] == shared[1]
