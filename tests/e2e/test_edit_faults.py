"""`indexer edit` when it is killed, stopped, refused, or short of what it needs: nothing is lost or paid for twice."""

import signal

import pytest

from tests.e2e.conftest import Command, finish, wait_until
from tests.e2e.reindexes import find_faults, kill
from tests.edits import ask, find_outputs, read_results, write_requests
from tests.fakes.edit_scripts import BROKEN, BUSY, IMAGE_SAFETY, ByInstruction, Hangs, InTurn, Shares, paint_half
from tests.fakes.edits import paint
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.openai_server import FakeOpenAI
from tests.images import write_images

_IN_FLIGHT = 4
FLASH = ("--model-name", "gemini-2.5-flash-image")


def write_many(command: Command, count: int) -> None:
    """Write a file of so many requests on four pictures."""
    write_images(command.folder, 4, first=50)
    lines = (ask(f"picture-0{50 + number % 4}.jpg", f"Paint {number}.") for number in range(count))
    write_requests(command.folder, *lines)


def test_a_run_that_is_killed_half_way_goes_on_where_it_was(editing: Command, gemini_server: FakeGemini) -> None:
    write_many(editing, 40)
    edits = gemini_server.edits
    edits.latency_s = 0.15
    command = ("edit", "requests.jsonl", *FLASH, "--batch-size", str(_IN_FLIGHT), "--json")
    process = editing.start(*command)
    wait_until(lambda: len(edits.answered) >= 20)
    kill(process)

    finished, again = editing(*command), editing(*command)

    paid = edits.paid_for()
    assert finished.code == 0, finished.err
    assert finished.lines[-1]["known"] >= 20 - _IN_FLIGHT
    assert finished.lines[-1]["known"] + finished.lines[-1]["edited"] == 40
    assert (len(paid), sum(paid.values()) <= 40 + _IN_FLIGHT, edits.most_in_flight) == (40, True, _IN_FLIGHT)
    assert (again.lines[-1]["known"], again.lines[-1]["requests"], again.lines[-1]["captioned"]) == (40, 0, 0)
    returned = edits.returned().values()
    assert set(find_outputs(editing.folder).values()) <= set(returned)
    assert [line["conversations"][0]["content"] for line in read_results(editing.folder)] == [
        f"Paint {number}." for number in range(40)
    ]
    assert find_faults(editing.variables["DATABASE_URL"]) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_is_in_flight_and_the_same_command_does_the_rest(
    number: signal.Signals, editing: Command, gemini_server: FakeGemini
) -> None:
    write_many(editing, 12)
    gemini_server.edits.latency_s = 0.3
    process = editing.start("edit", "requests.jsonl", *FLASH, "--batch-size", "2")
    wait_until(lambda: len(gemini_server.edits.accepted) >= 4)

    process.send_signal(number)
    stopped, paid = finish(process), len(gemini_server.edits.accepted)
    gemini_server.edits.latency_s = 0
    finished = editing("edit", "requests.jsonl", *FLASH, "--json")

    assert (stopped.code, paid < 12) == (130, True), stopped.err
    assert "Stopped before the end: run the same command again, and it goes on from here." in stopped.out
    assert (finished.code, finished.lines[-1]["known"], finished.lines[-1]["edited"]) == (0, paid, 12 - paid)
    assert list(gemini_server.edits.paid_for().values()) == [1] * 12
    assert find_faults(editing.variables["DATABASE_URL"]) == []


def test_busy_and_broken_endpoints_delay_and_lose_nothing(editing: Command, gemini_server: FakeGemini) -> None:
    write_many(editing, 40)
    gemini_server.edits.answer = Shares(((0.1, BUSY), (0.1, BROKEN)))

    finished = editing("edit", "requests.jsonl", *FLASH, "--batch-size", "10", "--json")

    assert (finished.code, finished.lines[-1]["edited"]) == (0, 40), finished.out
    assert list(gemini_server.edits.paid_for().values()) == [1] * 40
    assert finished.lines[-1]["requests"] == len(gemini_server.edits.accepted) > 40


