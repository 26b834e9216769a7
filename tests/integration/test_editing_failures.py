"""Edits that cannot be done: listed with the reason, asked again where that may help, in the way of no others."""

from pathlib import Path

import pytest

from indexer.errors import AnswersUnusableError, ModelUnusableError
from indexer.pipelines.editing.forgetting import forget_gone_lines
from tests.edits import ask, find_outputs
from tests.factories import make_failure
from tests.fakes.edit_scripts import (
    BROKEN,
    BUSY,
    CUT_OFF,
    DROPPED,
    IMAGE_SAFETY,
    MODERATION_BLOCKED,
    NO_IMAGE,
    PROMPT_BLOCKED,
    TEXT_ONLY,
    AtFirst,
    ByInstruction,
    InTurn,
    Said,
    paint_half,
    paint_nothing,
)
from tests.fakes.edits import EditAsked, EditReply, picture
from tests.fakes.openai_server import FakeOpenAI
from tests.images import image_bytes
from tests.integration.edits import Desk

FIRST, SECOND = "picture-000.jpg", "picture-001.jpg"
BLUE = ask(FIRST, "Make it blue.")
LEDGER = "SELECT outcome FROM request WHERE edit_id IS NOT NULL ORDER BY outcome"
REASONS = [
    "it is no JSON object",
    "it is no JSON object",
    "it names no image",
    "images: 7 is no path",
    "its conversation is no list of turns",
    "there is no instruction, and gemini makes no variations: say what is to be changed",
    "missing.png: cannot be read: No such file or directory",
    "empty.png: the file is empty",
    "half.jpg: damaged: Truncated File Read",
    "text.png: not an image of a supported format, or damaged at its start",
    "image:99: There is no image 99",
    f"sha256:{'0' * 64}: There is no indexed image sha256:{'0' * 64}",
    "gemini takes no mask: say in the instruction what is to be changed, or use a model of the openai format",
    "gemini makes one image a call: leave n out, and ask again for another",
    'its parameters are no object of texts and numbers, such as {"size": "1024x1024"}',
]
OPENAI = {"api_format": "openai", "model": "gpt-image-1"}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (PROMPT_BLOCKED, "the prompt was blocked: it may be prohibited content (PROHIBITED_CONTENT)"),
        (IMAGE_SAFETY, "the result was blocked: Unable to show the generated image: IMAGE_SAFETY. (IMAGE_SAFETY)"),
    ],
)
def test_what_is_refused_is_not_asked_again_unless_told_to(said: Said, reason: str, desk: Desk) -> None:
    desk.gemini.edits.answer = AtFirst((said,))

    refused, again, retried = desk.edit(BLUE), desk.edit(BLUE), desk.edit(BLUE, retry_failed=True)

    assert (refused.statuses, refused.reasons, again.reasons) == (["failed"], [reason], [reason])
    assert retried.statuses == ["edited"]
    assert len(desk.gemini.edits.accepted) == 2
    assert desk.rows("SELECT count(*) FROM failure") == [(0,)]


def test_a_moderation_block_is_a_refusal(desk: Desk, openai_server: FakeOpenAI) -> None:
    openai_server.edits.answer = ByInstruction({"blue": MODERATION_BLOCKED})

    done = desk.edit(BLUE, ask(SECOND, "Make it red."), **OPENAI)
    again = desk.edit(BLUE, **OPENAI)

    assert (done.statuses, again.statuses) == (["failed", "edited"], ["failed"])
    assert done.reasons[0].startswith("Your request was rejected by the safety system.")
    assert len(openai_server.edits.accepted) == 2
    assert [failure.retryable for failure in desk.store.failures.find_failures()] == [False]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (TEXT_ONLY, "the model made no image: I'm sorry, but I can't help with that."),
        (NO_IMAGE, "the model made no image: Unable to show the generated image: NO_IMAGE."),
        (paint_half, "the model's answer is no usable image: "),
        (paint_nothing, "the model's answer is no usable image: "),
    ],
)
def test_an_answer_without_a_usable_image_is_asked_for_once_more_and_then_listed(
    said: Said, reason: str, desk: Desk
) -> None:
    desk.gemini.edits.answer = ByInstruction({"blue": said})

    done = desk.edit(BLUE, ask(SECOND, "Make it red."))
    again = desk.edit(BLUE, ask(SECOND, "Make it red."))

    assert (done.statuses, again.statuses) == (["failed", "edited"], ["failed", "known"])
    assert done.reasons[0].startswith(reason)
    assert [asked.instruction for asked in desk.gemini.edits.accepted].count("Make it blue.") == 2
    assert len(find_outputs(desk.folder)) == 1
    assert [outcome for (outcome,) in desk.rows(LEDGER)] == ["answered", "unusable", "unusable"]


@pytest.mark.parametrize("said", [TEXT_ONLY, paint_half])
def test_the_second_answer_counts_where_the_first_was_of_no_use(said: Said, desk: Desk) -> None:
    desk.gemini.edits.answer = AtFirst((said,))

    done = desk.edit(BLUE)

    assert done.statuses == ["edited"]
    assert done.edited[0].outcome.requests == 2
    assert [outcome for (outcome,) in desk.rows(LEDGER)] == ["answered", "unusable"]


def test_one_good_image_of_two_is_kept(desk: Desk, openai_server: FakeOpenAI) -> None:
    def answer(asked: EditAsked) -> EditReply:
        return EditReply(images=(picture(asked)[:200], picture(asked)))

    openai_server.edits.answer = answer

    done = desk.edit(ask(FIRST, "Make it blue.", parameters={"n": 2}), **OPENAI)

    assert done.statuses == ["edited"]
    assert [path.name[-8:] for path in done.edited[0].files] == ["_1_0.png"]
    assert len(openai_server.edits.accepted) == 1


