"""`indexer ingest` against an endpoint: everything captioned once, nothing lost, nothing paid twice."""

import io
import json
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import Command, finish, wait_until
from tests.fakes.openai_server import Asked, FakeOpenAI, Fault, Reply, caption_reply, describe, pixels_key
from tests.images import image_bytes, write_images


def test_every_image_is_captioned_once_and_found(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 12)
    openai_server.answer = lambda asked: caption_reply(f"Picture {asked.number} of a zebra.", "An animal in stripes.")

    finished = paying("ingest", tmp_path / "images", "--json")

    summary = finished.lines[-1]
    [cost] = paying("costs", "--json").lines
    [run] = paying("runs", "--json").lines
    assert finished.code == 0, finished.err
    assert (cost["model"], cost["prompts"], cost["requests"]) == ("gpt-4o-mini", ["retrieval 1"], 12)
    assert cost["cost_usd"] == pytest.approx(summary["cost_usd"])
    assert (run["command"], run["alive"], run["summary"]["captioned"]) == ("ingest", False, 12)
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
    wait_until(lambda: len(openai_server.accepted) >= 20)
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
    wait_until(lambda: len(openai_server.accepted) >= 6)

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
    by_picture: dict[str, Reply] = {}
    openai_server.answer = lambda asked: by_picture.setdefault(
        pixels_key(asked.image), replies[min(len(by_picture), len(replies) - 1)]
    )

    finished = paying("ingest", tmp_path / "images", "--concurrency", "1", "--json")
    again = paying("ingest", tmp_path / "images", "--json")

    assert finished.code == 3
    assert (finished.lines[-1]["captioned"], finished.lines[-1]["quarantined"]) == (1, 5)
    assert sorted(openai_server.asked_for().values()) == [1, 2, 2, 2, 2, 2]  # one repair request each
    assert (again.code, again.lines[-1]["requests"], again.lines[-1]["quarantined"]) == (3, 0, 5)
    status = paying("status", "--json").lines[0]
    assert (status["entries"], status["quarantined"]) == (1, 5)
    assert {failure["quarantined"] for failure in paying("failures", "--json").lines} == {True}


def test_a_quarantined_image_is_asked_again_with_retry_failed(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 1)
    openai_server.answer = lambda asked: Reply(content="null") if asked.number < 2 else describe(asked)
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
    assert "20 images in a row brought no caption; the last: This model does not take images" in finished.err
    assert len(openai_server.accepted) < 60
    openai_server.answer = describe
    assert paying("ingest", tmp_path / "images", "--json").lines[-1]["captioned"] == 60
    assert paying("failures", "--json").lines == []


def test_an_endpoint_without_credit_ends_the_run_and_spoils_nothing(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 40)
    out_of_credit = Fault(status=402, message="Insufficient credit")
    openai_server.answer = lambda asked: describe(asked) if asked.number < 5 else out_of_credit

    finished = paying("ingest", tmp_path / "images", "--concurrency", "1")

    assert finished.code == 1
    assert "Insufficient credit" in finished.err
    assert "5 captioned" in finished.out
    openai_server.answer = describe
    assert paying("ingest", tmp_path / "images", "--json").lines[-1]["captioned"] == 35


def test_a_reply_that_cannot_be_used_is_repaired_with_one_request(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 1)
    openai_server.answer = lambda asked: Reply(content="I'm sorry.") if asked.number == 0 else describe(asked)

    finished = paying("ingest", tmp_path / "images", "--json")

    assert (finished.code, finished.lines[-1]["captioned"], finished.lines[-1]["requests"]) == (0, 1, 2)
    assert finished.lines[-1]["tokens"] == 2200
    assert "the reply is a refusal" in openai_server.accepted[1].text
    assert paying("status", "--json").lines[0]["cost_usd"] == pytest.approx(2 * (1000 * 0.15 + 100 * 0.60) / 1e6)


def test_all_kinds_are_asked_in_one_request_and_only_the_stale_one_again(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 2)
    said = {
        "retrieval": {"captions": ["A heron."], "keywords": [], "visible_text": "", "uncertain": False},
        "alt_text": {"alt_text": "Heron at a pond"},
    }
    openai_server.answer = lambda asked: Reply(
        content=json.dumps(said if "## retrieval" in asked.text else said["alt_text"])
    )
    paying("ingest", tmp_path / "images", "--kinds", "retrieval,alt_text")
    paying("prompts", "init")
    prompt = paying.folder / "prompts" / "alt_text.toml"
    prompt.write_text(prompt.read_text().replace("for a web page", "for a museum"))

    finished = paying("ingest", tmp_path / "images", "--kinds", "retrieval,alt_text", "--json")

    assert (finished.code, finished.lines[-1]["captioned"], finished.lines[-1]["requests"]) == (0, 2, 2)
    assert ["## retrieval" in asked.text for asked in openai_server.accepted] == [True, True, False, False]
    assert "for a museum" in openai_server.accepted[-1].text


