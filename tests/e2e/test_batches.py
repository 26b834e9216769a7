"""`indexer ingest --batch`: half the price, and nothing paid twice whatever happens in between."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Command, finish
from tests.fakes.openai_batch_lines import Line, Result, answered, read_lines
from tests.fakes.openai_server import Asked, FakeOpenAI, Fault, Reply, describe, pixels_key
from tests.images import write_images


def wait_until_sent(server: FakeOpenAI, requests: int) -> None:
    deadline = time.monotonic() + 180
    while len(server.accepted) < requests and time.monotonic() < deadline:
        time.sleep(0.05)


def failing_at_first(share: int) -> "tuple[list[str], object]":
    """Answer a 500 the first time for every so-manieth picture."""
    failed: list[str] = []

    def answer(asked: Asked) -> Reply | Fault:
        key = pixels_key(asked.image)
        if int(key[:6], 16) % share == 0 and key not in failed:
            failed.append(key)
            return Fault(status=500)
        return describe(asked)

    return failed, answer


def test_a_batch_is_sent_collected_and_costs_half(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 12)
    openai_server.batch_seconds = 1.0

    finished = paying("ingest", tmp_path / "images", "--batch", "--json")

    summary = finished.lines[-1]
    assert finished.code == 0, finished.err
    assert (summary["captioned"], summary["requests"], summary["indexed"], summary["batched"]) == (12, 12, 12, 0)
    assert summary["cost_usd"] == pytest.approx(12 * (1000 * 0.15 + 100 * 0.60) / 1e6 / 2)
    assert len({asked.batch for asked in openai_server.accepted}) == 1
    assert set(openai_server.asked_for().values()) == {1}
    assert paying("costs", "--json").lines[0]["cost_usd"] == pytest.approx(summary["cost_usd"])
    assert paying("ingest", tmp_path / "images", "--batch", "--json").lines[-1]["known"] == 12
    assert len(openai_server.accepted) == 12


def test_a_killed_run_collects_its_batch_the_next_time(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 60)
    failed, answer = failing_at_first(10)
    openai_server.answer = answer  # type: ignore[assignment]
    openai_server.batches_may_end.clear()
    process = paying.start("ingest", tmp_path / "images", "--batch")
    wait_until_sent(openai_server, 30)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    openai_server.batches_may_end.set()

    elsewhere = paying("ingest", tmp_path / "images", "--json").lines[-1]
    finished = paying("ingest", tmp_path / "images", "--batch", "--json")

    summary, asked = finished.lines[-1], openai_server.asked_for()
    assert (elsewhere["batched"], elsewhere["requests"]) == (60, 0)
    assert finished.code == 0, finished.err
    assert failed
    assert (summary["captioned"], summary["failed"], summary["requests"]) == (60, 0, 60)
    assert {key for key, count in asked.items() if count > 1} == set(failed)
    assert len(openai_server.accepted) == 60 + len(failed)
    assert paying("status", "--json").lines[0]["entries"] == 60


def test_a_stopped_run_leaves_its_batch_to_the_next(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 8)
    openai_server.batches_may_end.clear()
    process = paying.start("ingest", tmp_path / "images", "--batch")
    wait_until_sent(openai_server, 4)
    process.send_signal(signal.SIGINT)
    stopped = finish(process)
    openai_server.batches_may_end.set()

    summary = paying("ingest", tmp_path / "images", "--batch", "--json").lines[-1]

    assert stopped.code == 130, stopped.err
    assert "8 waiting in a batch" in stopped.out
    assert (summary["captioned"], summary["batched"]) == (8, 0)
    assert set(openai_server.asked_for().values()) == {1}


def test_unusable_answers_are_repaired_and_an_expired_batch_is_sent_again(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 6)
    openai_server.expires_after_lines = 2
    openai_server.answer = lambda asked: Reply(content="I'm sorry.") if asked.number == 0 else describe(asked)

    finished = paying("ingest", tmp_path / "images", "--batch", "--json")

    summary = finished.lines[-1]
    assert finished.code == 0, finished.err
    assert (summary["captioned"], summary["requests"]) == (6, 7)
    assert [asked.batch for asked in openai_server.accepted].count(None) == 1


def test_an_endpoint_of_another_dialect_is_learnt_from_failed_lines(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 3)
    openai_server.knows_schemas = False
    openai_server.knows_completion_limit = False

    summary = paying("ingest", tmp_path / "images", "--batch", "--json").lines[-1]

    assert (summary["captioned"], summary["failed"]) == (3, 0)
    assert len(openai_server.accepted) == 3


def test_a_budget_sends_only_what_it_can_pay(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 5)

    finished = paying("ingest", tmp_path / "images", "--batch", "--budget", "0.004", "--json")

    summary = finished.lines[-1]
    assert finished.code == 0, finished.err
    assert summary["captioned"] > 0
    assert summary["captioned"] + summary["left"] == 5
    assert summary["cost_usd"] <= 0.004
    assert len(openai_server.accepted) == summary["captioned"]


def test_batches_need_an_endpoint_that_has_them(indexer: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 1)

    finished = indexer("ingest", tmp_path / "images", "--batch")

    assert (finished.code, finished.out) == (1, "")
    assert "--batch needs" in finished.err


def test_a_line_that_is_always_missing_is_given_up_and_the_others_are_collected(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_images(tmp_path / "images", 3)
    shown = []

    def first_is_garbage(line: Line, result: Result) -> dict[str, Any]:
        shown.append(line.custom_id)
        said = answered(line, result)
        return {**said, "response": "text"} if line.custom_id == shown[0] or len(shown) > 3 else said

    monkeypatch.setattr("tests.fakes.openai_batches.answered", first_is_garbage)

    finished = paying("ingest", tmp_path / "images", "--batch", "--json")

    summary = finished.lines[-1]
    assert (finished.code, summary["captioned"], summary["failed"], summary["left"]) == (3, 2, 1, 0), finished.err
    assert len(openai_server.accepted) == 5
    assert "no line for it" in paying("failures", "--json").lines[0]["reason"]


def test_an_endpoint_without_batches_leaves_its_images_free(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 2)
    openai_server.most_file_bytes = 1

    refused = paying("ingest", tmp_path / "images", "--batch")
    summary = paying("ingest", tmp_path / "images", "--json").lines[-1]

    assert (refused.code, "Ask without --batch" in refused.err) == (1, True), refused.err
    assert (summary["captioned"], summary["batched"]) == (2, 0)


def test_a_batch_that_is_too_much_is_sent_in_halves(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_images(tmp_path / "images", 6)

    def at_most_two(raw: bytes, *, most_lines: int) -> tuple[list[Line], list[dict[str, Any]]]:
        lines, errors = read_lines(raw, most_lines=most_lines)
        too_much = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached", "line": None}
        return lines, [too_much] if len(lines) > 2 else errors

    monkeypatch.setattr("tests.fakes.openai_batches.read_lines", at_most_two)

    finished = paying("ingest", tmp_path / "images", "--batch", "--json")

    assert (finished.code, finished.lines[-1]["captioned"]) == (0, 6), finished.err
    assert set(openai_server.asked_for().values()) == {1}
