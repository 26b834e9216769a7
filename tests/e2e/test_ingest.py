"""`indexer ingest` against an endpoint: everything captioned once, nothing lost, nothing paid twice."""

import io
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import Command, finish
from tests.fakes.openai_server import Asked, FakeOpenAI, Fault, Reply, caption_reply, describe
from tests.images import image_bytes, write_images


def test_every_image_is_captioned_once_and_found(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 12)
    openai_server.answer = lambda asked: caption_reply(f"Picture {asked.number} of a zebra.", "An animal in stripes.")

    finished = paying("ingest", tmp_path / "images", "--json")

    summary = finished.lines[-1]
    assert finished.code == 0, finished.err
    assert (summary["seen"], summary["captioned"], summary["failed"], summary["requests"]) == (12, 12, 0, 12)
    assert summary["indexed"] == 12
    assert summary["cost_usd"] == pytest.approx(12 * (1000 * 0.15 + 100 * 0.60) / 1e6)
    assert set(openai_server.asked_for().values()) == {1}
    assert openai_server.refused == []
    assert paying("search", "striped animal", "--json").lines[0]["hits"][0]["band"] == "strong"


def test_a_second_run_sends_nothing(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 5)
    paying("ingest", tmp_path / "images")

    summary = paying("ingest", tmp_path / "images", "--json").lines[-1]

    assert (summary["known"], summary["requests"], summary["indexed"]) == (5, 0, 0)
    assert len(openai_server.accepted) == 5


def test_another_model_buys_nothing_again(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 3)
    paying("ingest", tmp_path / "images")

    paying("ingest", tmp_path / "images", "--model", "gpt-4o", "--max-edge", "512")

    assert len(openai_server.accepted) == 3


def test_a_run_that_is_killed_half_way_goes_on_where_it_was(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    concurrency = 4
    write_images(tmp_path / "images", 40)
    openai_server.latency_s = 0.15
    first = paying.start("ingest", tmp_path / "images", "--concurrency", str(concurrency))
    _wait_until(lambda: len(openai_server.accepted) >= 20)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=30)

    finished = paying("ingest", tmp_path / "images", "--concurrency", str(concurrency), "--json")

    asked = openai_server.asked_for()
    assert finished.code == 0, finished.err
    assert len(asked) == 40
    assert sum(asked.values()) <= 40 + concurrency
    status = paying("status", "--json").lines[0]
    assert (status["captions"], status["entries"], status["failures"]) == (40, 40, 0)


def test_two_runs_at_once_ask_for_every_image_once(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 30)
    openai_server.latency_s = 0.1

    both = [paying.start("ingest", tmp_path / "images", "--concurrency", "4", "--json") for _ in range(2)]
    finished = [finish(process) for process in both]

    assert [one.code for one in finished] == [0, 0], [one.err for one in finished]
    assert list(openai_server.asked_for().values()) == [1] * 30
    assert sum(one.lines[-1]["captioned"] for one in finished) == 30
    assert paying("status", "--json").lines[0]["entries"] == 30


def test_the_same_file_in_three_folders_is_captioned_once(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    for folder in ("a", "b", "c/d"):
        (tmp_path / "images" / folder).mkdir(parents=True)
        (tmp_path / "images" / folder / "same.jpg").write_bytes(image_bytes(1))
    openai_server.latency_s = 0.2

    summary = paying("ingest", tmp_path / "images", "--json").lines[-1]

    assert (summary["seen"], summary["captioned"], summary["known"]) == (3, 1, 2)
    assert len(openai_server.accepted) == 1
    counts = paying("status", "--json").lines[0]
    assert (counts["images"], counts["locations"], counts["entries"]) == (1, 3, 1)


def test_a_moved_file_is_known_by_its_content(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    [path] = write_images(tmp_path / "images", 1)
    paying("ingest", tmp_path / "images")
    (tmp_path / "images" / "summer").mkdir()
    path.rename(tmp_path / "images" / "summer" / "lake.jpg")

    summary = paying("ingest", tmp_path / "images", "--json").lines[-1]

    assert (summary["known"], len(openai_server.accepted)) == (1, 1)
    assert paying("search", "summer lake", "--mode", "text", "--json").lines[0]["hits"] != []


def test_ctrl_c_keeps_what_is_paid_for_and_says_what_is_left(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 40)
    openai_server.latency_s = 0.2
    process = paying.start("ingest", tmp_path / "images", "--concurrency", "2")
    _wait_until(lambda: len(openai_server.accepted) >= 6)

    process.send_signal(signal.SIGINT)
    finished = finish(process)

    assert finished.code == 130
    assert "run the same command again" in finished.out
    paid = len(openai_server.accepted)
    assert paid < 40
    assert paying("status", "--json").lines[0]["captions"] == paid


def test_only_pixels_are_sent(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret description"
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)}
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "small.jpg").write_bytes(image_bytes(1, exif=exif))
    (tmp_path / "images" / "large.jpg").write_bytes(image_bytes(2, size=(3000, 2000), exif=exif))

    paying("ingest", tmp_path / "images")

    sent = [asked.image for asked in openai_server.accepted]
    assert len(sent) == 2
    assert all(b"Exif" not in image and b"secret" not in image for image in sent)
    assert all(max(Image.open(io.BytesIO(image)).size) <= 768 for image in sent)