def test_an_endpoint_that_hangs_is_given_up_and_asked_again(editing: Command, gemini_server: FakeGemini) -> None:
    write_many(editing, 1)
    gemini_server.edits.answer = InTurn((Hangs(20, paint),))

    finished = editing("edit", "requests.jsonl", *FLASH, "--timeout", "1", "--json")

    assert (finished.code, finished.lines[-1]["edited"], finished.lines[-1]["requests"]) == (0, 1, 2), finished.out
    assert finished.lines[-1]["seconds"] < 18


def test_what_cannot_be_done_is_listed_and_asked_again_only_when_told_to(
    editing: Command, gemini_server: FakeGemini
) -> None:
    write_images(editing.folder, 1, first=50)
    lines = [ask("picture-050.jpg", f"Make it {what}.") for what in ("bad", "half", "good")]
    write_requests(editing.folder, *lines, '{"images": ', ask("missing.png", "Make it."))
    gemini_server.edits.answer = ByInstruction({"bad": IMAGE_SAFETY, "half": paint_half})

    first = editing("edit", "requests.jsonl", *FLASH)
    sent = len(gemini_server.edits.accepted)
    again = editing("edit", "requests.jsonl", *FLASH)
    failures, sent_again = editing("failures", "--json").lines, len(gemini_server.edits.accepted)
    gemini_server.edits.answer = paint
    retried = editing("edit", "requests.jsonl", *FLASH, "--retry-failed")

    file = f"{editing.folder}/requests.jsonl"
    told = first.err.splitlines()
    assert (first.code, again.code, retried.code, sent, sent_again) == (3, 3, 3, 4, 4)
    assert told[0] == f"failed: {file}:4: it is no JSON object"
    assert first.out.splitlines()[0].startswith("1 edited, 0 known, 4 failed: 1 image in edits; 2 indexed, 4 requests,")
    assert first.out.splitlines()[-1] == "`indexer failures` lists what failed and why."
    assert {failure["location"]: failure["retryable"] for failure in failures} == {
        f"{file}:1": False,
        f"{file}:2": False,
        f"{file}:4": False,
        f"{file}:5": True,
    }
    assert [failure["attempts"] for failure in sorted(failures, key=lambda each: each["location"])] == [1, 1, 1, 2]
    assert {failure["stage"] for failure in failures} == {"edit", "request"}
    assert retried.out.startswith("2 edited, 1 known, 2 failed: 3 images in edits; ")


@pytest.mark.parametrize(
    ("variable", "flags", "said"),
    [
        ("GEMINI_API_KEY", (), "API key not valid. Please pass a valid API key. (HTTP 400)"),
        ("", ("--model-name", "gemini-none"), "models/gemini-none is not found"),
        ("OPENAI_API_KEY", ("--api-format", "openai"), "The endpoint says: Incorrect API key provided (HTTP 401)"),
        ("", ("--api-format", "openai", "--model-name", "gpt-none"), "The model 'gpt-none' does not exist"),
    ],
)
def test_what_makes_all_requests_pointless_ends_the_command_with_one_sentence(
    variable: str, flags: tuple[str, ...], said: str, editing: Command, gemini_server: FakeGemini
) -> None:
    write_many(editing, 8)
    if variable:
        editing.variables[variable] = "wrong"

    finished = editing("edit", "requests.jsonl", *flags)

    assert finished.code == 1
    assert finished.err.splitlines()[-1].startswith("Error: ")
    assert said in finished.err.splitlines()[-1]
    assert "Traceback" not in finished.err
    assert len(gemini_server.refused) <= _IN_FLIGHT


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("requests.jsonl", "--output", "picture-050.jpg"), "cannot be written to"),
        (("nothing.jsonl",), "cannot be read: No such file or directory"),
        (("empty.jsonl",), "empty.jsonl: has no requests"),
        (("table.csv",), "table.csv: requests are JSONL: "),
        (("--image", "nope.png", "--instruction", "Go."), "nope.png: cannot be read: No such file or directory"),
        (("requests.jsonl", "--model-name", "gemini-none-image", "--budget", "1"), "the price of gemini-none-image"),
    ],
)
def test_what_cannot_begin_is_one_sentence_before_anything_is_sent(
    flags: tuple[str, ...], said: str, editing: Command, gemini_server: FakeGemini, openai_server: FakeOpenAI
) -> None:
    write_many(editing, 1)
    (editing.folder / "empty.jsonl").touch()
    (editing.folder / "table.csv").write_text("image,instruction\na.jpg,Go.\n")

    finished = editing("edit", *flags)

    assert (finished.code, finished.out) == (1, "")
    assert said in finished.err
    assert editing("failures").out == "Nothing failed.\n"
    assert "Traceback" not in finished.err
    assert gemini_server.edits.accepted + openai_server.edits.accepted == []


