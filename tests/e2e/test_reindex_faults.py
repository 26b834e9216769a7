"""`indexer reindex` when it is killed, stopped, out of money, or short of what it needs: it goes on where it was."""

import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from tests.e2e.conftest import Command, finish, wait_until
from tests.e2e.reindexes import (
    count_backends,
    count_captions,
    count_entries,
    find_faults,
    find_sentences,
    find_waiting,
    has_table,
    holding,
    kill,
    make_edit,
    states,
)
from tests.e2e.subjects import SUBJECTS, describe_well, name_subject
from tests.fakes.openai_server import Asked, FakeOpenAI, Reply
from tests.images import image_bytes, write_images
from tests.prompts import write_revision

IMAGES = len(SUBJECTS)
_IN_FLIGHT = 4


@pytest.mark.parametrize(
    ("lock", "waiting"),
    [
        ("LOCK TABLE entry_2 IN SHARE MODE", "INSERT INTO entry"),
        ("LOCK TABLE entry_2 IN ROW EXCLUSIVE MODE", "CREATE INDEX"),
        ("SELECT FROM generation WHERE state = 'live' FOR UPDATE", "activate_generation"),
    ],
    ids=["embedding", "indexing", "switching"],
)
def test_a_reindex_that_is_killed_leaves_nothing_behind_and_is_completed_by_the_next(
    indexed: Command, openai_server: FakeOpenAI, lock: str, waiting: str
) -> None:
    database = indexed.variables["DATABASE_URL"]
    openai_server.answer, openai_server.latency_s = describe_well, 0.1
    write_revision(indexed.folder, "Say more.")
    process = indexed.start("reindex", "--concurrency", str(_IN_FLIGHT))
    wait_until(lambda: has_table(database, "entry_2"))
    with holding(database, lock):
        wait_until(lambda: find_waiting(database, waiting) != [] and count_captions(database) == 2 * IMAGES)
        kill(process)
        wait_until(lambda: count_backends(database) == 1, within_s=20)
    after_kill = states(database)

    finished = indexed("reindex", "--json")

    summary = finished.lines[-1]
    assert finished.code == 0, finished.err
    assert after_kill == ["live", "ready" if "activate" in waiting else "building"]
    assert (summary["state"], summary["activated"], summary["captioned"]) == ("live", True, 0)
    assert list(openai_server.asked_for().values()) == [1] * IMAGES
    assert find_faults(database) == []
    assert count_entries(database) == {1: IMAGES, 2: IMAGES}


def test_captions_of_a_killed_reindex_are_used_and_its_generation_goes_when_the_prompt_moves_on(
    indexed: Command, openai_server: FakeOpenAI
) -> None:
    database = indexed.variables["DATABASE_URL"]
    openai_server.answer, openai_server.latency_s = describe_well, 0.1
    write_revision(indexed.folder, "Say more.")
    process = indexed.start("reindex", "--concurrency", str(_IN_FLIGHT))
    wait_until(lambda: len(openai_server.accepted) >= 3 * _IN_FLIGHT)
    kill(process)
    wait_until(lambda: count_backends(database) == 0, within_s=20)
    openai_server.latency_s = 0
    asked, left = len(openai_server.accepted), states(database)

    write_revision(indexed.folder, "Say it in other words.")
    moved_on, dropped = indexed("reindex", "--no-activate"), not has_table(database, "entry_2")
    write_revision(indexed.folder, "Say more.")
    moved_back = indexed("reindex", "--json")

    summary = moved_back.lines[-1]
    assert left == ["live", "building"]
    assert moved_on.code == 0, moved_on.err
    assert "Generation 2, left unfinished with another target, is dropped." in moved_on.err
    assert dropped
    assert moved_back.code == 0, moved_back.err
    assert 0 < summary["requests"] <= IMAGES - asked + _IN_FLIGHT
    assert summary["requests"] == summary["captioned"]
    assert len(openai_server.accepted) <= 2 * IMAGES + _IN_FLIGHT
    assert (summary["generation"], summary["state"], summary["indexed"]) == (4, "live", IMAGES)
    assert states(database) == ["retired", "ready", "live"]
    assert find_faults(database) == []


def test_a_reindex_lets_no_second_one_in_and_ends_cleanly_at_ctrl_c(
    indexed: Command, openai_server: FakeOpenAI
) -> None:
    database, may_answer = indexed.variables["DATABASE_URL"], Event()
    openai_server.answer = held_until(may_answer)
    write_revision(indexed.folder, "Say more.")
    process = indexed.start("reindex", "--concurrency", str(_IN_FLIGHT))
    wait_until(lambda: len(openai_server.accepted) >= _IN_FLIGHT)

    second = indexed("reindex")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    told = process.stderr
    assert told is not None
    wait_until(lambda: "Stopping" in told.readline())
    may_answer.set()
    stopped, left, paid = finish(process), states(database), len(openai_server.accepted)
    finished = indexed("reindex", "--json")

    assert (second.code, second.err) == (1, "Error: Another reindex is running: let it finish, or stop it.\n")
    assert stopped.code == 130, stopped.err
    assert "run the same command again" in stopped.out
    assert (left, paid) == (["live", "building"], _IN_FLIGHT)
    assert finished.code == 0, finished.err
    assert finished.lines[-1]["requests"] == IMAGES - _IN_FLIGHT
    assert list(openai_server.asked_for().values()) == [1] * IMAGES
    assert find_faults(database) == []