def test_a_wrong_key_ends_the_run_with_one_sentence(paying: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 3)
    paying.variables["OPENAI_API_KEY"] = "sk-wrong"

    finished = paying("ingest", tmp_path / "images")

    assert finished.code == 1
    assert finished.err.splitlines()[-1] == "Error: The endpoint says: Incorrect API key provided (HTTP 401)"
    assert "Traceback" not in finished.err


def test_an_unknown_model_ends_the_run_with_one_sentence(paying: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 3)

    finished = paying("ingest", tmp_path / "images", "--model", "gpt-none")

    assert finished.code == 1
    assert "`gpt-none` does not exist" in finished.err


def test_busy_and_broken_answers_are_asked_again(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 6)
    faults = {
        0: Fault(status=429, message="Rate limit reached", retry_after="0.1"),
        1: Fault(status=500),
        2: Fault(status=200, raw=b'{"choices": [{"mess'),
        3: Fault(hang_up=True),
        4: Fault(status=503, message="Overloaded"),
    }
    openai_server.answer = lambda asked: faults.get(asked.number) or describe(asked)

    finished = paying("ingest", tmp_path / "images", "--json")

    assert finished.code == 0, finished.out + finished.err
    assert finished.lines[-1]["captioned"] == 6
    assert finished.lines[-1]["requests"] == 11


def test_what_is_no_caption_is_never_indexed(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 6)
    replies = [
        Reply(content=None, refusal="I'm sorry, I can't help with that."),
        Reply(content="null"),
        Reply(content=""),
        Reply(content='{"captions": ["A dog ru', finish_reason="length"),
        Reply(content="Error: upstream time-out"),
        caption_reply("A lighthouse on a cliff."),
    ]
    openai_server.answer = lambda asked: replies[asked.number]

    finished = paying("ingest", tmp_path / "images", "--concurrency", "1", "--json")
    again = paying("ingest", tmp_path / "images", "--json")

    assert finished.code == 3
    assert (finished.lines[-1]["captioned"], finished.lines[-1]["quarantined"]) == (1, 5)
    assert (again.code, again.lines[-1]["requests"], again.lines[-1]["failed"]) == (3, 0, 5)
    status = paying("status", "--json").lines[0]
    assert (status["entries"], status["quarantined"]) == (1, 5)
    assert {failure["quarantined"] for failure in paying("failures", "--json").lines} == {True}


def test_a_quarantined_image_is_asked_again_with_retry_failed(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 1)
    openai_server.answer = lambda asked: Reply(content="null") if asked.number == 0 else describe(asked)
    paying("ingest", tmp_path / "images")

    finished = paying("ingest", tmp_path / "images", "--retry-failed", "--json")

    assert (finished.code, finished.lines[-1]["captioned"]) == (0, 1)
    assert paying("failures", "--json").lines == []


@pytest.mark.parametrize(("schemas", "limit"), [(False, True), (True, False), (False, False)])
def test_an_endpoint_of_another_dialect_is_understood(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path, schemas: bool, limit: bool
) -> None:
    write_images(tmp_path / "images", 4)
    openai_server.knows_schemas, openai_server.knows_completion_limit = schemas, limit

    finished = paying("ingest", tmp_path / "images", "--concurrency", "1", "--json")

    assert (finished.code, finished.lines[-1]["captioned"]) == (0, 4), finished.err
    assert len(openai_server.refused) == [schemas, limit].count(False)


def test_an_endpoint_that_answers_nothing_is_given_up(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 60)
    openai_server.answer = lambda _: Fault(status=400, message="This model does not take images")

    finished = paying("ingest", tmp_path / "images")

    assert finished.code == 1
    assert "images all failed: This model does not take images" in finished.err
    assert len(openai_server.accepted) < 60


def test_a_dry_run_sends_and_writes_nothing(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 3)

    finished = paying("ingest", tmp_path / "images", "--dry-run", "--json")

    assert finished.lines == [{"dry_run": True, "seen": 3, "known": 0, "failed": 0, "to_do": 3, "requests": 3}]
    assert openai_server.accepted == []
    assert paying("status", "--json").lines[0]["images"] == 0


def test_a_revised_prompt_waits_for_reindex(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 1)
    paying("ingest", tmp_path / "images")
    paying("prompts", "init")
    prompt = paying.folder / "prompts" / "retrieval.toml"
    prompt.write_text(prompt.read_text().replace("for a search index", "for a newspaper's archive"))
    write_images(tmp_path / "images", 1, first=1)

    finished = paying("ingest", tmp_path / "images")

    assert "revision 2 waits for `indexer reindex`" in finished.err
    assert "for a search index" in openai_server.accepted[-1].text
    assert [line["revision"] for line in paying("prompts", "list", "--json").lines] == [2, 1]


def test_an_unanswered_image_is_taken_up_by_the_next_run(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 2)
    openai_server.answer = _hang_on_first

    finished = paying("ingest", tmp_path / "images", "--timeout", "0.3", "--concurrency", "1", "--json")

    assert finished.lines[-1]["captioned"] == 2
    assert finished.lines[-1]["requests"] == 3


def _hang_on_first(asked: Asked) -> Reply:
    time.sleep(1 if asked.number == 0 else 0)
    return describe(asked)


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