def test_a_budget_and_a_limit_leave_the_rest_for_later(editing: Command, gemini_server: FakeGemini) -> None:
    write_many(editing, 8)
    command = ("edit", "requests.jsonl", *FLASH, "--batch-size", "1", "--json")

    limited = editing(*command, "--limit", "1").lines[-1]
    paid = editing(*command, "--budget", "0.2")
    summary, spent = paid.lines[-1], len(gemini_server.edits.accepted)
    rest = editing(*command).lines[-1]

    assert (limited["seen"], limited["edited"]) == (1, 1)
    assert (paid.code, summary["budget_exhausted"], summary["failed"]) == (0, True, 0), paid.err
    assert summary["cost_usd"] + summary["caption_cost_usd"] <= 0.2
    assert 1 < spent < 8
    assert (rest["known"], rest["edited"], rest["left"]) == (spent, 8 - spent, 0)
    assert list(gemini_server.edits.paid_for().values()) == [1] * 8


@pytest.mark.parametrize("flags", [(), ("requests.jsonl", "--image", "a.png"), ("--instruction", "Go.")])
def test_flags_that_do_not_go_together_are_wrong_usage(flags: tuple[str, ...], editing: Command) -> None:
    finished = editing("edit", *flags)

    assert (finished.code, finished.out) == (2, "")


def test_the_command_line_of_dataflows_pipeline_works_as_it_is(editing: Command) -> None:
    write_many(editing, 1)

    finished = editing(
        *("edit", "--first_entry_file_name", "requests.jsonl", "--cache_path", "cache", "--api_format", "gemini"),
        *("--model_name", "gemini-2.5-flash-image", "--batch_size", "2", "--json"),
    )

    assert (finished.code, finished.lines[-1]["edited"]) == (0, 1), finished.err
    assert len(read_results(editing.folder, "cache")) == 1


def test_a_turn_that_was_paid_for_is_listed_when_the_next_fails(editing: Command, gemini_server: FakeGemini) -> None:
    write_images(editing.folder, 1, first=50)
    write_requests(editing.folder, ask("picture-050.jpg", "Paint it.", "Refuse it."))
    gemini_server.edits.answer = ByInstruction({"Refuse it.": IMAGE_SAFETY})

    first = editing("edit", "requests.jsonl", *FLASH)
    [broken] = read_results(editing.folder)
    again = editing("edit", "requests.jsonl", *FLASH)
    [failure] = editing("failures", "--json").lines
    gemini_server.edits.answer = paint
    finished = editing("edit", "requests.jsonl", *FLASH, "--retry-failed")
    [whole] = read_results(editing.folder)

    assert (first.code, again.code, finished.code) == (3, 3, 0)
    assert (len(broken["output_image"]), broken["error"][:8]) == (1, "turn 2: ")
    assert (len(whole["output_image"]), "error" in whole) == (2, False)
    assert failure["attempts"] == 1