def test_ctrl_c_does_not_wait_for_the_indexes(indexed: Command, openai_server: FakeOpenAI) -> None:
    database = indexed.variables["DATABASE_URL"]
    openai_server.answer, openai_server.latency_s = describe_well, 0.1
    write_revision(indexed.folder, "Say more.")
    process = indexed.start("reindex", "--concurrency", str(_IN_FLIGHT))
    wait_until(lambda: has_table(database, "entry_2"))
    with holding(database, "LOCK TABLE entry_2 IN ROW EXCLUSIVE MODE"):
        wait_until(lambda: find_waiting(database, "CREATE INDEX") != [])
        process.send_signal(signal.SIGINT)
        stopped = finish(process)
        wait_until(lambda: count_backends(database) == 1, within_s=20)
    left = states(database)

    finished = indexed("reindex", "--json")

    assert (stopped.code, left) == (130, ["live", "building"]), stopped.err
    assert (finished.code, finished.lines[-1]["state"]) == (0, "live"), finished.err
    assert list(openai_server.asked_for().values()) == [1] * IMAGES
    assert find_faults(database) == []


def test_a_reindex_whose_answers_are_all_refusals_asks_no_further_and_the_live_index_stays(
    indexed: Command, openai_server: FakeOpenAI
) -> None:
    database = indexed.variables["DATABASE_URL"]
    openai_server.answer = lambda _: Reply(content="I'm sorry, I can't help with that.")
    write_revision(indexed.folder, "Say what cannot be said.")

    refused = indexed("reindex", "--concurrency", "1")
    paid, left = len(openai_server.accepted), states(database)
    openai_server.answer = describe_well
    write_revision(indexed.folder, "Say more.")
    finished = indexed("reindex")

    assert refused.code == 4, refused.err
    assert "images in a row brought no caption" in refused.out
    assert "Generation 2 stays unfinished, and the live one goes on answering." in refused.out
    assert paid < 2 * 22  # each is asked for a repair; the twentieth in a row is the last, beside what was in flight
    assert left == ["live", "building"]
    assert finished.code == 0, finished.err
    assert states(database) == ["retired", "live"]
    assert find_faults(database) == []


def test_a_budget_ends_a_reindex_cleanly_and_the_next_pays_the_rest(
    indexed: Command, openai_server: FakeOpenAI
) -> None:
    database = indexed.variables["DATABASE_URL"]
    openai_server.answer = describe_well
    write_revision(indexed.folder, "Say more.")

    stopped = indexed("reindex", "--budget", "0.006")
    left, paid = states(database), len(openai_server.accepted)
    finished = indexed("reindex", "--json")

    assert stopped.code == 0, stopped.err
    assert "The budget of $0.006 leaves no room for another request; the rest waits." in stopped.out
    assert left == ["live", "building"]
    assert 0 < paid < IMAGES
    assert (finished.code, finished.lines[-1]["requests"]) == (0, IMAGES - paid), finished.err
    assert finished.lines[-1]["state"] == "live"
    assert list(openai_server.asked_for().values()) == [1] * IMAGES


def test_images_that_cannot_be_asked_about_keep_what_they_had_and_corrections_carry_over(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    database, folder = paying.variables["DATABASE_URL"], tmp_path / "images"
    gone, changed, corrected, edited, *_ = write_images(folder, 8)
    openai_server.answer = name_subject
    paying("ingest", folder)
    gone.unlink()
    changed.write_bytes(image_bytes(20))
    paying("correct", corrected, "--text", "My grandmother's cup.")
    make_edit(database, edited)
    openai_server.answer = describe_well
    write_revision(paying.folder, "Say more.")

    activated, failures = paying("reindex", "--json"), paying("failures", "--json").lines
    found = paying("search", "grandmother's cup", "--limit", "1", "--json").lines[0]["hits"][0]

    assert "the file has changed since it was indexed: ingest it first" in activated.out
    assert {failure["location"] for failure in failures} == {str(gone), str(changed)}
    summary = activated.lines[-1]
    assert (activated.code, summary["state"], summary["failed"], summary["requests"]) == (3, "live", 2, 6)
    assert "2 images are nowhere any more" in summary["verdict"]
    assert count_entries(database) == {1: 8, 2: 8}
    assert (found["caption"], found["why"]["corrected"]) == ("My grandmother's cup.", True)
    assert find_sentences(database, 2, gone) == find_sentences(database, 1, gone)
    assert len(find_sentences(database, 2, edited)) == 5
    assert find_faults(database) == []


def test_images_that_arrive_meanwhile_are_in_both_generations(
    indexed: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    database, may_answer = indexed.variables["DATABASE_URL"], Event()
    write_revision(indexed.folder, "Say more.")
    openai_server.answer = held_until(may_answer)
    process = indexed.start("reindex", "--json", "--concurrency", str(_IN_FLIGHT))
    wait_until(lambda: len(openai_server.accepted) >= _IN_FLIGHT)
    [arrived] = write_images(tmp_path / "more", 1, first=IMAGES)
    openai_server.answer = name_subject

    ingested = indexed("ingest", tmp_path / "more", "--json")
    openai_server.answer = describe_well
    may_answer.set()
    finished = finish(process)

    summary = finished.lines[-1]
    assert (ingested.code, ingested.lines[-1]["captioned"]) == (0, 1), ingested.err
    assert "waits for `indexer reindex`" in ingested.err
    assert finished.code == 0, finished.err
    assert (summary["state"], summary["captioned"]) == ("live", IMAGES + 1)
    assert count_entries(database) == {1: IMAGES + 1, 2: IMAGES + 1}
    assert [len(find_sentences(database, number, arrived)) for number in (1, 2)] == [2, 5]
    assert find_faults(database) == []


def held_until(may_answer: Event) -> Callable[[Asked], Reply]:
    """Answer well, once that is allowed."""

    def answer(asked: Asked) -> Reply:
        assert may_answer.wait(120)
        return describe_well(asked)

    return answer