@pytest.mark.parametrize("said", [BUSY, BROKEN, DROPPED, CUT_OFF])
def test_what_may_pass_is_sent_again(said: Said, desk: Desk) -> None:
    desk.gemini.edits.answer = InTurn((said,))

    done = desk.edit(BLUE)

    assert (done.statuses, len(desk.gemini.edits.accepted)) == (["edited"], 2)


def test_what_had_no_answer_at_all_is_tried_again_by_the_next_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.pipelines.asking._TRIES", 1)
    desk.gemini.edits.answer = InTurn((BROKEN,))

    failed, again = desk.edit(BLUE), desk.edit(BLUE)

    assert (failed.statuses, again.statuses) == (["failed"], ["edited"])
    assert desk.rows("SELECT outcome FROM request WHERE edit_id IS NOT NULL ORDER BY id") == [
        ("unavailable",),
        ("answered",),
    ]


def test_a_second_turn_that_fails_keeps_the_first(desk: Desk) -> None:
    desk.gemini.edits.answer = ByInstruction({"Two": IMAGE_SAFETY})
    line = ask(FIRST, "One.", "Two.")

    failed = desk.edit(line)
    desk.gemini.edits.answer = ByInstruction({})
    retried = desk.edit(line, retry_failed=True)

    assert (failed.statuses, failed.captioned) == (["failed"], 2)
    assert (retried.statuses, len(retried.edited[0].files)) == (["edited"], 2)
    assert [asked.instruction for asked in desk.gemini.edits.accepted] == ["One.", "Two.", "Two."]


def test_lines_that_cannot_be_used_are_listed_and_stop_nothing(desk: Desk) -> None:
    (desk.folder / "empty.png").write_bytes(b"")
    (desk.folder / "half.jpg").write_bytes(image_bytes(9)[:400])
    (desk.folder / "text.png").write_text("no picture")

    done = desk.edit(
        '{"images": ',
        "[1]",
        ask([], "Make it blue."),
        ask(7, "Make it blue."),
        {"images": FIRST, "conversations": "Make it blue."},
        ask(FIRST),
        ask("missing.png", "Make it blue."),
        ask("empty.png", "Make it blue."),
        ask("half.jpg", "Make it blue."),
        ask("text.png", "Make it blue."),
        ask("image:99", "Make it blue."),
        ask(f"sha256:{'0' * 64}", "Make it blue."),
        ask(FIRST, "Make it blue.", mask="mask.png"),
        ask(FIRST, "Make it blue.", parameters={"n": 2}),
        ask(FIRST, "Make it blue.", parameters=[1]),
        BLUE,
    )

    listed = {failure.location: failure.reason for failure in desk.store.failures.find_failures()}
    assert done.statuses == ["failed"] * 15 + ["edited"]
    assert len(desk.gemini.edits.accepted) == 1
    assert done.reasons[:-1] == REASONS
    assert listed == {f"{desk.folder}/requests.jsonl:{line}": said for line, said in enumerate(REASONS, start=1)}


def test_characters_that_no_database_keeps_are_no_hindrance(desk: Desk) -> None:
    done = desk.edit(ask(FIRST, "Make it\u0000 blue\ud800."), BLUE)

    assert (done.statuses, len(find_outputs(desk.folder))) == (["edited"] * 2, 2)


def test_a_line_that_was_mended_is_no_failure_any_more(desk: Desk) -> None:
    desk.edit(ask("missing.png", "Make it blue."))

    desk.edit(BLUE)

    assert desk.store.failures.find_failures() == []


def test_a_line_that_is_gone_is_no_failure_any_more(desk: Desk) -> None:
    bad = ask("missing.png", "Make it blue.")
    desk.edit(bad, bad, bad, "not JSON")
    desk.edit(BLUE, bad)
    elsewhere = desk.folder / "elsewhere.jsonl:1"
    kept = ("picture.png: Make it 7:1", "edit 3", f"{desk.folder}/requests.jsonl:2")
    with desk.store.runs.running("test", {}) as run_id:
        for location in (str(elsewhere), *kept[:2]):
            desk.store.failures.record_failure(run_id, make_failure(location, stage="edit"))

    forget_gone_lines(desk.store)

    assert {failure.location for failure in desk.store.failures.find_failures()} == set(kept)


def test_too_many_edits_in_a_row_without_an_image_end_the_run(desk: Desk) -> None:
    desk.gemini.edits.answer = lambda _: IMAGE_SAFETY
    lines = [ask(FIRST, f"Paint {number}.") for number in range(40)]

    with pytest.raises(AnswersUnusableError, match="20 edits in a row brought no image; the last: the result was"):
        desk.edit(*lines, concurrency=1)

    assert len(desk.gemini.edits.accepted) == 20


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_wrong_key_ends_the_run_after_what_is_in_flight(concurrency: int, desk: Desk) -> None:
    desk.gemini.key = "AIza-other"
    lines = [ask(FIRST, f"Paint {number}.") for number in range(20)]

    with pytest.raises(ModelUnusableError, match="API key not valid"):
        desk.edit(*lines, concurrency=concurrency)

    assert len(desk.gemini.refused) <= concurrency
    assert desk.rows("SELECT DISTINCT state FROM edit WHERE state <> 'accepted'") == []


def test_a_deleted_or_changed_parent_is_told(desk: Desk) -> None:
    desk.edit(BLUE)
    [[image_id]] = desk.rows("SELECT image_id FROM location WHERE location = %s", str(desk.folder / FIRST))
    Path(desk.folder / FIRST).write_bytes(image_bytes(30))

    done = desk.edit(ask(f"image:{image_id}", "Make it red."))

    assert done.reasons == [f"image:{image_id}: There is no file any more for image {image_id}"]
