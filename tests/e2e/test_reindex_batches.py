"""`indexer reindex --batch`: half the price, and an answer is for the index that asked for it."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Command, wait_until
from tests.e2e.reindexes import count_fresh, find_faults, kill, states
from tests.e2e.subjects import SUBJECTS, describe_well
from tests.fakes.openai_batch_lines import Line, read_lines
from tests.fakes.openai_server import FakeOpenAI
from tests.prompts import write_revision

IMAGES = len(SUBJECTS)


def test_a_batch_costs_half_and_is_collected_by_the_next_reindex(indexed: Command, openai_server: FakeOpenAI) -> None:
    database = indexed.variables["DATABASE_URL"]
    openai_server.answer = describe_well
    openai_server.batches_may_end.clear()
    write_revision(indexed.folder, "Say more.")
    [plan] = indexed("reindex", "--batch", "-n", "--json").lines
    process = indexed.start("reindex", "--batch")
    wait_until(lambda: len(openai_server.accepted) >= IMAGES // 2)
    kill(process)

    without = indexed("reindex")
    left = states(database)
    openai_server.batches_may_end.set()
    finished = indexed("reindex", "--batch", "--json")

    summary = finished.lines[-1]
    price = IMAGES * (1000 * 0.15 + 100 * 0.60) / 1e6 / 2
    assert plan["cost_usd"] == pytest.approx(price, abs=1e-4)
    assert (without.code, left) == (0, ["live", "building"]), without.err
    assert f"{IMAGES} images wait in a batch: `indexer reindex --batch` collects it." in without.out
    assert finished.code == 0, finished.err
    assert (summary["captioned"], summary["requests"], summary["state"]) == (IMAGES, IMAGES, "live")
    assert summary["cost_usd"] == pytest.approx(price)
    assert list(openai_server.asked_for().values()) == [1] * IMAGES
    assert find_faults(database) == []


def test_a_batch_of_a_reindex_that_an_ingest_collects_is_no_business_of_the_live_index(
    indexed: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    database = indexed.variables["DATABASE_URL"]
    openai_server.answer = describe_well
    openai_server.batches_may_end.clear()
    write_revision(indexed.folder, "Say more.")
    process = indexed.start("reindex", "--batch")
    wait_until(lambda: len(openai_server.accepted) >= IMAGES // 2)
    kill(process)
    openai_server.batches_may_end.set()
    (tmp_path / "empty").mkdir()

    collected = indexed("ingest", tmp_path / "empty", "--batch", "--json").lines[-1]
    entries = count_fresh(database, 1)
    finished = indexed("reindex", "--json").lines[-1]

    assert (collected["captioned"], collected["indexed"], entries) == (IMAGES, 0, IMAGES)
    assert (finished["requests"], finished["state"], finished["indexed"]) == (0, "live", IMAGES)
    assert count_fresh(database, 2) == IMAGES
    assert list(openai_server.asked_for().values()) == [1] * IMAGES


def test_a_batch_that_is_too_much_is_sent_in_halves(
    indexed: Command, openai_server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_most_six(raw: bytes, *, most_lines: int) -> tuple[list[Line], list[dict[str, Any]]]:
        lines, errors = read_lines(raw, most_lines=most_lines)
        too_much = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached", "line": None}
        return lines, [too_much] if len(lines) > 6 else errors

    monkeypatch.setattr("tests.fakes.openai_batches.read_lines", at_most_six)
    openai_server.answer = describe_well
    write_revision(indexed.folder, "Say more.")

    finished = indexed("reindex", "--batch", "--json")

    summary = finished.lines[-1]
    assert (finished.code, summary["captioned"], summary["state"]) == (0, IMAGES, "live"), finished.err
    assert list(openai_server.asked_for().values()) == [1] * IMAGES
    assert count_fresh(indexed.variables["DATABASE_URL"], 2) == IMAGES
    assert find_faults(indexed.variables["DATABASE_URL"]) == []