def test_a_busy_endpoint_is_used_as_far_as_it_goes(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 60)
    openai_server.latency_s = 0.05
    busy = Fault(status=429, message="Too many requests", retry_after="0")
    openai_server.answer = lambda asked: busy if openai_server._in_flight > 5 else describe(asked)

    finished = paying("ingest", tmp_path / "images", "--concurrency", "50", "--json")

    assert (finished.code, finished.lines[-1]["captioned"]) == (0, 60)


def test_a_web_page_for_an_answer_says_what_to_check(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 2)
    openai_server.answer = lambda _: Fault(status=200, raw=b"<!doctype html><title>Welcome</title>")

    finished = paying("ingest", tmp_path / "images")

    assert finished.code == 1
    assert "check OPENAI_BASE_URL" in finished.err


@pytest.mark.parametrize("raw", [b"[]", b"null", b'{"choices": [{"message": null}]}', b'{"choices": []}'])
def test_answers_of_odd_shapes_stop_nothing(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path, raw: bytes
) -> None:
    write_images(tmp_path / "images", 2)
    odd = Fault(status=200, raw=raw)
    openai_server.answer = lambda asked: odd if asked.number == 0 else describe(asked)

    finished = paying("ingest", tmp_path / "images", "--concurrency", "1", "--json")

    assert (finished.code, finished.lines[-1]["captioned"]) == (0, 2), finished.err


def test_a_hostile_error_message_is_kept_as_text(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 2)
    hostile = Fault(status=400, message="no\x00 \ud800 way")
    good = describe
    openai_server.answer = lambda asked: hostile if asked.number == 1 else good(asked)

    finished = paying("ingest", tmp_path / "images", "--concurrency", "1", "--json")

    assert (finished.code, finished.lines[-1]["failed"]) == (3, 1)
    assert "way" in paying("failures", "--json").lines[0]["reason"]


def test_a_reply_that_is_the_same_for_unlike_images_serves_none_of_them(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    images = tmp_path / "images"
    write_images(images, 12, first=1)
    (images / "again.jpg").write_bytes(image_bytes(1, quality=60))
    openai_server.answer = lambda _: caption_reply("A beautiful picture.", "Something to look at.")

    finished = paying("ingest", images, "--json")
    listed = paying("failures", "--quarantined", "--json").lines
    status = paying("status", "--json").lines[0]
    openai_server.answer = describe
    mended = paying("ingest", images, "--retry-failed", "--json").lines[-1]

    assert finished.code == 3, finished.err
    assert (finished.lines[-1]["captioned"], finished.lines[-1]["failed"]) == (0, 13)
    assert {failure["reason"] for failure in listed} == {"the reply is the same as for several unlike images"}
    assert (len(listed), status["entries"], status["quarantined"]) == (13, 0, 13)
    assert (mended["captioned"], mended["failed"], mended["indexed"]) == (13, 0, 13)


def test_one_kind_that_cannot_be_had_holds_no_other_back(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    images = tmp_path / "images"
    write_images(images, 2)
    openai_server.answer = lambda asked: Reply(content="null") if "alt_text" in asked.text else describe(asked)

    alone = paying("ingest", images, "--kinds", "alt_text", "--json")
    other = paying("ingest", images, "--kinds", "retrieval", "--json")
    again = paying("ingest", images, "--kinds", "alt_text", "--json")
    paying("prompts", "init")
    revised = paying.folder / "prompts" / "alt_text.toml"
    revised.write_text(revised.read_text().replace("a web page", "a museum"))
    plan = paying("ingest", images, "--kinds", "alt_text", "--dry-run", "--json").lines[-1]

    assert (alone.code, alone.lines[-1]["failed"]) == (3, 2)
    assert (other.code, other.lines[-1]["captioned"], other.lines[-1]["indexed"]) == (0, 2, 2), other.err
    assert (again.code, again.lines[-1]["failed"], again.lines[-1]["requests"]) == (3, 2, 0), again.err
    assert plan["requests"] == 2


def test_captions_come_in_every_language_asked_for(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 1)
    paying.variables["CAPTION_SEARCH_LANGUAGES"] = "en,zh"
    openai_server.answer = lambda _: caption_reply("A white dog lies on a bench.", "长椅上躺着一只白狗。")

    finished = paying("ingest", tmp_path / "images", "--json")
    hit = paying("search", "长椅上的白狗", "--mode", "text", "--json").lines[0]["hits"][0]

    assert finished.lines[-1]["captioned"] == 1, finished.err
    assert "en and zh" in openai_server.accepted[0].text
    assert hit["location"] == "picture-000.jpg"
    assert "白狗" in "".join(hit["why"]["matched_terms"])


def test_near_copies_may_have_the_same_reply(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    for quality in range(60, 96, 5):
        path = tmp_path / "burst" / f"{quality}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(image_bytes(3, quality=quality))
    openai_server.answer = lambda _: caption_reply("Grey squares in a row.", "Squares.")

    summary = paying("ingest", tmp_path / "burst", "--json").lines[-1]

    assert (summary["captioned"], summary["failed"], summary["indexed"]) == (8, 0, 8)


def test_a_dry_run_tells_new_changed_moved_and_known_images_apart(paying: Command, tmp_path: Path) -> None:
    images = tmp_path / "images"
    write_images(images, 24)
    paying("ingest", images)
    files = sorted(images.iterdir())
    files[0].rename(images / "moved.jpg")
    files[1].write_bytes(image_bytes(101))
    (images / "copy.jpg").write_bytes(files[2].read_bytes())
    (images / "new.jpg").write_bytes(image_bytes(102))
    (images / "the same new.jpg").write_bytes(image_bytes(102))
    (images / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")

    plan = paying("ingest", images, "--dry-run", "--json").lines[-1]
    said = paying("ingest", images, "--dry-run").out
    with_kind = paying("ingest", images, "--dry-run", "--json", "--kinds", "retrieval,alt_text").lines[-1]
    done = paying("ingest", images, "--json").lines[-1]

    assert {name: plan[name] for name in ("seen", "new", "changed", "moved", "known", "failed")} == {
        "seen": 28, "new": 1, "changed": 1, "moved": 1, "known": 24, "failed": 1,
    }  # fmt: skip
    assert (plan["requests"], plan["is_measured"], plan["tokens"]) == (2, True, 2 * 1100)
    assert plan["cost_usd"] == pytest.approx(2 * (1000 * 0.15 + 100 * 0.60) / 1e6, abs=1e-4)
    assert "1 new, 1 changed, 1 moved, 24 known, 1 failed; 2 to caption." in said
    assert with_kind["requests"] == 25  # the changed file took its old picture with it
    assert (done["requests"], done["known"], done["captioned"]) == (2, 25, 2)


def test_a_dry_run_sends_and_writes_nothing(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 3)

    finished = paying("ingest", tmp_path / "images", "--dry-run", "--json")

    [plan] = finished.lines
    assert plan["dry_run"] is True
    assert (plan["seen"], plan["new"], plan["known"], plan["to_do"], plan["requests"]) == (3, 3, 0, 3, 3)
    assert 0 < plan["cost_usd"] < plan["most_cost_usd"]
    assert (plan["tokens"] > 3000, plan["seconds"] > 0, plan["is_measured"]) == (True, True, False)
    assert openai_server.accepted == []
    assert paying("status", "--json").lines[0]["images"] == 0
    assert {line["revision"] for line in paying("prompts", "list", "--json").lines} == {None}


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
    listed = paying("prompts", "list", "--json").lines
    assert [line["revision"] for line in listed if line["kind"] == "retrieval"] == [2, 1]


def test_an_unanswered_image_is_taken_up_by_the_next_run(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 2)
    openai_server.answer = _hang_on_first

    finished = paying("ingest", tmp_path / "images", "--timeout", "1", "--concurrency", "1", "--json")

    assert finished.lines[-1]["captioned"] == 2
    assert finished.lines[-1]["requests"] == 3


def _hang_on_first(asked: Asked) -> Reply:
    time.sleep(2 if asked.number == 0 else 0)
    return describe(asked)


def test_copies_of_an_image_that_cannot_be_captioned_fail_with_it(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    (tmp_path / "images").mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / "images" / name).write_bytes(image_bytes(1))
    openai_server.answer = lambda _: Reply(content="null")

    first = paying("ingest", tmp_path / "images", "--json").lines[-1]
    again = paying("ingest", tmp_path / "images", "--retry-failed", "--json").lines[-1]

    assert (first["failed"], first["known"], first["requests"]) == (3, 0, 2)
    assert (again["failed"], again["requests"]) == (3, 2)


def test_a_budget_is_never_passed_and_the_rest_waits(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 40)
    openai_server.answer = lambda asked: replace(describe(asked), input_tokens=8_000, output_tokens=500)

    finished = paying("ingest", tmp_path / "images", "--budget", "0.02", "--concurrency", "4", "--json")

    summary = finished.lines[-1]
    assert finished.code == 0, finished.err
    assert 0.01 < summary["cost_usd"] <= 0.02
    assert summary["captioned"] + summary["left"] == 40
    assert summary["indexed"] == summary["captioned"]
    assert paying("ingest", tmp_path / "images", "--json").lines[-1]["captioned"] == summary["left"]


def test_a_budget_needs_a_price(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 1)

    finished = paying("ingest", tmp_path / "images", "--budget", "1", "--model", "my-model")

    assert finished.code == 1
    assert "pricing.toml" in finished.err
    assert openai_server.accepted == []
